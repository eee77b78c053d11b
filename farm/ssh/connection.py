"""One SSH connection, and the sessions that are open on it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import paramiko

from farm.errors import CommandsRefused, ServerUnreachable
from farm.ssh.channel import SshChannel
from farm.ssh.login_shell import COMMAND
from farm.ssh.transport import Transport

FORGOTTEN_WITHIN_S = 3.0
"""A closed session still counts on the server until its command has ended."""
RETRY_S = 0.05


class NoRoom(ServerUnreachable):
    """The server opens no further session on this connection; the message is its reason."""


class SshConnection:
    """A connection to a machine, over its hops; sessions are opened on the last one.

    `where` is the user's name of the machine, `within_s` bounds the opening of a session.
    """

    def __init__(self, transports: Sequence[Transport], where: str, within_s: float) -> None:
        self._transports = transports
        self._where = where
        self._within_s = within_s
        self._sessions: list[SshChannel] = []
        self._most: int | None = None

    @property
    def alive(self) -> bool:
        return self._transports[-1].is_active()

    @property
    def here(self) -> bool:
        """Whether it leads to this machine, by its address."""
        return len(self._transports) == 1 and self._transports[0].here

    async def session(self, *, patient: bool = True) -> SshChannel:
        """Open a session whose login shell waits for a command.

        If `patient`, a connection without open sessions of ours is tried again for a while: a
        session closed a moment ago may not have ended there yet. Raises NoRoom, CommandsRefused,
        ServerUnreachable.
        """
        now = asyncio.get_running_loop().time
        give_up_s = now() + (FORGOTTEN_WITHIN_S if patient else 0)
        while True:
            self._sessions = [session for session in self._sessions if not session.closed]
            count = len(self._sessions)
            if self._most is not None and count >= self._most:
                raise NoRoom(f"it opens no more than {self._most} at a time")
            try:
                session = await self._opened()
            except (NoRoom, CommandsRefused) as refusal:
                if count:  # a further connection may have room for it
                    self._most = count
                    raise NoRoom(str(refusal)) from None
                if not isinstance(refusal, NoRoom) or now() >= give_up_s:
                    raise
            else:
                self._sessions.append(session)
                return session
            await asyncio.sleep(RETRY_S)

    def close(self) -> None:
        """Idempotent. Blocks."""
        for transport in reversed(self._transports):
            transport.close()

    async def _opened(self) -> SshChannel:
        opening = asyncio.ensure_future(asyncio.to_thread(self._open))
        try:
            async with asyncio.timeout(self._within_s):
                return SshChannel(await asyncio.shield(opening), self._where)
        except TimeoutError:
            opening.add_done_callback(_close_late)
            raise ServerUnreachable(
                f"{self._where} opens no session within {self._within_s:g} s"
            ) from None
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise ServerUnreachable(f"the connection to {self._where} broke: {error}") from None
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise

    def _open(self) -> paramiko.Channel:
        """Runs in a thread."""
        transport = self._transports[-1]
        try:
            channel = transport.open_session(timeout=self._within_s)
        except paramiko.ChannelException as refusal:
            raise NoRoom(refusal.text) from None
        try:
            channel.exec_command(COMMAND)
        except paramiko.SSHException:
            channel.close()
            if transport.is_active():
                raise CommandsRefused(
                    f"the login is accepted, but runs no commands: {self._where} refuses the"
                    " request to run one"
                ) from None
            raise
        return channel


def _close_late(opening: asyncio.Future[paramiko.Channel]) -> None:
    """Close a session that opened after its caller was cancelled."""
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()
