"""A real SFU: the VideoRoom of Janus, and a page whose members publish and subscribe to all others.

    with video_room(folder) as sfu:
        switched(sfu.app_url, legacy=1)     # an `app.url` for VIDEO_ROOM_DRIVER
        sfu.pid                             # for `server: {local: true, process: {pid: ...}}`

The switches are listed in video_room/switches.js. Janus offers no address of loopback for media: a
network that has no other is given an interface, which is root's to make.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from aiohttp import web

from infra.janus.configuration import READY, command, configure
from infra.janus.media_network import media_interface, usable_interfaces
from tests.pages.serving import add_page, serving
from tests.starved_server import IS_ROOT

VIDEO_ROOM_DRIVER = Path(__file__).parent / "video_room/video_room.yaml"
WITHIN_S = 30.0


@dataclass(frozen=True, slots=True)
class Sfu:
    """A page's address, and the process and TCP port of its Janus."""

    app_url: str
    pid: int
    port: int


@contextmanager
def video_room(folder: Path) -> Iterator[Sfu]:
    """A Janus with its configuration and log in `folder`, and the page in front of it."""
    if shutil.which("janus") is None:
        pytest.skip("no janus on this machine")
    with _network(), _janus(folder) as (pid, port), serving(lambda: _app(port)) as url:
        yield Sfu(url, pid, port)


@contextmanager
def _janus(folder: Path) -> Iterator[tuple[int, int]]:
    """Its process and its port."""
    port = _free_port()
    configure(folder, {"videoroom": "string_ids = true"}, port, session_timeout_s=0)
    log = folder / "janus.log"
    with log.open("w") as output:
        process = subprocess.Popen(command(folder), stdout=output, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + WITHIN_S
        while READY not in log.read_text(errors="replace"):
            assert process.poll() is None, log.read_text(errors="replace")
            assert time.monotonic() < deadline, log.read_text(errors="replace")
            time.sleep(0.05)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def _network() -> Iterator[None]:
    """An interface that is not loopback, while there is none."""
    if not (usable_interfaces() or IS_ROOT):
        pytest.skip("only root gives this network an address for Janus")
    with media_interface():
        yield


def _app(janus_port: int) -> web.Application:
    async def address(_request: web.Request) -> web.Response:
        return web.Response(text=f"ws://127.0.0.1:{janus_port}/")

    app = web.Application()
    add_page(app, VIDEO_ROOM_DRIVER.parent, "video_room.html")
    app.router.add_get("/janus", address)
    return app


def _free_port() -> int:
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])
