"""Runs commands on a machine over SSH."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from farm.errors import CommandsRefused, ServerUnreachable
from farm.model.server_settings import Ssh
from farm.model.wording import counted
from farm.server.shell import CommandResult, did_not_end
from farm.ssh.channel import SshChannel
from farm.ssh.client_config import host_config, no_config
from farm.ssh.connection import NoRoom, SshConnection
from farm.ssh.host_keys import ConnectionDropped, verified
from farm.ssh.login import log_in
from farm.ssh.login_shell import timed
from farm.ssh.route import Hop, route
from farm.ssh.transport import Transport
from farm.ssh.way import way_to

KEEP_ALIVE_S = 5
MOST_CONNECTIONS = 8
DROPPED_TRIES = 3
DROPPED_PAUSE_S = 1.0


class SshShell:
    """Implements `farm.server.shell.Shell` over SSH.

    `home` is the directory whose `.ssh` folder is read; `connect_within_s` bounds each step of
    connecting. Later connections use the route of the first: a run is not affected when ssh's
    configuration changes. Without `configured` that configuration is not read.
    """

    def __init__(
        self,
        ssh: Ssh,
        connect_within_s: float = 15.0,
        home: Path | None = None,
        *,
        configured: bool = True,
    ) -> None:
        self._ssh = ssh
        self._within_s = connect_within_s
        self._home = home or Path.home()
        self._read = host_config if configured else no_config
        self._route: list[Hop] | None = None
        self._connections: list[SshConnection] = []
        self._one_at_a_time = asyncio.Lock()  # two callers must not take the same last free session
        self._here = False

    @property
    def where(self) -> str:
        return self._ssh.to

    @property
    def here(self) -> bool:
        return self._here

    async def open(self) -> None:
        """Connect, verify the host key, log in.

        Raises ServerUnreachable, HostKeyUnknown, LoginRefused; BadInput for settings that cannot
        be used.
        """
        connection = await self._connected()
        self._connections = [connection]
        self._here = connection.here

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        output: dict[bool, bytearray] = {False: bytearray(), True: bytearray()}
        try:
            async with asyncio.timeout(within_s):
                channel = await self.channel(timed(command, within_s))
                try:
                    await channel.end_input()
                    with suppress(ServerUnreachable):
                        while True:
                            piece = await channel.read()
                            output[piece.error] += piece.data
                    status = await channel.status()
                finally:
                    await channel.close()
        except TimeoutError:
            raise did_not_end(command, within_s, setting, self.where) from None
        if status < 0 and not channel.connected:
            raise ServerUnreachable(f"the connection to {self.where} broke")
        return CommandResult(
            status, *(output[error].decode(errors="replace") for error in (False, True))
        )

    async def channel(self, command: str) -> SshChannel:
        async with self._one_at_a_time:
            channel = await self._session()
        try:
            await channel.start(command, self._within_s)
        except BaseException:
            await channel.close()
            raise
        return channel

    async def close(self) -> None:
        """Close all connections, even if the caller is cancelled meanwhile."""
        connections, self._connections = self._connections, []
        if connections:
            await asyncio.shield(asyncio.to_thread(_close, connections))

    async def _session(self) -> SshChannel:
        """A session on a connection that has room; if none has, on a new one."""
        for dead in [each for each in self._connections if not each.alive]:
            self._connections.remove(dead)
            await asyncio.to_thread(dead.close)
        if not self._connections:
            raise ServerUnreachable(f"the connection to {self.where} is closed")
        for connection in self._connections:
            with suppress(NoRoom):
                return await connection.session()
        further = await self._further()
        self._connections.append(further)
        try:
            return await further.session(patient=False)
        except NoRoom as refusal:
            raise CommandsRefused(
                f"the login is accepted, but opens no session: {refusal} (MaxSessions in its"
                " sshd_config?)"
            ) from None

    async def _further(self) -> SshConnection:
        """A new connection: the sessions of one may be limited (MaxSessions in sshd_config)."""
        count = len(self._connections)
        full = f"{self.where} opens no further session on {counted(count, 'connection')}"
        if count >= MOST_CONNECTIONS:
            raise ServerUnreachable(f"{full}: do commands not end there?")
        try:
            return await self._connected()
        except ServerUnreachable as error:
            raise type(error)(f"{full} (MaxSessions), and to another one: {error}") from error

    async def _connected(self) -> SshConnection:
        connecting = asyncio.ensure_future(asyncio.to_thread(self._connect))
        try:
            transports = await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close_late)
            raise
        return SshConnection(transports, self.where, self._within_s)

    def _connect(self) -> list[Transport]:
        """Connect and log in to each hop. Runs in a thread."""
        transports: list[Transport] = []
        before: list[Hop] = []
        if self._route is None:
            self._route = route(self._ssh, self._home, self._read)
        try:
            for hop in self._route:
                within_s = hop.connect_within_s or self._within_s
                last = (before[-1], transports[-1]) if before else None
                transports.append(_verified(hop, last, before, within_s))
                log_in(hop, transports[-1], self._within_s)
                transports[-1].set_keepalive(KEEP_ALIVE_S)
                before.append(hop)
        except BaseException:
            _close(reversed(transports))
            raise
        return transports


def _verified(
    hop: Hop, last: tuple[Hop, Transport] | None, before: Sequence[Hop], within_s: float
) -> Transport:
    """Verify a hop; again if it hangs up before SSH, as with too many connections."""
    for _ in range(DROPPED_TRIES - 1):
        with suppress(ConnectionDropped):
            return verified(hop, way_to(hop, last, within_s), before, within_s)
        time.sleep(DROPPED_PAUSE_S)
    return verified(hop, way_to(hop, last, within_s), before, within_s)


def _close(each: Iterable[SshConnection | Transport]) -> None:
    for one in each:
        one.close()


def _close_late(connecting: asyncio.Future[list[Transport]]) -> None:
    """Close connections that opened after their caller was cancelled."""
    if not connecting.cancelled() and connecting.exception() is None:
        _close(reversed(connecting.result()))
