"""Debian's Janus with a test's own configuration, as one's own process.

Janus offers no address of loopback for media: a network that has no other is given an interface,
which is root's to make.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from farm.janus import JanusClient
from infra.janus.configuration import READY, command, configure
from infra.janus.media_network import media_interface, usable_interfaces
from tests.starved_server import IS_ROOT

WITHIN_S = 30.0


@contextmanager
def own_janus(folder: Path, plugins: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    """Its process and the port of its WebSocket, with its configuration and log in `folder`.

    `plugins` are as of `infra.janus.configuration.configure`.
    """
    if shutil.which("janus") is None:
        pytest.skip("no janus on this machine")
    port = _free_port()
    configure(folder, plugins, port, session_timeout_s=0)
    log = folder / "janus.log"
    with janus_network(), log.open("w") as output:
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
def janus_network() -> Iterator[None]:
    """An interface that is not loopback, while there is none."""
    if not (usable_interfaces() or IS_ROOT):
        pytest.skip("only root gives this network an address for Janus")
    with media_interface():
        yield


async def withhold_video(url: str) -> None:
    """Once three publish in a room, have Janus pass the video of p001 on no more.

    Raises TimeoutError where three do not within 90 s.
    """
    async with asyncio.timeout(90), JanusClient.connect(url) as client:
        handle = await (await client.session()).attach("videoroom", lambda _: None)
        while True:
            for room in (await handle.ask("list")).data["list"]:
                asked: dict[str, Any] = {"room": room["room"]}
                there = (await handle.ask("listparticipants", **asked)).data["participants"]
                publishing = {each["display"]: each["id"] for each in there if each["publisher"]}
                if len(publishing) == 3:
                    await asyncio.sleep(8)  # into the hold
                    await handle.ask("moderate", **asked, id=publishing["p001"], mid="1", mute=True)
                    return
            await asyncio.sleep(0.2)


def _free_port() -> int:
    with socket.socket() as trying:
        trying.bind(("127.0.0.1", 0))
        return int(trying.getsockname()[1])
