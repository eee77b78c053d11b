"""Logins of every kind: what runs in them, what is refused, and what is left when it has ended.

A login's shell is stood in for by a forced command that hands on what was asked for, as sshd hands
it to the login's own shell: `SHELL -c COMMAND`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from farm.errors import CommandsRefused, ServerError, ServerUnreachable
from farm.linux.control_groups import Groups
from farm.model.run_clock import RunClock
from farm.model.server_samples import ServerSample
from farm.model.server_settings import ProcessSettings, ServerSettings
from farm.server import MeasuredServer
from farm.server.conversation import conversation
from farm.server.machine import COMMAND, read_machine
from farm.server.sampling import Sampling
from farm.ssh import SshShell
from infra.local_sshd import LocalSshd
from tests.sshd import running_sshd

pytestmark = pytest.mark.live

ASKED = '"$SSH_ORIGINAL_COMMAND"'
SHELLS = {
    "the login's own": None,
    "sh": f"exec sh -c {ASKED}",
    "dash": f"exec dash -c {ASKED}",
    "bash": f"exec bash -c {ASKED}",
    "zsh": f"exec zsh -c {ASKED}",
    "fish": f"HOME={{home}} exec fish -c {ASKED}",  # which writes its history there
    "tcsh": f"exec tcsh -c {ASKED}",
    "busybox": f"exec busybox sh -c {ASKED}",
    "one that greets": f"echo Welcome; echo 'Last login: never' >&2; eval {ASKED}",
    "one that stays": f"sh -c {ASKED}; status=$?; true; exit $status",
}
REFUSALS = {
    "nologin": ("exec /usr/sbin/nologin", "This account is currently not available."),
    "sftp": ("internal-sftp", "This service allows sftp connections only."),
    "forced command": ("echo backups only >&2; exit 3", "backups only"),
    "forced command without a word": ("exit 3", "nothing, and ends with status 3"),
}


@dataclass(frozen=True)
class Census:
    """What the logins of an sshd have on this machine."""

    sshd: LocalSshd

    def processes(self) -> list[str]:
        """All that a login of it started, whoever its parent is now."""
        mark = f"127.0.0.1 {self.sshd.port}"
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("SSH_CONNECTION", "").endswith(mark):
                    found.append(f"{process.pid} {process.cmdline()}"[:200])
            except psutil.Error:
                continue
        return found

    async def nothing_is_left(self, within_s: float) -> None:
        give_up_s = asyncio.get_running_loop().time() + within_s
        while left := self.processes():
            assert asyncio.get_running_loop().time() < give_up_s, left
            await asyncio.sleep(0.05)


@pytest.fixture
def files_at_home() -> Iterator[None]:
    """No login leaves a file in its home."""
    before = set(Path.home().iterdir())
    yield
    assert set(Path.home().iterdir()) == before


@asynccontextmanager
async def shell_of(
    folder: Path, forced: str | None, within_s: float = 15.0
) -> AsyncIterator[tuple[SshShell, Census]]:
    async with running_sshd(folder / "sshd", forced=forced) as sshd:
        shell = SshShell(sshd.ssh, within_s, home=folder)
        await shell.open()
        try:
            yield shell, Census(sshd)
        finally:
            await shell.close()


@pytest.mark.parametrize("forced", SHELLS.values(), ids=SHELLS)
@pytest.mark.usefixtures("files_at_home")
async def test_whatever_the_login_s_shell_is(forced: str | None, tmp_path: Path) -> None:
    forced = forced and forced.format(home=tmp_path)
    async with shell_of(tmp_path, forced) as (shell, census):
        odd = (
            """x='$HOME "!" \\'; printf '%s|' "$x" 'a  b' 2>/dev/null; echo bad >&2; cat; exit 7"""
        )
        answer = await shell.run(odd, 10, "test")
        assert answer.stdout == '$HOME "!" \\|a  b|'
        assert (answer.status, answer.stderr) == (7, "bad\n")

        settings = ServerSettings(
            kurento="ws://127.0.0.1:8888/kurento", process=ProcessSettings(pid=os.getpid())
        )
        server = MeasuredServer(shell, settings, RunClock(), yes)
        facts = await server.open()
        assert (facts.cores, facts.pid) == (os.cpu_count(), os.getpid())
        async with asyncio.timeout(20), aclosing(server.samples()) as samples:
            first = await anext(samples)
        assert isinstance(first, ServerSample)
        assert first.process_pid == os.getpid()
        assert first.cpu_percent is not None
        await server.close()
        await census.nothing_is_left(within_s=10)


@pytest.mark.parametrize(("forced", "words"), REFUSALS.values(), ids=REFUSALS)
async def test_a_login_that_runs_no_commands_is_refused_in_its_own_words(
    forced: str, words: str, tmp_path: Path
) -> None:
    async with shell_of(tmp_path, forced, within_s=2.0) as (shell, census):
        with pytest.raises(CommandsRefused, match=f"is accepted, but runs no commands: .*{words}"):
            await shell.run("true", 10, "test")
        with pytest.raises(CommandsRefused, match=words):
            await shell.channel("cat")
        await census.nothing_is_left(within_s=10)


SLOW = {
    "an echo": ("exec cat", r" \(it says n=.*\)"),
    "silence": ("exec sleep 5", ""),
    "one that reads our script": (f"while read -r line; do :; done; exec sh -c {ASKED}", ""),
    "one that reads a line of it": (f"read -r line; exec sh -c {ASKED}", ""),
}


@pytest.mark.parametrize(("forced", "said"), SLOW.values(), ids=SLOW)
async def test_a_login_that_does_not_come_to_our_shell_may_be_slow(
    forced: str, said: str, tmp_path: Path
) -> None:
    async with shell_of(tmp_path, forced, within_s=2.0) as (shell, census):
        with pytest.raises(ServerUnreachable, match=f"no /bin/sh answers within 2 s{said}: is the"):
            await shell.run("first line\nsecond line", 10, "test")
        await shell.close()
        await census.nothing_is_left(within_s=10)


@pytest.mark.parametrize("shell_name", ["the login's own", "one that stays"])
async def test_a_command_whose_time_is_over_is_ended_there(shell_name: str, tmp_path: Path) -> None:
    async with shell_of(tmp_path, SHELLS[shell_name]) as (shell, census):
        with pytest.raises(ServerError, match=r"did not end within 0\.3 s"):
            await shell.run(
                "trap '' TERM; sleep 60 | sh -c 'sleep 60; true'; sleep 60", 0.3, "test"
            )
        await census.nothing_is_left(within_s=15)


async def test_what_a_command_left_running_on_purpose_is_left_running(tmp_path: Path) -> None:
    async with shell_of(tmp_path, None) as (shell, census):
        started = await shell.run("sleep 60 >/dev/null 2>&1 & echo $!", 1.0, "test")
        server = psutil.Process(int(started.stdout))
        with pytest.raises(psutil.TimeoutExpired):
            server.wait(1.5)
        # What would have ended the command has gone with it.
        (left,) = census.processes()
        assert left.startswith(f"{server.pid} ")
        server.kill()


def stop(shell: psutil.Process) -> None:
    """As a machine does that is out of memory."""
    shell.kill()


def cut_session(shell: psutil.Process) -> None:
    """sshd's own process of this connection dies."""
    parent = shell.parent()
    assert parent is not None
    parent.kill()


ENDS: dict[str, Callable[[psutil.Process], None]] = {
    "sshd is killed": cut_session,
    "killed": stop,
    **{
        name: lambda shell, name=name: shell.send_signal(getattr(signal, name))  # type: ignore[misc]
        for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGPIPE")
    },
    "nobody asks": lambda shell: None,
    "nobody reads": lambda shell: None,
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.usefixtures("files_at_home")
async def test_nothing_is_left_of_sampling_however_it_ends(end: str, tmp_path: Path) -> None:
    async with (
        running_sshd(tmp_path / "sshd") as sshd,
        frozen_on_demand(sshd) as (through, freeze),
    ):
        shell = SshShell(through.ssh, home=tmp_path)
        await shell.open()
        machine = read_machine((await shell.run(COMMAND, 10, "test")).stdout)
        census = Census(sshd)
        asking = conversation(shell, Sampling(machine, None, None), RunClock(), tick_s=1)
        talk = await asking.__aenter__()
        await talk.ask(os.getpid(), Groups())
        assert len(census.processes()) >= 3  # the script, top, and who watches over both
        (script,) = [
            process
            for process in map(
                psutil.Process, (int(each.split()[0]) for each in census.processes())
            )
            if process.name() == "sh" and "sshd" in process.parent().name()
        ]
        ENDS[end](script)
        if end.startswith("nobody"):
            # The connection is cut so that neither end hears of it.
            if end == "nobody reads":
                await talk._channel.write(b"1 - 0 /proc/*/status\n" * 60)
            freeze()
        await census.nothing_is_left(within_s=40)
        with pytest.raises(ServerUnreachable):
            await talk.ask(os.getpid(), Groups())
        await asking.__aexit__(None, None, None)
        await shell.close()


async def yes() -> bool:
    return True


@asynccontextmanager
async def frozen_on_demand(
    sshd: LocalSshd,
) -> AsyncIterator[tuple[LocalSshd, Callable[[], None]]]:
    """The same sshd behind a way that can go dead: no byte comes through, and no end."""
    alive = asyncio.Event()
    alive.set()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await alive.wait()
            writer.write(data)
            await writer.drain()
        await alive.wait()
        writer.close()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", sshd.port)
        async with asyncio.TaskGroup() as ways:
            ways.create_task(pass_on(reader, back))
            ways.create_task(pass_on(there, writer))

    way = await asyncio.start_server(connected, "127.0.0.1", 0)
    port = way.sockets[0].getsockname()[1]
    known = sshd.directory / "known_hosts"
    known.write_text(known.read_text().replace(f":{sshd.port} ", f":{port} "))
    to = sshd.ssh.to.rpartition(":")[0]
    try:
        yield replace(sshd, ssh=replace(sshd.ssh, to=f"{to}:{port}")), alive.clear
    finally:
        way.close()
