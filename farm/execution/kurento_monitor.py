"""Monitors a Kurento during a trial by its own API: samples, topology, leftover pipelines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.wording import counted
from farm.protocols import Clock, Observer, Recorder, ServerView

GONE_WITHIN_S = 10.0
"""A pipeline that still exists so long after the last probe left has outlived its session."""


class KurentoMonitor:
    """Records what a media server reports of itself during a trial."""

    def __init__(
        self, view: ServerView, clock: Clock, observer: Observer, recorder: Recorder
    ) -> None:
        self._view = view
        self._clock = clock
        self._observer = observer
        self._recorder = recorder
        self._at_first: KurentoSample | None = None

    async def before(self) -> None:
        """Take a sample before any probe joins."""
        self._at_first = await self._view.sample()
        if self._at_first is not None:
            self._recorder.kurento_sample(self._at_first)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Samples are recorded while the body runs; its errors are raised in an ExceptionGroup."""
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(self._record_samples())
            try:
                yield
            finally:
                task.cancel()

    async def record_topology(self) -> None:
        """Record how a session is built now."""
        topology = await self._view.topology()
        if topology is not None:
            self._recorder.topology(topology)

    async def after(self) -> None:
        """Take a sample when all have left and sessions have had time to be released."""
        if self._at_first is None:
            return
        ends_s = self._clock.run_s() + GONE_WITHIN_S
        while (last := await self._view.sample()) is not None:
            left = last.pipelines - self._at_first.pipelines
            if left <= 0 or self._clock.run_s() >= ends_s:
                self._recorder.kurento_sample(last)
                if left > 0:
                    self._observer.note(f"{counted(left, 'pipeline')} outlived their sessions")
                return
            await self._clock.sleep_until(self._clock.run_s() + 1)

    async def _record_samples(self) -> None:
        async with aclosing(self._view.samples()) as samples:
            async for sample in samples:
                self._recorder.kurento_sample(sample)


class NoKurentoMonitor:
    """Implements `protocols.ServerView` for a media server that reports nothing of itself."""

    async def samples(self) -> AsyncGenerator[KurentoSample]:
        nothing: tuple[KurentoSample, ...] = ()
        for sample in nothing:
            yield sample

    async def sample(self) -> KurentoSample | None:
        return None

    async def topology(self) -> KurentoTopology | None:
        return None
