"""A channel that runs `sample_server.sh`, asked once a second."""

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
"""Between an answer and the next question: the most that whoever asks may take."""

TICK_S = 5
"""How often the script looks whether it was asked anything; after five times it was not, it ends:
the controller is gone, or stopped."""


class Conversation:
    """Questions and answers over a channel that runs `sample_server.sh`."""

    def __init__(self, channel: Channel, sampling: Sampling, clock: Clock, where: str) -> None:
        self._channel = channel
        self._sampling = sampling
        self._clock = clock
        self._where = where

    async def ask(self, pid: int | None, groups: Groups) -> ServerSample | None:
        """One answer; `None` for the first, to which there is nothing to compare.

        Raises ServerUnreachable.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S):
                await self._channel.write(self._sampling.ask(pid, groups, self._clock.run_s()))
                while True:
                    heard = await self._channel.read()
                    if heard.error:
                        self._sampling.hear_top(heard.data)
                    elif frame := self._sampling.hear(heard.data):
                        return self._sampling.sample(frame, self._clock.run_s())
        except TimeoutError:
            raise ServerUnreachable(
                f"{self._where} did not answer within {ANSWER_WITHIN_S:g} s"
            ) from None


@asynccontextmanager
async def conversation(
    shell: Shell, sampling: Sampling, clock: Clock, tick_s: int = TICK_S
) -> AsyncIterator[Conversation]:
    """Start the script; it ends with the body, and when nothing is asked for five times `tick_s`.

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
