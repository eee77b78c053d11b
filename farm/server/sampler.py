"""Samples the server once a second, over dropped connections too; measures its footprint."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager

from farm.errors import ServerUnreachable
from farm.linux.network import Interface
from farm.model.server_samples import Footprint, Gap, ServerSample
from farm.protocols import Clock
from farm.server.conversation import Conversation, conversation
from farm.server.followed_process import FollowedProcess
from farm.server.machine import MachineFacts
from farm.server.reconnection import Reconnection
from farm.server.sampling import Sampling
from farm.server.shell import Shell

PERIOD_S = 1.0
FOOTPRINT_S = 2.0


class ServerSampler:
    """Samples the machine, its `interface` and the `process`."""

    def __init__(
        self,
        shell: Shell,
        clock: Clock,
        process: FollowedProcess,
        *,
        machine: MachineFacts,
        interface: Interface | None,
        cores: tuple[int, ...] | None,
    ) -> None:
        self._shell = shell
        self._clock = clock
        self._process = process
        self._machine = machine
        self._interface = interface
        self._cores = cores

    async def samples(self, connection: Reconnection) -> AsyncGenerator[ServerSample | Gap]:
        """One sample a second; a Gap when sampling resumes after a dropped connection.

        Raises ServerLost when the connection stayed away.
        """
        last_s = self._clock.run_s()
        dropped: ServerUnreachable | None = None
        while True:
            try:
                async with self.conversation() as talk:
                    due_s = self._clock.run_s()
                    while True:
                        sample = await self._sample(talk)
                        if sample is not None:
                            if dropped is not None:
                                yield Gap(last_s, sample.received_s, str(dropped))
                                dropped = None
                            last_s = sample.received_s
                            yield sample
                        due_s = max(due_s + PERIOD_S, self._clock.run_s())
                        await self._clock.sleep_until(due_s)
            except ServerUnreachable as error:
                if connection.is_closed:
                    return
                dropped = dropped or error
                await connection.reconnect(last_s, error)

    async def footprint(self) -> Footprint:
        """The mean of two seconds. Raises AnswerCut, ServerUnreachable, ServerError."""
        await self._process.search()
        await self._process.locate_groups()
        async with self.conversation() as talk:
            await self._sample(talk)
            await self._clock.sleep_until(self._clock.run_s() + FOOTPRINT_S)
            sample = await self._sample(talk)
        assert sample is not None, "the second answer has something to compare to"  # noqa: S101
        own = sample.process_cpu_percent
        return Footprint(
            cpu_percent=sample.cpu_percent if own is None else own,
            process_rss_bytes=sample.process_rss_bytes,
            process_threads=sample.process_threads,
            process_descriptors=sample.process_descriptors,
        )

    def conversation(self) -> AbstractAsyncContextManager[Conversation]:
        """The script that runs on the server while it is sampled."""
        sampling = Sampling(self._machine, self._interface, self._cores)
        return conversation(self._shell, sampling, self._clock)

    async def _sample(self, talk: Conversation) -> ServerSample | None:
        """Take one sample; search for the process again if it is gone."""
        await self._process.search_if_due()
        sample = await talk.ask(self._process.pid, self._process.groups)
        if sample is not None:
            self._process.update(sample, self._machine.ticks_per_s)
        return sample
