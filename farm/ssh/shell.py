"""Commands on a machine that is reached by SSH."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import paramiko

from farm.errors import ServerError, ServerUnreachable
from farm.experiment import Ssh
from farm.shell import Answer
from farm.ssh.channel import SshChannel
from farm.ssh.host_keys import verified
from farm.ssh.login import log_in
from farm.ssh.login_shell import COMMAND, timed
from farm.ssh.route import Hop, route
from farm.ssh.transport import Transport
from farm.ssh.way import way_to

KEEP_ALIVE_S = 5


class SshShell:
    """Implements `farm.shell.Shell` over SSH.

    `home` is whose `.ssh` folder is read; `connect_within_s` bounds each step of connecting.
    """

    def __init__(self, ssh: Ssh, connect_within_s: float = 15.0, home: Path | None = None) -> None:
        self._ssh = ssh
        self._within_s = connect_within_s
        self._home = home or Path.home()
        self._transports: list[Transport] = []
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
        connecting = asyncio.ensure_future(asyncio.to_thread(self._connect))
        try:
            self._transports = await asyncio.shield(connecting)
        except asyncio.CancelledError:
            connecting.add_done_callback(_close_late)
            raise
        self._here = len(self._transports) == 1 and self._transports[0].here

    async def run(self, command: str, within_s: float, setting: str) -> Answer:
        said: dict[bool, bytearray] = {False: bytearray(), True: bytearray()}
        try:
            async with asyncio.timeout(within_s):
                channel = await self.channel(timed(command, within_s))
                try:
                    await channel.end_input()
                    with suppress(ServerUnreachable):
                        while True:
                            piece = await channel.read()
                            said[piece.error] += piece.data
                    status = await channel.status()
                finally:
                    await channel.close()
        except TimeoutError:
            raise ServerError(
                f"`{command}` did not end within {within_s:g} s ({setting}) on {self.where}"
            ) from None
        if status < 0 and not self._alive():
            raise ServerUnreachable(f"the connection to {self.where} broke")
        return Answer(status, *(said[error].decode(errors="replace") for error in (False, True)))

    async def channel(self, command: str) -> SshChannel:
        def opened() -> paramiko.Channel:
            channel = self._transports[-1].open_session(timeout=self._within_s)
            channel.exec_command(COMMAND)
            return channel

        if not self._alive():
            raise ServerUnreachable(f"the connection to {self.where} is closed")
        opening = asyncio.ensure_future(asyncio.to_thread(opened))
        try:
            channel = SshChannel(await asyncio.shield(opening), self.where)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ServerUnreachable(f"the connection to {self.where} broke: {error}") from None
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise
        try:
            await channel.start(command, self._within_s)
        except BaseException:
            await channel.close()
            raise
        return channel

    async def close(self) -> None:
        transports, self._transports = self._transports, []
        await asyncio.to_thread(_close, reversed(transports))

    def _alive(self) -> bool:
        return bool(self._transports) and self._transports[-1].is_active()

    def _connect(self) -> list[Transport]:
        """Runs in a thread."""
        transports: list[Transport] = []
        before: list[Hop] = []
        try:
            for hop in route(self._ssh, self._home):
                within_s = hop.connect_within_s or self._within_s
                way = way_to(hop, (before[-1], transports[-1]) if before else None, within_s)
                transports.append(verified(hop, way, before, within_s))
                log_in(hop, transports[-1], self._within_s)
                transports[-1].set_keepalive(KEEP_ALIVE_S)
                before.append(hop)
        except BaseException:
            _close(reversed(transports))
            raise
        return transports


def _close(transports: Iterator[Transport]) -> None:
    for transport in transports:
        transport.close()


def _close_late(
    opening: asyncio.Future[list[Transport]] | asyncio.Future[paramiko.Channel],
) -> None:
    """What was opened after nobody waited for it any more is closed again."""
    if opening.cancelled() or opening.exception() is not None:
        return
    opened = opening.result()
    for thing in opened if isinstance(opened, list) else [opened]:
        thing.close()
