"""A command that runs on the other machine."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import paramiko

from farm.errors import CommandsRefused, ServerUnreachable
from farm.server.shell import OutputPiece
from farm.ssh.login_shell import ERROR_MARK, OUTPUT_MARK, BehindMark, script

PIECE_BYTES = 65536
WORDS = 300
"""So many characters of what a login says fit into a line."""


class SshChannel:
    """Implements `farm.server.shell.Channel`: a login's shell, and the command that it runs."""

    def __init__(self, channel: paramiko.Channel, where: str) -> None:
        self._channel = channel
        self._where = where
        self._streams = {False: BehindMark(OUTPUT_MARK), True: BehindMark(ERROR_MARK)}
        self._open_streams = 2
        self._pieces: asyncio.Queue[OutputPiece | None] = asyncio.Queue()
        self._started = asyncio.Event()
        loop = asyncio.get_running_loop()
        for error in (False, True):
            threading.Thread(target=self._listen, args=(loop, error), daemon=True).start()

    @property
    def closed(self) -> bool:
        """By us, or by the server."""
        return bool(self._channel.closed)

    @property
    def connected(self) -> bool:
        """The connection that it goes by is there."""
        return bool(self._channel.get_transport().is_active())

    async def start(self, command: str, within_s: float) -> None:
        """Have the login's shell run it. Raises CommandsRefused, ServerUnreachable."""
        with suppress(ServerUnreachable):  # it hung up without reading: what did it say?
            await self.write(script(command))
        try:
            async with asyncio.timeout(within_s):
                await self._started.wait()
                status = None if self._streams[False].marked else await self.status()
        except TimeoutError:
            said = f" (it says {words})" if (words := self._words()) else ""
            raise ServerUnreachable(
                f"the login is accepted, but no /bin/sh answers within {within_s:g} s{said}: is the"
                " machine that slow, or does a start-up file of the login read its input?"
            ) from None
        if status is not None:
            ended = "" if status < 0 else f", and ends with status {status}"
            raise self._refusal(f"nothing{ended}")

    async def write(self, data: bytes) -> None:
        try:
            await asyncio.to_thread(self._channel.sendall, data)
        except (OSError, paramiko.SSHException, EOFError) as error:
            raise ServerUnreachable(f"the connection to {self._where} broke: {error}") from None

    async def end_input(self) -> None:
        """The command's standard input ends."""
        with suppress(OSError, paramiko.SSHException, EOFError):
            await asyncio.to_thread(self._channel.shutdown_write)

    async def read(self) -> OutputPiece:
        piece = await self._pieces.get()
        if piece is None:
            self._pieces.put_nowait(None)
            raise ServerUnreachable(f"a command on {self._where} ended, or the connection broke")
        return piece

    async def status(self) -> int:
        """The exit status; -1 when the connection broke before it came."""
        return await asyncio.to_thread(self._channel.recv_exit_status)

    async def close(self) -> None:
        with suppress(OSError, paramiko.SSHException, EOFError):
            await asyncio.to_thread(self._channel.close)

    def _listen(self, loop: asyncio.AbstractEventLoop, error: bool) -> None:
        receive = self._channel.recv_stderr if error else self._channel.recv
        with suppress(RuntimeError):  # the loop is closed: nobody listens any more
            while data := receive(PIECE_BYTES):
                loop.call_soon_threadsafe(self._heard, data, error)
            loop.call_soon_threadsafe(self._ended)

    def _heard(self, data: bytes, error: bool) -> None:
        stream = self._streams[error]
        if behind := stream.feed(data):
            self._pieces.put_nowait(OutputPiece(behind, error))
        if stream.marked and not error:
            self._started.set()

    def _ended(self) -> None:
        self._open_streams -= 1
        if self._open_streams == 0:
            self._pieces.put_nowait(None)
            self._started.set()

    def _refusal(self, otherwise: str) -> ServerUnreachable:
        """In the login's own words, `otherwise` without any; or that nothing is connected now."""
        words = self._words()
        if not words and not self.connected:
            return ServerUnreachable(f"the connection to {self._where} broke")
        return CommandsRefused(
            f"the login is accepted, but runs no commands: it says {words or otherwise}"
        )

    def _words(self) -> str:
        """What the login said before it ran anything of ours, in a line."""
        greetings = (self._streams[error].greeting for error in (True, False))
        said = " ".join(greeting.decode(errors="replace") for greeting in greetings)
        return " ".join(said.split())[:WORDS]
