"""Monitors a media server during a trial by its own API: samples, topology, what is left over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, asynccontextmanager

from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.wording import counted
from farm.protocols import Clock, Observer, OwnSample, Recorder, ServerView

GONE_WITHIN_S = 10.0
"""What still exists so long after the last probe left has outlived its session."""


class ServerMonitor:
    """Records what a media server reports of itself during a trial."""

    def __init__(
        self, view: ServerView, clock: Clock, observer: Observer, recorder: Recorder
    ) -> None:
        self._view = view
        self._clock = clock
        self._observer = observer
        self._recorder = recorder
        self._at_first: OwnSample | None = None

    async def before(self) -> None:
        """Take a sample before any probe joins."""
        self._at_first = await self._sample()
        if self._at_first is not None:
            self._record(self._at_first)

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
        while (last := await self._sample()) is not None:
            left = left_over(self._at_first, last)
            if not left or self._clock.run_s() >= ends_s:
                self._record(last)
                if left:
                    self._observer.note(left)
                return
            await self._clock.sleep_until(self._clock.run_s() + 1)

    async def _record_samples(self) -> None:
        async with aclosing(self._view.samples()) as samples:
            async for sample in samples:
                self._record(sample)

    async def _sample(self) -> OwnSample | None:
        """What it has now. It is asked twice: a reset has broken the view's connection, which is
        made anew when it is asked again.
        """
        sample = await self._view.sample()
        return await self._view.sample() if sample is None else sample

    def _record(self, sample: OwnSample) -> None:
        if isinstance(sample, KurentoSample):
            self._recorder.kurento_sample(sample)
        else:
            self._recorder.janus_sample(sample)


def left_over(first: OwnSample, last: OwnSample) -> str:
    """What exists in `last` beyond what did in `first`, in words; empty: nothing."""
    if isinstance(first, KurentoSample) and isinstance(last, KurentoSample):
        left = last.pipelines - first.pipelines
        return f"{counted(left, 'pipeline')} outlived their sessions" if left > 0 else ""
    if isinstance(first, JanusSample) and isinstance(last, JanusSample):
        counts = {
            "session": last.sessions - first.sessions,
            "handle": last.handles - first.handles,
        }
        lefts = [counted(count, what) for what, count in counts.items() if count > 0]
        return f"{' and '.join(lefts)} of the Janus outlived the trial's" if lefts else ""
    return ""


class NoServerView:
    """Implements `protocols.ServerView` for a media server that reports nothing of itself."""

    async def samples(self) -> AsyncGenerator[OwnSample]:
        nothing: tuple[OwnSample, ...] = ()
        for sample in nothing:
            yield sample

    async def sample(self) -> OwnSample | None:
        return None

    async def topology(self) -> KurentoTopology | None:
        return None
