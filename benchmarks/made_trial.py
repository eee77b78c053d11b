"""A trial that is read from memory, as `TrialReader` reads one from its folder."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import polars as pl

from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostSample
from farm.model.kurento_samples import KurentoSample
from farm.model.server_samples import ServerSample
from farm.model.trial_plan import TrialPlan
from farm.recording.clock_offsets import ClockOffsets
from farm.recording.events import TrialEvent
from farm.recording.parquet_parts import Damage, Span
from farm.recording.run_folder import TrialFolder
from farm.recording.sample_tables import POLL
from farm.recording.trial_reader import TrialReader

HOST = "here"
"""The one machine of the generator; its clock is run time."""

HOLD_S, END_S = 10.0, 40.0
"""When the hold begins, and when it ends."""

_NO_FOLDER = TrialFolder(Path(os.devnull))


class MadeTrial(TrialReader):
    """A trial in memory: tables of W3C stats types and of polls; without Kurento."""

    def __init__(
        self,
        plan: TrialPlan,
        tables: Mapping[str, pl.DataFrame],
        recorded_events: Sequence[TrialEvent],
        span: Span | None = None,
    ) -> None:
        """`span`: only the rows of the probes from the first to the last of it."""
        offsets = ClockOffsets([ClockReading(HOST, 0.0, 0.0, 0.0)])
        super().__init__(_NO_FOLDER, plan, offsets, inode=None, grows=False)
        self.tables = tables
        self.recorded_events = recorded_events
        self._span = span

    def shuffled(self, seed: int) -> MadeTrial:
        """The same recording with the rows of its tables in another order."""
        tables = {
            name: table.sample(fraction=1.0, shuffle=True, seed=seed)
            for name, table in self.tables.items()
        }
        return MadeTrial(self.plan, tables, self.recorded_events)

    def of_probes(self, first: str, last: str) -> MadeTrial:
        return MadeTrial(self.plan, self.tables, self.recorded_events, (first, last))

    def samples(self, type: str, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        table = self.tables.get(type)
        if table is None:
            return None
        if self._span is not None:
            first, last = map(pl.lit, self._span)
            table = table.filter(pl.col("probe").is_between(first, last))
        wanted = [*(columns or table.columns), "host", "host_monotonic_s", "run_s"]
        return table.select(list(dict.fromkeys(wanted))) if table.height else None

    def polls(self, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        return self.samples(POLL, columns)

    def note(self, damage: Iterable[Damage]) -> None:
        """Ignore damage: there are no files."""

    def host_samples(self) -> tuple[HostSample, ...]:
        """The samples of a generator that is not busy."""
        return tuple(
            HostSample(HOST, float(s), 30.0, 0.0, "x", 9.0, 10**9, 0.0, run_s=float(s), udp_drops=0)
            for s in range(round(END_S) + 1)
        )

    def server_samples(self) -> tuple[ServerSample, ...]:
        return ()

    def kurento_samples(self) -> tuple[KurentoSample, ...]:
        return ()

    @cached_property
    def _lines(self) -> tuple[TrialEvent, ...]:
        return tuple(self.recorded_events)
