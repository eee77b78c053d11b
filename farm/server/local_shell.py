"""Commands on this machine, when the server runs here: `/bin/sh`, no SSH."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from farm.errors import ServerUnreachable
from farm.processes import Pipes, Processes
from farm.server.shell import CommandResult, OutputPiece, did_not_end

PIECE_BYTES = 65536


class LocalShell:
    """Implements `farm.server.shell.Shell` on this machine; `processes` owns what is started."""

    where = "this machine"
    here = True

    def __init__(self, processes: Processes) -> None:
        self._processes = processes
        self._channels: list[LocalChannel] = []

    async def open(self) -> None:
        """Nothing to open."""

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        try:
            status, output, complained = await self._processes.run(
                ["/bin/sh", "-c", command], within_s
            )
        except TimeoutError:
            raise did_not_end(command, within_s, setting, self.where) from None
        return CommandResult(
            status, output.decode(errors="replace"), complained.decode(errors="replace")
        )

    async def channel(self, command: str) -> LocalChannel:
        channel = LocalChannel(
            await self._processes.connect("local-shell", ["/bin/sh", "-c", command])
        )
        self._channels.append(channel)
        return channel

    async def close(self) -> None:
        while self._channels:
            await self._channels.pop().close()


class LocalChannel:
    """Implements `farm.server.shell.Channel`: a child with pipes."""

    def __init__(self, pipes: Pipes) -> None:
        self._pipes = pipes
        self._pieces: asyncio.Queue[OutputPiece | None] = asyncio.Queue(maxsize=16)
        self._listening = [
            asyncio.create_task(self._listen(pipes.stdout, error=False)),
            asyncio.create_task(self._listen(pipes.stderr, error=True)),
        ]

    async def write(self, data: bytes) -> None:
        try:
            self._pipes.stdin.write(data)
            await self._pipes.stdin.drain()
        except (ConnectionError, RuntimeError) as error:
            raise ServerUnreachable(f"a command on this machine ended: {error}") from None

    async def read(self) -> OutputPiece:
        piece = await self._pieces.get()
        if piece is None:
            self._pieces.put_nowait(None)
            raise ServerUnreachable("a command on this machine ended")
        return piece

    async def close(self) -> None:
        for task in self._listening:
            task.cancel()
        with suppress(ConnectionError):
            self._pipes.stdin.close()
        await self._pipes.child.stop()

    async def _listen(self, stream: asyncio.StreamReader, *, error: bool) -> None:
        while data := await stream.read(PIECE_BYTES):
            await self._pieces.put(OutputPiece(data, error))
        if not error:
            await self._pieces.put(None)
