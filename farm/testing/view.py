"""A fake of a media server's own figures."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.protocols import Clock

EVERY_S = 5.0


@dataclass
class FakeView:
    """Implements `protocols.ServerView`.

    `pipelines` are the numbers of pipelines that successive calls of `sample` find, the last for
    ever; without any it does not answer. `built` is the topology.
    """

    run_clock: Clock
    pipelines: list[int] = field(default_factory=lambda: [0])
    built: KurentoTopology | None = None

    async def samples(self) -> AsyncGenerator[KurentoSample]:
        while True:
            await self.run_clock.sleep_until(self.run_clock.run_s() + EVERY_S)
            yield KurentoSample(self.run_clock.run_s(), 9, (("WebRtcEndpoint", 18),), 40.0, 2**20)

    async def sample(self) -> KurentoSample | None:
        if not self.pipelines:
            return None
        count = self.pipelines.pop(0) if len(self.pipelines) > 1 else self.pipelines[0]
        return KurentoSample(self.run_clock.run_s(), count, (), 1.0, 2**20)

    async def topology(self) -> KurentoTopology | None:
        return self.built
