"""The server as a process: ready line, reset by HUP, and an end that leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import pytest

pytestmark = pytest.mark.live

ROOT = Path(__file__).parents[3]
PATIENCE_S = 120.0


class Served:
    """A started server; `ready` are the lines it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ready(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self.process.stdout.readline()
        ready: dict[str, Any] = json.loads(line)
        return ready

    async def ended(self) -> int:
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def started(*arguments: str) -> AsyncIterator[Served]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-P", "-m", "infra.embedded_kurento", "--port", "0", *arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        yield Served(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def pong(url: str) -> bool:
    """Whether the server at `url` answers a ping."""
    try:
        async with aiohttp.ClientSession() as http, http.ws_connect(url) as socket:
            await socket.send_str('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {}}')
            answer = await socket.receive_json(timeout=60)
            return bool(answer["result"]["value"] == "pong")
    except aiohttp.ClientError:
        return False


async def gone(pid: int) -> None:
    """Wait until a process is no more (or is only waited for)."""
    async with asyncio.timeout(PATIENCE_S):
        while psutil.pid_exists(pid):
            with contextlib.suppress(psutil.NoSuchProcess):
                if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                    return
            await asyncio.sleep(0.05)


async def test_it_says_when_it_is_ready_and_ends_on_term() -> None:
    async with started() as server:
        ready = await server.ready()

        assert ready["ready"] is True
        assert ready["pid"] == server.process.pid
        assert ready["reset_pid"] is None
        assert await pong(ready["url"])

        server.process.terminate()
        assert await server.ended() == 0


async def test_hup_restarts_the_worker_on_the_same_port(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    async with started("--respawn", "--pid-file", str(pid_file)) as server:
        before = await server.ready()
        assert int(pid_file.read_text()) == before["reset_pid"] == server.process.pid

        os.kill(before["reset_pid"], signal.SIGHUP)
        after = await server.ready()

        assert after["url"] == before["url"]
        assert after["pid"] != before["pid"]
        assert await pong(after["url"])
        assert psutil.Process(after["pid"]).name() == "embedded-media"
        await gone(before["pid"])

        server.process.terminate()
        assert await server.ended() == 0
        await gone(after["pid"])
        assert not pid_file.exists()


async def test_a_worker_that_dies_stays_dead_until_hup() -> None:
    async with started("--respawn") as server:
        before = await server.ready()

        os.kill(before["pid"], signal.SIGKILL)
        await gone(before["pid"])
        assert not await pong(before["url"])

        os.kill(before["reset_pid"], signal.SIGHUP)
        after = await server.ready()
        assert after["url"] == before["url"]
        assert await pong(after["url"])


async def test_the_worker_does_not_outlive_a_killed_parent() -> None:
    async with started("--respawn") as server:
        ready = await server.ready()

        server.process.kill()

        await gone(ready["pid"])


async def test_a_port_in_use_is_one_line_and_exit_2() -> None:
    async with started() as server:
        port = (await server.ready())["url"].split(":")[2].partition("/")[0]
        async with started("--respawn", "--port", port) as second:
            assert await second.ended() == 2
            assert second.process.stderr is not None
            said = (await second.process.stderr.read()).decode()

    assert said.startswith(f"--port {port} on --host 127.0.0.1 cannot be used")
    assert said.count("\n") == 1


async def test_a_port_that_is_none_is_one_line_and_exit_2() -> None:
    async with started("--port", "70000") as server:
        assert await server.ended() == 2
        assert server.process.stderr is not None
        said = (await server.process.stderr.read()).decode()

    assert said.startswith("--port 70000 on --host 127.0.0.1 cannot be used")
    assert said.count("\n") == 1


async def test_a_pid_file_that_holds_something_else_is_left(tmp_path: Path) -> None:
    notes, stale, empty = tmp_path / "notes", tmp_path / "stale", tmp_path / "empty"
    notes.write_text("mine\n")
    empty.touch()
    stale.write_text("4194304\n")
    async with started("--pid-file", str(notes)) as server:
        assert await server.ended() == 2
        assert server.process.stderr is not None
        said = (await server.process.stderr.read()).decode()
    assert said == f"--pid-file {notes}: the file exists and holds no pid: expected none\n"
    assert notes.read_text() == "mine\n"
    async with started("--pid-file", str(stale)) as server:
        assert (await server.ready())["pid"] == int(stale.read_text())
        stale.write_text("1\n")
        server.process.terminate()
        assert await server.ended() == 0
    assert stale.read_text() == "1\n"
    async with started("--pid-file", str(empty)) as server:
        assert (await server.ready())["pid"] == int(empty.read_text())


@pytest.mark.parametrize("address", ["localhost", "0.0.0.0", "192.0.2.1"])
async def test_an_address_that_cannot_be_offered_is_one_line_and_exit_2(address: str) -> None:
    async with started("--address", address) as server:
        assert await server.ended() == 2
        assert server.process.stderr is not None
        said = (await server.process.stderr.read()).decode()

    assert said.startswith(f"--address {address}")
    assert said.count("\n") == 1
