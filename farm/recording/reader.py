"""Reads a run folder back, also one that a crash cut short or a disk damaged.

What is missing is `None` or empty; what cannot be read is left out and named in `damage`. Tables
are Polars frames with the columns of `farm/recording/sample_tables.py` and `run_s`, the row's run
time (null if its host's clock was never read).
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import polars as pl

from farm.errors import RecordingError
from farm.model.clock_reading import SERVER_CLOCK, ClockReading
from farm.model.host_samples import HostSample
from farm.model.json_values import from_jsonable, from_text
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.page_samples import ProbeEvent
from farm.model.server_samples import Gap, ResetReport, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.recording.clock_offsets import ClockOffsets
from farm.recording.events import (
    PhaseMark,
    ReadingLine,
    SeenEvent,
    TrialEvent,
    phases_of,
    read_event,
)
from farm.recording.file_inside import open_inside
from farm.recording.folder import RunFolder, TrialFolder, check_format
from farm.recording.journal import JournalEntry
from farm.recording.json_file import read_json
from farm.recording.json_lines import read_json_lines
from farm.recording.manifest import Manifest
from farm.recording.parquet_parts import Damage
from farm.recording.sample_reader import SampleReader, inode_of
from farm.recording.sample_tables import (
    host_samples,
    kurento_samples,
    server_samples,
)

T = TypeVar("T")
E = TypeVar("E", bound=TrialEvent)


class RunReader:
    """A run folder, read. Files are read when asked for; `damage` grows as they are."""

    def __init__(self, folder: RunFolder, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.damage: list[Damage] = []
        self._grows = folder.writer is not None

    @classmethod
    def open(cls, path: Path) -> RunReader:
        """Raises RecordingError if there is no run, or one of a newer format."""
        folder = RunFolder(path)
        try:
            data = read_json(folder.manifest)
            manifest = from_jsonable(Manifest, check_format(folder.manifest, data))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise RecordingError(f"{path} is no run folder: it has no manifest.json") from error
        except (OSError, ValueError) as error:
            raise RecordingError(f"cannot read {folder.manifest}: {error}") from error
        return cls(folder, manifest)

    @property
    def path(self) -> Path:
        return self.folder.path

    @property
    def experiment_text(self) -> str:
        """`experiment.yaml` as it was given; empty if it is gone."""
        try:
            with open_inside(self.path, self.folder.experiment) as file:
                return file.read().decode()
        except OSError as error:
            self.damage.append(Damage(self.folder.experiment, str(error)))
            return ""

    @cached_property
    def trials(self) -> tuple[TrialReader, ...]:
        """Every trial that was begun, in order, also one without a result."""
        trials = []
        summary = self.summary  # before the folders are listed: all that it names are there by now
        folders = self.folder.trial_folders()
        for folder in folders:
            inode = inode_of(folder.path)
            plan = _read_file(TrialPlan, folder.plan, self.damage)
            if plan is not None:
                offsets = self._offsets(folder.path.name)
                trials.append(TrialReader(folder, plan, offsets, inode=inode, grows=self._grows))
            elif not folder.plan.exists():
                self.damage.append(Damage(folder.plan, "is missing; the trial is left out"))
        self._miss_trials({_index(folder.path.name) for folder in folders}, summary or {})
        return tuple(trials)

    def _miss_trials(self, there: set[int], summary: Mapping[str, Any]) -> None:
        """Trials are numbered from 0 up, and the summary names those that were judged."""
        told = summary.get("trials")
        named = [each.get("index") for each in told or () if isinstance(each, dict)]
        known = [*there, *(index for index in named if isinstance(index, int))]
        for index in sorted(set(range(max(known, default=-1) + 1)) - there):
            path = self.folder.trials / f"{index:03d}-load-*"
            self.damage.append(Damage(path, "is missing: what was recorded of that trial is gone"))

    def trial(self, index: int) -> TrialReader:
        """Raises RecordingError if there is none of that index."""
        for trial in self.trials:
            if trial.plan.index == index:
                return trial
        raise RecordingError(f"{self.path} has no trial {index}")

    @property
    def results(self) -> tuple[TrialResult, ...]:
        """Of the finished trials, in order: what a resumed run need not repeat."""
        return tuple(trial.result for trial in self.trials if trial.result is not None)

    @cached_property
    def journal(self) -> tuple[JournalEntry, ...]:
        """What was decided, in order."""
        return tuple(_read_lines(JournalEntry, self.folder.journal, self.damage, self._grows))

    @cached_property
    def summary(self) -> dict[str, Any] | None:
        """`summary.json`; `None` while the run is under way, or when it broke off."""
        if not self.folder.summary.exists():
            return None
        try:
            with open_inside(self.path, self.folder.summary) as file:
                data = from_text(file.read())
        except (OSError, ValueError) as error:
            self.damage.append(Damage(self.folder.summary, str(error)))
            return None
        if not isinstance(data, dict):
            self.damage.append(Damage(self.folder.summary, "is no object"))
            return None
        return data

    @cached_property
    def _readings(self) -> tuple[ReadingLine, ...]:
        return tuple(_read_lines(ReadingLine, self.folder.clock, self.damage, self._grows))

    @property
    def clocks(self) -> tuple[ClockReading, ...]:
        """How the clocks of server and hosts were read, in order."""
        return tuple(line.reading for line in self._readings)

    def _offsets(self, trial: str) -> ClockOffsets:
        own = [line.reading for line in self._readings if line.trial == trial]
        have = {reading.source for reading in own}
        general = [
            line.reading
            for line in self._readings
            if line.trial is None and line.source not in have
        ]
        return ClockOffsets(own + general)


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
        """`grows`: the run is under way."""
        super().__init__(folder, offsets, [], inode=inode)
        self.plan = plan
        self._grows = grows

    # ------------------------------------------------------------ what happened

    @cached_property
    def events(self) -> tuple[SeenEvent, ...]:
        """What happened to probes, in the order it was recorded."""
        host_of = {probe.probe: probe.host for probe in self.plan.probes}
        return tuple(
            SeenEvent(
                event,
                self._offsets.run_time_s(host_of.get(event.probe, ""), event.host_monotonic_s),
            )
            for event in self._told(ProbeEvent)
        )

    @cached_property
    def phases(self) -> Phases:
        """When the parts of the trial began."""
        return phases_of(self._told(PhaseMark))

    @property
    def joins(self) -> tuple[JoinOutcome, ...]:
        return self._told(JoinOutcome)

    @property
    def faults(self) -> tuple[Fault, ...]:
        return self._told(Fault)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """When the server could not be sampled."""
        return self._told(Gap)

    @property
    def reset(self) -> ResetReport | None:
        """How the reset before the trial went; `None` if there was none."""
        return next(iter(self._told(ResetReport)), None)

    @cached_property
    def result(self) -> TrialResult | None:
        """`None` for a trial that was never judged."""
        return _read_file(TrialResult, self.folder.result, self.damage)

    @property
    def screenshots(self) -> tuple[Path, ...]:
        return tuple(sorted(self.folder.screenshots.glob("*.png")))

    # ------------------------------------------------------------ what was measured

    def hosts(self) -> pl.DataFrame | None:
        """A row per second and host of the generator: see `trial.HostSample`."""
        frame = self.timed(self.folder.hosts)
        return None if frame is None else frame.sort("host", "host_monotonic_s")

    def server(self) -> pl.DataFrame | None:
        """A row per second of the server: see `server_observations.ServerSample`.

        `run_s` is by the server's own clock, within the time that its answer took; when the answer
        was here where that clock was never read.
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
        """A row each time the media server said what it holds: see `KurentoSample`."""
        frame = self.table(self.folder.kurento)
        if frame is None:
            return None
        return frame.sort("received_s", maintain_order=True).with_columns(run_s="received_s")

    def kurento_samples(self) -> tuple[KurentoSample, ...]:
        """What the media server said of itself, before the first probe, in between, and after."""
        return kurento_samples(self.kurento())

    @property
    def topology(self) -> KurentoTopology | None:
        """A pipeline as it was built at the end of the hold."""
        return next(iter(self._told(KurentoTopology)), None)

    def top_text(self) -> str | None:
        """What `top` printed on the server; `None` if it was not recorded."""
        if not self.folder.top.exists():
            return None
        with open_inside(self.folder.run, self.folder.top) as file:
            return file.read().decode(errors="replace")

    # ------------------------------------------------------------ how it is read

    @cached_property
    def _lines(self) -> tuple[TrialEvent, ...]:
        lines, wrong = read_json_lines(self.folder.events, grows=self._grows)
        self.damage += [Damage(self.folder.events, why) for why in wrong]
        self.note_set_aside()
        told = []
        for line in lines:
            try:
                seen = read_event(line)
            except ValueError as error:
                self.damage.append(Damage(self.folder.events, str(error)))
                continue
            if seen is not None:
                told.append(seen)
        return tuple(told)

    def _told(self, cls: type[E]) -> tuple[E, ...]:
        return tuple(item for item in self._lines if isinstance(item, cls))


def _index(folder: str) -> int:
    return int(folder.split("-", 1)[0])


def _read_file(cls: type[T], path: Path, damage: list[Damage]) -> T | None:
    """The value in a file; `None` if it is missing, or damaged, which is noted."""
    if not path.exists():
        return None
    try:
        return from_jsonable(cls, read_json(path))
    except (OSError, ValueError) as error:
        damage.append(Damage(path, str(error)))
        return None


def _read_lines(cls: type[T], path: Path, damage: list[Damage], grows: bool) -> list[T]:
    lines, wrong = read_json_lines(path, grows=grows)
    damage += [Damage(path, why) for why in wrong]
    values = []
    for line in lines:
        try:
            values.append(from_jsonable(cls, line))
        except ValueError as error:
            damage.append(Damage(path, str(error)))
    return values
