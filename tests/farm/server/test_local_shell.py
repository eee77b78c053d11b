"""Commands on this very machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from farm.errors import ServerError, ServerUnreachable
from farm.processes import Processes
from farm.server.local_shell import LocalShell


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[LocalShell]:
    async with Processes(tmp_path / "logs") as processes:
        shell = LocalShell(processes)
        await shell.open()
        yield shell
        await shell.close()


async def test_a_command_answers_with_its_status_and_both_streams(shell: LocalShell) -> None:
    answer = await shell.run("echo out; echo err >&2; exit 7", 10, "test")
    assert (answer.status, answer.stdout, answer.stderr) == (7, "out\n", "err\n")


async def test_a_command_that_takes_too_long_is_ended_and_names_the_setting(
    shell: LocalShell, tmp_path: Path
) -> None:
    command = f"echo $$ > {tmp_path / 'pid'}; sleep 60"
    with pytest.raises(
        ServerError, match=r"did not end within 0.5 s \(server.reset.ready_within\)"
    ):
        await shell.run(command, 0.5, "server.reset.ready_within")
    with pytest.raises(
        ServerError, match=r"^a command did not end within 0.5 s \(a look\) on this machine$"
    ):
        await shell.run("echo one\nsleep 60", 0.5, "a look")
    assert not psutil.pid_exists(int((tmp_path / "pid").read_text()))


async def test_a_daemon_that_a_command_starts_outlives_it(
    shell: LocalShell, tmp_path: Path
) -> None:
    command = f"sleep 60 >/dev/null 2>&1 & echo $! > {tmp_path / 'pid'}"
    assert (await shell.run(command, 10, "test")).status == 0
    await shell.close()
    daemon = psutil.Process(int((tmp_path / "pid").read_text()))
    assert daemon.status() != psutil.STATUS_ZOMBIE
    daemon.kill()


async def test_a_channel_is_talked_to_and_ends_with_its_command(shell: LocalShell) -> None:
    channel = await shell.channel('read -r word; echo "<$word>"; echo bye >&2')
    await channel.write(b"a\n")
    heard = [await channel.read(), await channel.read()]
    assert {(piece.data, piece.error) for piece in heard} == {(b"<a>\n", False), (b"bye\n", True)}
    for _ in range(2):
        with pytest.raises(ServerUnreachable):
            await channel.read()
    with pytest.raises(ServerUnreachable):
        async with asyncio.timeout(60):
            while True:
                await channel.write(b"more\n")
                await asyncio.sleep(0.01)


async def test_closing_ends_what_runs(shell: LocalShell) -> None:
    channel = await shell.channel("echo $$; sleep 60 & echo $!; wait")
    said = b""
    while said.count(b"\n") < 2:
        said += (await channel.read()).data
    await shell.close()
    for pid in said.split():
        with suppress(psutil.NoSuchProcess):
            assert psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
