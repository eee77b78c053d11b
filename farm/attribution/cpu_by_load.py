"""A line through the server's CPU over the load, and whether the CPU follows it. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from farm.analysis.straight_line import line_through
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wording import counted

FEWEST_LOADS = 3
LEAST_BEND_PERCENT = 2.0
BEND_SHARE = 0.08
"""The largest distance from the line that counts as linear: in points, by the CPU's range."""


@dataclass(frozen=True, slots=True)
class CpuByLoad:
    """A line through the means of the loads that passed: `idle_percent + slope * probes`.

    `percent_per_probe` is of the whole machine. `linear` is None with fewer than 3 loads; else
    `off_percent`, the largest distance of a load's mean from the line, decides. `said` is
    that in a sentence.
    """

    percent_per_probe: float
    idle_percent: float
    loads: int
    linear: bool | None
    off_percent: float
    said: str


def cpu_by_load(results: Sequence[TrialResult]) -> CpuByLoad | None:
    """The line of the trials that passed; None with fewer than two loads."""
    known: defaultdict[int, list[float]] = defaultdict(list)
    for result in results:
        if result.verdict.outcome is Outcome.PASS and result.server_cpu_percent is not None:
            known[result.load].append(result.server_cpu_percent)
    if len(known) < 2:
        return None
    means = {load: fmean(values) for load, values in sorted(known.items())}
    line = line_through(list(means.items()))
    off = {load: line.off(load, cpu) for load, cpu in means.items()}
    farthest = max(off, key=lambda load: abs(off[load]))
    allowed = max(LEAST_BEND_PERCENT, BEND_SHARE * (max(means.values()) - min(means.values())))
    linear = None if len(means) < FEWEST_LOADS else abs(off[farthest]) <= allowed
    return CpuByLoad(
        line.slope,
        line.intercept,
        len(means),
        linear,
        abs(off[farthest]),
        _said(line.slope, linear, off, farthest),
    )


def _said(slope: float, linear: bool | None, off: dict[int, float], farthest: int) -> str:
    each = f"each probe takes {slope:.2g} % of the machine"
    if linear is None:
        return f"{each}, over {len(off)} loads: too few to distinguish a line from a curve"
    distance = abs(off[farthest])
    if linear:
        return f"{each}, on a straight line (no load is more than {distance:.2g} points off)"
    side = "above" if off[farthest] > 0 else "below"
    is_off = (
        f"{counted(farthest, 'probe')} {'is' if farthest == 1 else 'are'} {distance:.2g} points"
    )
    return f"{each} on average, not on a straight line: {is_off} {side} it"
