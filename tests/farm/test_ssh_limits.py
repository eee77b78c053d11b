"""Servers that let a login have little: one session, few connections, none just now. Real sshd."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from farm.bench.media_server import look_around
from farm.errors import CommandsRefused, LoginRefused, ServerUnreachable
from farm.model.experiment import Experiment
from farm.model.run_clock import RunClock
from farm.model.server_samples import ServerSample
from farm.model.server_settings import (
    ProcessSettings,
    RecordingSettings,
    ResetSettings,
    ServerSettings,
    Ssh,
)
from farm.server import MeasuredServer
from farm.ssh import SshShell
from infra.local_sshd import LocalSshd
from tests.sshd import running_sshd

pytestmark = pytest.mark.live

STAYS = "trap '' HUP TERM PIPE; sleep 0.5; cat"
"""Goes on for a while after its channel is closed: the server still counts its session."""


@asynccontextmanager
async def shell_on(sshd: LocalSshd, home: Path) -> AsyncIterator[SshShell]:
    shell = SshShell(sshd.ssh, home=home)
    try:
        await shell.open()
        yield shell
    finally:
        await shell.close()


@pytest.mark.parametrize("most", [1, 2])
async def test_commands_run_beside_one_that_stays_whatever_a_connection_may_hold(
    tmp_path: Path, most: int
) -> None:
    async with running_sshd(tmp_path / "sshd", limits=f"MaxSessions {most}") as sshd:
        for _ in range(5):
            async with shell_on(sshd, tmp_path) as shell, AsyncExitStack() as staying:
                for _ in range(2):
                    channel = await shell.channel("cat")
                    staying.push_async_callback(channel.close)
                for _ in range(3):
                    assert (await shell.run("echo here", 10, "test")).stdout == "here\n"
                await channel.write(b"still there\n")
                assert (await channel.read()).data == b"still there\n"
        logins = sshd.child.log.read_text().count("Accepted publickey")
        assert logins == 5 * {1: 3, 2: 2}[most]


async def test_a_session_that_is_not_over_yet_is_waited_for(tmp_path: Path) -> None:
    async with running_sshd(tmp_path / "sshd", limits="MaxSessions 1") as sshd:
        for _ in range(5):
            async with shell_on(sshd, tmp_path) as shell:
                await (await shell.channel(STAYS)).close()
                assert (await shell.run("echo here", 10, "test")).stdout == "here\n"
        assert sshd.child.log.read_text().count("Accepted publickey") == 5


async def test_a_login_without_any_session_is_told_so(tmp_path: Path) -> None:
    async with (
        running_sshd(tmp_path / "sshd", limits="MaxSessions 0") as sshd,
        shell_on(sshd, tmp_path) as shell,
    ):
        with pytest.raises(CommandsRefused, match="opens no session: Connect failed"):
            await shell.run("true", 10, "test")


def watched(ssh: Ssh, folder: Path) -> Experiment:
    """Its process is never found: it is looked for while the server is sampled."""
    return Experiment(
        server=ServerSettings(
            kurento="ws://127.0.0.1:1/kurento",
            ssh=ssh,
            process=ProcessSettings(name="nothing-is-called-so"),
            reset=ResetSettings(command="true", ready_within_s=5),
            recordings=RecordingSettings(directory=str(folder / "recordings")),
        )
    )


async def test_a_server_of_one_session_is_looked_at_sampled_and_reset(tmp_path: Path) -> None:
    async with running_sshd(tmp_path / "sshd", limits="MaxSessions 1") as sshd:
        experiment = watched(sshd.ssh, tmp_path)
        for _ in range(5):

            async def yes() -> bool:
                return True

            clock = RunClock()
            server = MeasuredServer(SshShell(sshd.ssh), experiment.server, clock, yes)
            assert (await look_around(server, experiment.server)).cores
            try:
                assert (await server.reset(None)).clean
                server._process._search_at_s = 0.0
                async with aclosing(server.samples()) as samples:
                    seen = [await anext(samples), await anext(samples)]
                assert all(isinstance(sample, ServerSample) for sample in seen)
                await server.recordings.ready()
                (file,) = await server.recordings.look(["x.webm"])
                assert file.size_bytes is None
            finally:
                await server.close()


async def test_a_login_of_one_session_and_one_connection_is_told_so(tmp_path: Path) -> None:
    async with (
        running_sshd(tmp_path / "sshd", limits="MaxSessions 1") as sshd,
        shell_on(sshd, tmp_path) as shell,
    ):
        channel = await shell.channel("cat")
        (sshd.directory / "authorized_keys").write_text("")
        with pytest.raises(
            LoginRefused,
            match=r"opens no further session on 1 connection \(MaxSessions\), and to another one",
        ):
            await shell.run("true", 10, "test")
        await channel.write(b"still there\n")
        assert (await channel.read()).data == b"still there\n"


async def test_all_connections_are_closed_though_nobody_waits_for_it(tmp_path: Path) -> None:
    async with running_sshd(tmp_path / "sshd", limits="MaxSessions 1") as sshd:
        shell = SshShell(sshd.ssh, home=tmp_path)
        await shell.open()
        for _ in range(2):
            await shell.channel("cat")
        first, second = shell._connections
        closing = asyncio.create_task(shell.close())
        await asyncio.sleep(0)
        closing.cancel()
        async with asyncio.timeout(10):
            while first.alive or second.alive:
                await asyncio.sleep(0.02)


async def test_too_many_connections_are_named(tmp_path: Path) -> None:
    async with running_sshd(tmp_path / "sshd", limits="MaxStartups 1") as sshd:
        with socket.create_connection(("127.0.0.1", sshd.port)) as silent:
            silent.recv(100)  # it logs in never
            with pytest.raises(ServerUnreachable, match=re.escape("MaxStartups")) as refusal:
                async with shell_on(sshd, tmp_path):
                    pass
        assert f"127.0.0.1 port {sshd.port}" in str(refusal.value)
        async with shell_on(sshd, tmp_path) as shell:
            assert (await shell.run("echo here", 10, "test")).stdout == "here\n"


async def test_one_connection_that_is_dropped_is_made_again(tmp_path: Path) -> None:
    """As sshd does by chance when strangers keep it busy."""
    dropped = 0
    async with running_sshd(tmp_path / "sshd") as sshd:

        async def drop_the_first(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter
        ) -> None:
            nonlocal dropped
            dropped += 1
            if dropped > 1:
                away, there = await asyncio.open_connection("127.0.0.1", sshd.port)
                await asyncio.gather(carried(reader, there), carried(away, writer))
            writer.close()

        async def carried(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                to.write(data)
            to.close()

        between = await asyncio.start_server(drop_the_first, "127.0.0.1", 0)
        port = between.sockets[0].getsockname()[1]
        known = tmp_path / "known_hosts"
        known.write_text(sshd.ssh.known_hosts.read_text().replace(f":{sshd.port} ", f":{port} "))
        user = sshd.ssh.to.partition("@")[0]
        ssh = replace(sshd.ssh, to=f"{user}@127.0.0.1:{port}", known_hosts=known)
        shell = SshShell(ssh, home=tmp_path)
        async with between:
            await shell.open()
            assert (await shell.run("echo here", 10, "test")).stdout == "here\n"
            await shell.close()
        assert dropped == 2
