"""Reads a recorded trial back: its plan, events, samples and result.

Tables are Polars frames with the columns of `farm/recording/sample_tables.py` and `run_s`, the
row's run time (null if its host's clock was never read).
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TypeVar

import polars as pl

from farm.model.clock_reading import SERVER_CLOCK
from farm.model.host_samples import HostSample
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.page_samples import ProbeEvent
from farm.model.server_samples import Gap, ResetReport, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.recording.clock_offsets import ClockOffsets
from farm.recording.events import PhaseMark, SeenEvent, TrialEvent, phases_of, read_event
from farm.recording.file_inside import open_inside
from farm.recording.janus_table import janus_samples
from farm.recording.json_lines import read_json_lines
from farm.recording.parquet_parts import Damage
from farm.recording.recorded_values import value_in
from farm.recording.run_folder import TrialFolder
from farm.recording.sample_reader import SampleReader
from farm.recording.sample_tables import host_samples, kurento_samples, server_samples

E = TypeVar("E", bound=TrialEvent)


class TrialReader(SampleReader):
    """One trial of a run. `damage` names what could not be read so far."""

    def __init__(
        self,
        folder: TrialFolder,
        plan: TrialPlan,
        offsets: ClockOffsets,
        *,
        inode: int | None,
        grows: bool,
    ) -> None:
        """`grows`: the run is under way, so that files may be incomplete."""
        super().__init__(folder, offsets, [], inode=inode)
        self.plan = plan
        self._grows = grows

    # ------------------------------------------------------------ events

    @cached_property
    def events(self) -> tuple[SeenEvent, ...]:
        """The events of probes, in the order in which they were recorded."""
        host_of = {probe.probe: probe.host for probe in self.plan.probes}
        return tuple(
            SeenEvent(
                event,
                self._offsets.run_time_s(host_of.get(event.probe, ""), event.host_monotonic_s),
            )
            for event in self._events_of(ProbeEvent)
        )

    @cached_property
    def phases(self) -> Phases:
        """When the phases of the trial began."""
        return phases_of(self._events_of(PhaseMark))

    @property
    def joins(self) -> tuple[JoinOutcome, ...]:
        return self._events_of(JoinOutcome)

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self._events_of(Fault)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """When the server could not be sampled."""
        return self._events_of(Gap)

    @property
    def reset(self) -> ResetReport | None:
        """How the reset before the trial went; `None` if there was none."""
        return next(iter(self._events_of(ResetReport)), None)

    @cached_property
    def result(self) -> TrialResult | None:
        """The result; `None` for a trial that was never judged."""
        return value_in(TrialResult, self.folder.result, self.damage)

    @property
    def screenshots(self) -> tuple[Path, ...]:
        return tuple(sorted(self.folder.screenshots.glob("*.png")))

    # ------------------------------------------------------------ samples

    def hosts(self) -> pl.DataFrame | None:
        """A row per second and host of the generator: see `host_samples.HostSample`."""
        frame = self.timed(self.folder.hosts)
        return None if frame is None else frame.sort("host", "host_monotonic_s")

    def server(self) -> pl.DataFrame | None:
        """A row per second of the server: see `server_samples.ServerSample`.

        `run_s` is by the server's own clock, clipped to the round trip of the request; the time of
        arrival where that clock was never read.
        """
        frame = self.table(self.folder.server)
        if frame is None:
            return None
        frame = frame.sort("received_s", maintain_order=True)
        uptime_s = frame["uptime_s"].cast(pl.Float64).to_numpy()
        own = self._offsets.run_s(SERVER_CLOCK, uptime_s)
        if own is None or "asked_s" not in frame.columns:
            return frame.with_columns(run_s=pl.col("received_s"))
        own_s = pl.Series(own).fill_nan(None)
        within = pl.min_horizontal(pl.max_horizontal(own_s, "asked_s"), "received_s")
        known = own_s.is_not_null() & pl.col("asked_s").is_not_null()
        return frame.with_columns(run_s=pl.when(known).then(within).otherwise("received_s"))

    def host_samples(self) -> tuple[HostSample, ...]:
        """`hosts()` as values."""
        return host_samples(self.hosts())

    def server_samples(self) -> tuple[ServerSample, ...]:
        """`server()` as values."""
        return server_samples(self.server())

    def kurento(self) -> pl.DataFrame | None:
        """A row per answer of the media server about its objects: see `KurentoSample`."""
        frame = self.table(self.folder.kurento)
        if frame is None:
            return None
        return frame.sort("received_s", maintain_order=True).with_columns(run_s="received_s")

    def kurento_samples(self) -> tuple[KurentoSample, ...]:
        """`kurento()` as values."""
        return kurento_samples(self.kurento())

    def janus(self) -> pl.DataFrame | None:
        """A row per answer of a Janus about its sessions and handles: see `JanusSample`."""
        frame = self.table(self.folder.janus)
        if frame is None:
            return None
        return frame.sort("received_s", maintain_order=True).with_columns(run_s="received_s")

    def janus_samples(self) -> tuple[JanusSample, ...]:
        """`janus()` as values."""
        return janus_samples(self.janus())

    @property
    def topology(self) -> KurentoTopology | None:
        """The structure of a pipeline at the end of the hold."""
        return next(iter(self._events_of(KurentoTopology)), None)

    def top_text(self) -> str | None:
        """The output of `top` on the server; `None` if it was not recorded."""
        if not self.folder.top.exists():
            return None
        with open_inside(self.folder.run, self.folder.top) as file:
            return file.read().decode(errors="replace")

    # ------------------------------------------------------------ lines of events

    @cached_property
    def _lines(self) -> tuple[TrialEvent, ...]:
        lines, faults = read_json_lines(self.folder.events, grows=self._grows)
        self.damage += [Damage(self.folder.events, fault) for fault in faults]
        self.note_set_aside()
        events = []
        for line in lines:
            try:
                event = read_event(line)
            except ValueError as error:
                self.damage.append(Damage(self.folder.events, str(error)))
                continue
            if event is not None:
                events.append(event)
        return tuple(events)

    def _events_of(self, cls: type[E]) -> tuple[E, ...]:
        return tuple(item for item in self._lines if isinstance(item, cls))
