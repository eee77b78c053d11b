"""Sessions of one connection to a server that takes its time with them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import paramiko
import pytest

from farm.errors import CommandsRefused, ServerUnreachable
from farm.ssh.connection import NoRoom, SshConnection
from farm.ssh.route import ALGORITHMS
from farm.ssh.transport import Transport


class Server(paramiko.ServerInterface):
    """Lets everybody in; answers no request to run a command before `answer` is set, and grants
    those that it `runs`."""

    def __init__(self, *, runs: bool = True) -> None:
        self.runs = runs
        self.answer = threading.Event()
        self.sessions: list[paramiko.Channel] = []

    def check_auth_none(self, username: str) -> int:
        return paramiko.common.AUTH_SUCCESSFUL

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.common.OPEN_SUCCEEDED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        self.sessions.append(channel)
        return self.answer.wait(30) and self.runs


@contextmanager
def connected(server: Server, within_s: float) -> Iterator[SshConnection]:
    ours, theirs = socket.socketpair()
    there = paramiko.Transport(theirs)
    there.add_server_key(paramiko.ECDSAKey.generate())
    there.start_server(event=threading.Event(), server=server)
    here = Transport(ours, ALGORITHMS)
    try:
        here.start_client(timeout=30)
        here.auth_none("somebody")
        yield SshConnection([here], "media", within_s)
    finally:
        server.answer.set()
        here.close()
        there.close()


async def test_a_session_that_is_not_answered_is_given_up_and_closed_when_it_comes() -> None:
    server = Server()
    with connected(server, 0.5) as connection:
        async with asyncio.timeout(20):
            with pytest.raises(ServerUnreachable, match=r"media opens no session within 0\.5 s"):
                await connection.session()
        assert connection.alive
        server.answer.set()
        async with asyncio.timeout(20):
            while not server.sessions[0].closed:
                await asyncio.sleep(0.02)
            await (await connection.session()).close()


async def test_a_login_that_may_run_nothing_is_told_so_at_once() -> None:
    server = Server(runs=False)
    server.answer.set()
    with connected(server, 30) as connection:
        with pytest.raises(CommandsRefused, match=r"media refuses the request to run one$"):
            await connection.session()
        assert len(server.sessions) == 1


async def test_a_command_that_is_refused_beside_another_one_is_for_a_further_connection() -> None:
    server = Server()
    server.answer.set()
    with connected(server, 30) as connection:
        await connection.session()
        server.runs = False
        with pytest.raises(NoRoom, match="refuses the request"):
            await connection.session()
        with pytest.raises(NoRoom, match="no more than 1 at a time"):
            await connection.session()


def test_whom_it_was_connected_to_is_known_when_it_has_hung_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        way = socket.create_connection(server.getsockname())
        transport = Transport(way, ALGORITHMS)
        way.close()
        assert transport.peer_address == "127.0.0.1"
        assert transport.here
    with socket.socket() as gone:
        assert Transport(gone, ALGORITHMS).peer_address is None
