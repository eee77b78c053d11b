"""Debian's Janus as the farm starts it: ready line, reset by HUP, an end that leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

from infra.janus.media_network import OWN_INTERFACE, usable_interfaces
from tests.starved_server import IS_ROOT

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(shutil.which("janus") is None, reason="no janus on this machine"),
    pytest.mark.skipif(
        not (IS_ROOT or usable_interfaces()), reason="only root gives Janus an address"
    ),
]

ROOT = Path(__file__).parents[3]
PATIENCE_S = 60.0
SECRET = "only here"


@contextlib.asynccontextmanager
async def started(*options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "infra.janus", "--port", "0", "--admin-port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.communicate()


async def ready(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    async with asyncio.timeout(PATIENCE_S):
        line: dict[str, Any] = json.loads(await process.stdout.readline())
    return line


async def asked(url: str, protocol: str, request: dict[str, Any]) -> dict[str, Any]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=(protocol,)) as socket,
    ):
        await socket.send_json({"transaction": "1", **request})
        answer: dict[str, Any] = await socket.receive_json(timeout=PATIENCE_S)
        return answer


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    return file


async def test_it_answers_with_its_plugins_and_its_admin_api(secret: Path) -> None:
    async with started("--admin-secret-file", str(secret)) as process:
        line = await ready(process)
        info = await asked(line["url"], "janus-protocol", {"janus": "info"})
        names = ("audiobridge", "videocall", "videoroom")
        assert {f"janus.plugin.{name}" for name in names} == set(info["plugins"])
        request = {"janus": "list_sessions", "admin_secret": SECRET}
        listed = await asked(line["admin_url"], "janus-admin-protocol", request)
        assert listed["sessions"] == []
        refused = await asked(
            line["admin_url"], "janus-admin-protocol", {**request, "admin_secret": "another"}
        )
        assert refused["janus"] == "error"


async def test_a_hup_gives_another_janus_at_the_same_address(secret: Path) -> None:
    async with started("--admin-secret-file", str(secret)) as process:
        first = await ready(process)
        os.kill(first["reset_pid"], signal.SIGHUP)
        second = await ready(process)
        assert second["url"] == first["url"] and second["admin_url"] == first["admin_url"]
        assert second["pid"] != first["pid"] and not psutil.pid_exists(first["pid"])
        assert psutil.Process(second["pid"]).name() == "janus"


async def test_its_end_leaves_nothing(secret: Path) -> None:
    before = {*psutil.net_if_addrs()}
    async with started("--admin-secret-file", str(secret)) as process:
        line = await ready(process)
        process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
        assert not psutil.pid_exists(line["pid"])
    assert {*psutil.net_if_addrs()} == before


async def test_it_ends_with_a_parent_that_is_killed() -> None:
    async with started() as process:
        janus = psutil.Process((await ready(process))["pid"])
        process.kill()
        await process.wait()
        await asyncio.to_thread(janus.wait, PATIENCE_S)
    assert OWN_INTERFACE not in psutil.net_if_addrs()


async def test_a_port_that_is_taken_is_one_line() -> None:
    async with started() as process:
        port = (await ready(process))["url"].rpartition(":")[2]
        async with started("--port", port) as second:
            _, error = await second.communicate()
            assert second.returncode == 2
            assert error.decode().splitlines() == [
                f"--port {port}: cannot listen there (Address already in use)"
            ]
