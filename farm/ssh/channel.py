"""A command that runs on the other machine."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import paramiko

from farm.errors import ServerUnreachable
from farm.shell import Heard

PIECE_BYTES = 65536


class SshChannel:
    """Implements `farm.shell.Channel`: a command on the other machine."""

    def __init__(self, channel: paramiko.Channel, where: str) -> None:
        self._channel = channel
        self._where = where
        self._pieces: asyncio.Queue[Heard | None] = asyncio.Queue()
        self._streams = 2
        loop = asyncio.get_running_loop()
        for error in (False, True):
            threading.Thread(target=self._listen, args=(loop, error), daemon=True).start()

    async def write(self, data: bytes) -> None:
        try:
            await asyncio.to_thread(self._channel.sendall, data)
        except (OSError, paramiko.SSHException, EOFError) as error:
            raise ServerUnreachable(f"the connection to {self._where} broke: {error}") from None

    async def end_input(self) -> None:
        """The command's standard input ends."""
        with suppress(OSError, paramiko.SSHException, EOFError):
            await asyncio.to_thread(self._channel.shutdown_write)

    async def read(self) -> Heard:
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
                loop.call_soon_threadsafe(self._pieces.put_nowait, Heard(data, error))
            loop.call_soon_threadsafe(self._ended)

    def _ended(self) -> None:
        self._streams -= 1
        if self._streams == 0:
            self._pieces.put_nowait(None)
