"""A channel that runs `sample_server.sh`: one request and one answer a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from shlex import join

from farm.errors import ServerUnreachable
from farm.linux.control_groups import Groups
from farm.model.server_samples import ServerSample
from farm.protocols import Clock
from farm.server.sampling import Sampling
from farm.server.shell import Channel, Shell

ANSWER_WITHIN_S = 5.0
PAUSE_S = 20.0
"""The longest time between an answer and the next request."""

TICK_S = 5
"""How often the script checks for requests; after five checks without one it ends: the controller
is gone, or stopped."""


class Conversation:
    """Requests and answers over a channel that runs `sample_server.sh`."""

    def __init__(self, channel: Channel, sampling: Sampling, clock: Clock, where: str) -> None:
        self._channel = channel
        self._sampling = sampling
        self._clock = clock
        self._where = where

    async def ask(self, pid: int | None, groups: Groups) -> ServerSample | None:
        """One sample; `None` for the first answer, which has nothing to compare with.

        Raises ServerUnreachable.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._channel.write(self._sampling.ask(pid, groups, self._clock.run_s()))
                while True:
                    piece = await self._channel.read()
                    if piece.error:
                        self._sampling.feed_top(piece.data)
                    elif frame := self._sampling.feed(piece.data):
                        return self._sampling.sample(frame, self._clock.run_s())
        except TimeoutError:
            raise ServerUnreachable(
                f"{self._where} did not answer within {ANSWER_WITHIN_S:g} s"
            ) from None


@asynccontextmanager
async def conversation(
    shell: Shell, sampling: Sampling, clock: Clock, tick_s: int = TICK_S
) -> AsyncIterator[Conversation]:
    """Run the script during the body; it also ends after five times `tick_s` without a request.

    Raises ServerUnreachable.
    """
    text = files("farm.server").joinpath("sample_server.sh").read_text()
    script = "\n".join(line for line in text.split("\n") if not line.startswith("#"))
    arguments = (*sampling.arguments, str(tick_s))
    channel = await shell.channel(f"set -- {join(arguments)}\n{script}")
    try:
        yield Conversation(channel, sampling, clock, shell.where)
    finally:
        await channel.close()
