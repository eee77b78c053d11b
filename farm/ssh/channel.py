"""A command on a remote machine, with its streams."""

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
"""Characters of a login's output that are kept in a message."""


class SshChannel:
    """Implements `farm.server.shell.Channel`: a login's shell and the command that it runs."""

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
        """Whether it was closed, by us or by the server."""
        return bool(self._channel.closed)

    @property
    def connected(self) -> bool:
        """Whether its connection is active."""
        return bool(self._channel.get_transport().is_active())

    async def start(self, command: str, within_s: float) -> None:
        """Run `command` in the login's shell. Raises CommandsRefused, ServerUnreachable."""
        with suppress(ServerUnreachable):  # it hung up without reading: its output may say why
            await self.write(script(command))
        try:
            async with asyncio.timeout(within_s):
                await self._started.wait()
                status = None if self._streams[False].marked else await self.status()
        except TimeoutError:
            text = f" (it says {words})" if (words := self._words()) else ""
            raise ServerUnreachable(
                f"the login is accepted, but no /bin/sh answers within {within_s:g} s{text}: is the"
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
        """End the command's standard input."""
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
        with suppress(RuntimeError):  # the loop is closed
            while data := receive(PIECE_BYTES):
                loop.call_soon_threadsafe(self._received, data, error)
            loop.call_soon_threadsafe(self._ended)

    def _received(self, data: bytes, error: bool) -> None:
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
        """The error with the login's output (else `otherwise`), or that the connection broke."""
        words = self._words()
        if not words and not self.connected:
            return ServerUnreachable(f"the connection to {self._where} broke")
        return CommandsRefused(
            f"the login is accepted, but runs no commands: it says {words or otherwise}"
        )

    def _words(self) -> str:
        """The login's output before our command started, in one line."""
        greetings = (self._streams[error].greeting for error in (True, False))
        text = " ".join(greeting.decode(errors="replace") for greeting in greetings)
        return " ".join(text.split())[:WORDS]
