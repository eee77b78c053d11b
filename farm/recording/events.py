"""The lines of `events.jsonl` and `clock.jsonl`: events of a trial, and readings of clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from farm.model.clock_reading import ClockReading
from farm.model.json_values import from_jsonable
from farm.model.kurento_samples import KurentoTopology
from farm.model.page_samples import ProbeEvent
from farm.model.server_samples import Gap, ResetReport
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_plan import Phase


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """The beginning of a phase of the trial."""

    phase: Phase
    run_s: float


TrialEvent = ProbeEvent | PhaseMark | JoinOutcome | Fault | Gap | ResetReport | KurentoTopology

_CLASSES: Mapping[str, type[TrialEvent]] = {
    "probe": ProbeEvent,
    "phase": PhaseMark,
    "join": JoinOutcome,
    "fault": Fault,
    "gap": Gap,
    "reset": ResetReport,
    "topology": KurentoTopology,
}
_NAMES = {cls: name for name, cls in _CLASSES.items()}


@dataclass(frozen=True, slots=True)
class EventLine:
    """A line of `events.jsonl`, written at `recorded_s` (run time); `data` is the event itself."""

    event: str
    recorded_s: float
    data: Any

    @classmethod
    def of(cls, seen: TrialEvent, recorded_s: float) -> EventLine:
        return cls(_NAMES[type(seen)], recorded_s, seen)


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """A line of `clock.jsonl`: a `ClockReading`, and the folder of the trial it was made for.

    A run that is resumed restarts its run time, so each trial needs readings of its own.
    """

    source: str
    offset_s: float
    error_s: float
    at_s: float
    trial: str | None

    @classmethod
    def of(cls, reading: ClockReading, trial: str | None) -> ReadingLine:
        return cls(reading.source, reading.offset_s, reading.error_s, reading.at_s, trial)

    @property
    def reading(self) -> ClockReading:
        return ClockReading(self.source, self.offset_s, self.error_s, self.at_s)


@dataclass(frozen=True, slots=True)
class SeenEvent:
    """An event of a probe, and when, in run time (`None`: the host's clock was never read)."""

    event: ProbeEvent
    run_s: float | None


def read_event(line: Mapping[str, Any]) -> TrialEvent | None:
    """The event of a line; `None` if only a newer version knows that kind of event.

    Raises ValueError for a line that is not valid.
    """
    cls = _CLASSES.get(str(line.get("event")))
    return None if cls is None else from_jsonable(cls, line.get("data"))


def phases_of(marks: Iterable[PhaseMark]) -> Phases:
    """When each phase of a trial began."""
    return Phases(**{f"{mark.phase}_s": mark.run_s for mark in marks if mark.phase != "reset"})
