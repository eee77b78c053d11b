"""Janus' own demo pages, as Debian has them: healthy sessions pass, a broken one does not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from farm.janus import JanusClient
from tests.pages.judged import SLOW_CAMERAS, judged
from tests.pages.serving import serving
from tests.sfu.own_janus import own_janus, withhold_video

PAGES = Path("/usr/share/janus/demos")
ROOM = 1234
"""The number of the room that the pages join."""

pytestmark = [
    pytest.mark.live,
    pytest.mark.measures,
    pytest.mark.skipif(not PAGES.is_dir(), reason="no janus-demos on this machine"),
]


@contextmanager
def demo_pages(folder: Path) -> Iterator[tuple[str, int]]:
    """The address of the pages, and the port of the Janus behind them."""
    plugins = {"videocall": "", "videoroom": "", "audiobridge": ""}
    with own_janus(folder, plugins) as (_, port), serving(lambda: _app(port)) as url:
        yield url, port


def _app(port: int) -> web.Application:
    """The package's pages, with settings.js as its user has to edit it."""

    async def settings(_request: web.Request) -> web.Response:
        return web.Response(
            text=f"var server = 'ws://127.0.0.1:{port}/', iceServers = [], token, apisecret;",
            content_type="text/javascript",
        )

    app = web.Application()
    app.router.add_get("/settings.js", settings)
    app.router.add_static("/", PAGES, follow_symlinks=True)
    return app


async def make_room(port: int, plugin: str) -> None:
    """Make the pages' room, which Debian has in its configuration."""
    async with JanusClient.connect(f"ws://127.0.0.1:{port}/") as client:
        handle = await (await client.session()).attach(plugin, lambda _: None)
        await handle.ask("create", room=ROOM)


def test_a_call_passes(tmp_path: Path) -> None:
    with demo_pages(tmp_path) as (url, _):
        page, driver = f"{url}videocalltest.html", "janus_videocalltest"
        verdict = judged(tmp_path, page, driver, shape="kind: one_to_one", scenario="", load=4)
    assert verdict["outcome"] == "pass", verdict["reasons"]


def test_a_room_passes(tmp_path: Path) -> None:
    with demo_pages(tmp_path) as (url, port):
        asyncio.run(make_room(port, "videoroom"))
        verdict = judged(tmp_path, f"{url}videoroomtest.html", "janus_videoroomtest")
    assert verdict["outcome"] == "pass", verdict["reasons"]


def test_a_room_with_a_video_withheld_fails_and_names_it(tmp_path: Path) -> None:
    with demo_pages(tmp_path) as (url, port):
        asyncio.run(make_room(port, "videoroom"))
        with withheld_video(port):
            page, driver = f"{url}videoroomtest.html", "janus_videoroomtest"
            verdict = judged(tmp_path, page, driver, invalid=SLOW_CAMERAS)
    assert verdict["outcome"] == "fail", verdict
    silent = {
        (each["probe"], each["stream"]): each["sender"]
        for each in verdict["reasons"]
        if each["code"] == "gap"
    }
    assert silent.keys() == {("p000", "inbound video"), ("p002", "inbound video")}, verdict
    # All cameras show one clip: whose of two alike streams it is may not be known, and is said.
    assert all("p001" in sender for sender in silent.values()), verdict


@contextmanager
def withheld_video(port: int) -> Iterator[None]:
    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(lambda: asyncio.run(withhold_video(f"ws://127.0.0.1:{port}/")))
        yield
        done.result(timeout=30)


def test_a_room_of_audio_alone_passes(tmp_path: Path) -> None:
    with demo_pages(tmp_path) as (url, port):
        asyncio.run(make_room(port, "audiobridge"))
        page, driver = f"{url}audiobridgetest.html", "janus_audiobridgetest"
        verdict = judged(tmp_path, page, driver, scenario=", audio_only: 3")
    assert verdict["outcome"] == "pass", verdict["reasons"]
