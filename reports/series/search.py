"""Arrays for the figures of a search: one entry for each trial, in order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from farm.model.experiment import Experiment
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.search.capacity_estimate import Interval
from farm.search.from_experiment import search_after
from reports.series.grid import Array


@dataclass(frozen=True, slots=True, eq=False)
class SearchSeries:
    """The trials of a search, `(trials,)` each, NaN where unknown; CPU is of whole machines.

    Times are run time. A resumed search restarts run time: its later trials are moved behind the
    earlier ones.
    """

    index: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    load: Array
    start_s: Array
    end_s: Array
    server_cpu_percent: Array
    server_process_cpu_percent: Array
    host_cpu_percent: Array
    video_bitrate_bps: Array
    residual_loss_ratio: Array
    frame_rate: Array

    def largest_passed(self) -> Array:
        """The largest load that passed up to each trial, NaN before the first."""
        return np.fmax.accumulate(np.where(self._are(Outcome.PASS), self.load, np.nan))

    def smallest_failed(self) -> Array:
        """The smallest load that failed up to each trial, NaN before the first."""
        return np.fmin.accumulate(np.where(self._are(Outcome.FAIL), self.load, np.nan))

    def _are(self, outcome: Outcome) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return np.array([each == outcome for each in self.outcomes], dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class Threshold:
    """The CPU at which to start another server; `interval` is the range of its minute means."""

    cpu_percent: float
    interval: tuple[float, float]


@dataclass(frozen=True, slots=True, eq=False)
class CapacityCurve:
    """The probability that a trial passes at each of `loads`, by all trials, and the estimate.

    It is NaN below the smallest load that was judged and above the largest, and everywhere where no
    trial tells anything of the server: there only prior assumptions speak. `interval` and `probes`
    are those of `farm.search.capacity_estimate.CapacityEstimate`.
    """

    loads: Array
    chance: Array
    probes: int | None
    interval: Interval
    reliability: float
    confidence: float


def capacity_curve(experiment: Experiment, results: Sequence[TrialResult]) -> CapacityCurve:
    """The pass probability by load, from all trials of a search."""
    search = search_after(experiment, results)
    ladder, chance = search.pass_chances()
    loads = np.array(ladder, dtype=np.float64)
    judged = [each.load for each in search.trials if each.is_valid and not each.by_driver]
    tried = (loads >= min(judged, default=np.inf)) & (loads <= max(judged, default=-np.inf))
    estimate = search.estimate()
    return CapacityCurve(
        loads,
        np.where(tried, chance, np.nan),
        estimate.probes,
        estimate.interval,
        estimate.reliability,
        estimate.confidence,
    )


def search_series(results: Sequence[TrialResult]) -> SearchSeries:
    """The arrays of `results`, in the order of their trials."""
    ordered = sorted(results, key=lambda result: result.index)

    def column(values: Sequence[float | None]) -> Array:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    start_s = column([result.phases.ramp_s for result in ordered])
    end_s = column([_end_s(result) for result in ordered])
    shift_s = _shift_s(start_s, end_s)
    return SearchSeries(
        index=tuple(result.index for result in ordered),
        outcomes=tuple(result.verdict.outcome for result in ordered),
        load=column([result.load for result in ordered]),
        start_s=start_s + shift_s,
        end_s=end_s + shift_s,
        server_cpu_percent=column([result.server_cpu_percent for result in ordered]),
        server_process_cpu_percent=column(
            [result.server_process_cpu_percent for result in ordered]
        ),
        host_cpu_percent=column([result.host_cpu_percent for result in ordered]),
        video_bitrate_bps=column([result.video_bitrate_bps for result in ordered]),
        residual_loss_ratio=column([result.residual_loss_ratio for result in ordered]),
        frame_rate=column([result.frame_rate for result in ordered]),
    )


def _shift_s(start_s: Array, end_s: Array) -> Array:
    """The delay with which each trial is drawn, so that none begins before the one before ended."""
    delays_s = np.zeros_like(start_s)
    shift_s = 0.0
    former_end_s = -np.inf
    for i, (start, end) in enumerate(zip(start_s, end_s, strict=True)):
        if start + shift_s < former_end_s:
            shift_s = former_end_s - start
        delays_s[i] = shift_s
        if np.isfinite(end):
            former_end_s = end + shift_s
    return delays_s


def _end_s(result: TrialResult) -> float | None:
    phases = result.phases
    return phases.done_s if phases.done_s is not None else phases.leave_s
