"""The demo app as a process: its ready line, its end, what it says to bad input."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys

import aiohttp
import pytest

from farm.bench.children import loop_late_s
from tests.infra.demo_app.fake_kurento import FakeKurento


async def start(*options: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "infra.demo_app", "--port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ready_url(app: asyncio.subprocess.Process) -> str:
    assert app.stdout is not None
    said = json.loads(await app.stdout.readline())
    assert said["ready"] is True
    return str(said["url"])


@pytest.mark.live
async def test_it_says_where_it_is_and_ends_at_sigterm_with_everything_released(
    kurento: FakeKurento,
) -> None:
    app = await start("--kurento", kurento.url)
    url = await ready_url(app)
    assert url.startswith("http://127.0.0.1:") and url.endswith("/")
    async with aiohttp.ClientSession() as http, http.ws_connect(f"{url}ws") as page:
        offer = {"id": "joinRoom", "room": "r", "name": "n", "sdpOffer": "v=0\r\n"}
        await page.send_json(offer)
        await kurento.until("WebRtcEndpoint-1.gatherCandidates")
        app.send_signal(signal.SIGTERM)
        assert await app.wait() == 0
    assert kurento.objects == {}
    assert kurento.calls[-1] == "closeSession"


@pytest.mark.live
async def test_it_starts_and_ends_without_a_media_server() -> None:
    app = await start("--kurento", "ws://127.0.0.1:1/kurento")
    await ready_url(app)
    app.send_signal(signal.SIGINT)
    assert await app.wait() == 0


@pytest.mark.live
async def test_bad_input_is_one_line_and_exit_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for options, complaint in (
            (["--kurento", "http://host/"], "'http://host/' is no WebSocket address"),
            (["--port", port], f"--port {port}: cannot listen there"),
            (
                ["--port", "70000"],
                "--port 70000: cannot listen there (bind(): port must be 0-65535",
            ),
            (["--tls-cert", "c.pem"], "--tls-cert and --tls-key: give both, or none"),
            (["--tls-cert", "c.pem", "--tls-key", "k.pem"], "No such file"),
        ):
            app = await start(*options)
            _, errors = await app.communicate()
            assert app.returncode == 2
            assert complaint in errors.decode()
            assert len(errors.decode().splitlines()) == 1


@pytest.mark.live
async def test_it_says_how_late_it_was(kurento: FakeKurento) -> None:
    app = await start("--kurento", kurento.url)
    health = f"{await ready_url(app)}health"
    asked = asyncio.to_thread(loop_late_s, health)
    at_rest = await asked
    assert at_rest is not None and at_rest >= 0
    app.send_signal(signal.SIGSTOP)
    await asyncio.sleep(1.2)
    app.send_signal(signal.SIGCONT)
    late_s = await asyncio.to_thread(loop_late_s, health)
    assert late_s is not None and late_s > 0.9
    app.send_signal(signal.SIGTERM)
    await app.wait()
    assert loop_late_s(health) is None
