"""What a matrix came to: a row for each experiment, and which differences are real. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from farm.analysis.comparison import CapacityDistribution
from farm.analysis.real_differences import CapacityDifference, real_differences
from farm.model.experiment import Experiment
from farm.model.trial_result import TrialResult
from farm.results.known_capacity import known_capacity

FORMAT = 1
NOT_MEASURED = "it was not measured"


@dataclass(frozen=True, slots=True)
class MeasuredCell:
    """One experiment of a matrix as far as it was measured; `summary` is that of its search."""

    name: str
    values: Mapping[str, str]
    settings: Experiment | None = None
    results: Sequence[TrialResult] = ()
    summary: Mapping[str, Any] | None = None
    trouble: str | None = None

    @property
    def state(self) -> str:
        """The state of its search: `unfinished` without an answer, `not_measured` without a run."""
        if self.settings is None:
            return "not_measured"
        return str((self.summary or {}).get("state", "unfinished"))

    @property
    def words(self) -> str:
        """`media.size 320x240, version 7.3`."""
        return ", ".join(f"{axis} {value}" for axis, value in self.values.items())


def matrix_summary(cells: Sequence[MeasuredCell], order: Sequence[str]) -> dict[str, Any]:
    """The `summary.json` of a matrix; `order` are the names in the order in which they ran.

    Compared are cells that differ in one axis alone, and have the same kind of session. Capacities
    are in probes, as there may be fewer or more of them in a session.
    """
    confidence = next(
        (cell.settings.search.confidence for cell in cells if cell.settings is not None), 0.9
    )
    known = {place: _known(cell) for place, cell in enumerate(cells)}
    pairs = {(a, b): axis for a, b, axis in _pairs(cells)}
    differences = real_differences(known, list(pairs), confidence)
    return {
        "format": FORMAT,
        "scenario": "matrix",
        "state": "complete" if all(_is_answered(cell) for cell in cells) else "incomplete",
        "order": list(order),
        "confidence": confidence,
        "matrix": [_cell(cell) for cell in cells],
        "differences": [
            _plain(cells, axis, difference)
            for axis, difference in zip(pairs.values(), differences, strict=True)
        ],
    }


def _pairs(cells: Sequence[MeasuredCell]) -> Iterator[tuple[int, int, str]]:
    """The places of two cells that differ in one axis alone, and that axis."""
    for a, b in combinations(range(len(cells)), 2):
        one, other = cells[a], cells[b]
        apart = [axis for axis in one.values if one.values[axis] != other.values[axis]]
        if len(apart) == 1 and _kind(one) == _kind(other):
            yield a, b, apart[0]


def _kind(cell: MeasuredCell) -> str | None:
    return None if cell.settings is None else cell.settings.scenario.kind


def _known(cell: MeasuredCell) -> CapacityDistribution:
    if cell.settings is None:
        return CapacityDistribution((), None, None, NOT_MEASURED)
    return known_capacity(cell.settings, cell.results, cell.state)


def _is_answered(cell: MeasuredCell) -> bool:
    return cell.summary is not None


def _cell(cell: MeasuredCell) -> dict[str, Any]:
    summary = cell.summary or {}
    capacity = summary.get("capacity") or {}
    limited = summary.get("limited_by") or {}
    return {
        "name": cell.name,
        "values": dict(cell.values),
        "run": f"cells/{cell.name}",
        "scenario": _kind(cell),
        "state": cell.state,
        "trouble": cell.trouble,
        "probes": capacity.get("probes"),
        "sessions": capacity.get("sessions"),
        "viewers": capacity.get("viewers"),
        "interval_probes": capacity.get("interval_probes") or [None, None],
        "recommended_probes": capacity.get("recommended_probes"),
        "limited_by": limited.get("resource"),
        "trials": len(cell.results),
    }


def _plain(
    cells: Sequence[MeasuredCell], axis: str, difference: CapacityDifference
) -> dict[str, Any]:
    a, b = cells[difference.a], cells[difference.b]
    return {
        "axis": axis,
        "a": a.name,
        "b": b.name,
        "value_a": a.values[axis],
        "value_b": b.values[axis],
        "of": {name: value for name, value in a.values.items() if name != axis},
        "probability_lower": difference.lower,
        "ratio": difference.ratio,
        "ratio_interval": None if difference.interval is None else list(difference.interval),
        "real": difference.is_real,
        "unknown": difference.unknown or None,
    }
