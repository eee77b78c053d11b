"""Drift of the server: repeated trials at the smallest load, compared with the first ones. Pure.

Every trial at the baseline's load after those that made the baseline is a drift check. A figure has
*moved* when it left the range of the baseline's trials by more than that range is wide, and by more
than `SLACKS` allows; a check that fails has moved, too. One check that moved may be chance and is
repeated at once; two in a row that moved the same way are drift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from farm.analysis.aggregates import known
from farm.analysis.trend import Trend, trend
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome


@dataclass(frozen=True, slots=True)
class Slack:
    """How much a figure may move: a share of the first ones' mean, and at least `least`."""

    name: str
    share: float
    least: float
    unit: str
    scale: float = 1.0

    def text(self, value: float) -> str:
        """A value of the figure with its unit."""
        return f"{value * self.scale:.3g}{self.unit}"


SLACKS: Mapping[str, Slack] = {
    "frame_rate": Slack("frame rate", 0.1, 0.5, "/s"),
    "video_bitrate_bps": Slack("received video", 0.1, 10e3, " kbit/s", 1e-3),
    "residual_loss_ratio": Slack("loss", 0.0, 0.005, " %", 100.0),
    "cpu_percent": Slack("CPU", 0.2, 5.0, " %"),
    "memory_bytes": Slack("memory", 0.2, 8e6, " MB", 1e-6),
}
"""Quality may move as much as two baselines may differ, the machine as a verified reset may."""

_FAILED = ("verdict", True)

Moved = set[tuple[str, bool]]
"""Figures that moved, each with whether it rose."""


def figures(result: TrialResult) -> Mapping[str, float | None]:
    """The figures that are compared; CPU and memory of the media server's process if known."""
    own = result.server_process_cpu_percent
    return {
        "frame_rate": result.frame_rate,
        "video_bitrate_bps": result.video_bitrate_bps,
        "residual_loss_ratio": result.residual_loss_ratio,
        "cpu_percent": result.server_cpu_percent if own is None else own,
        "memory_bytes": result.server_memory_bytes,
    }


def allowance(figure: str, first: Sequence[float]) -> float:
    """How far beyond the first ones a figure may be: their spread, or the slack where larger."""
    slack = SLACKS[figure]
    return max(max(first) - min(first), abs(fmean(first)) * slack.share, slack.least)


@dataclass(frozen=True, slots=True)
class Movement:
    """One figure over all checks; `first` is the range of the baseline's trials."""

    figure: str
    first: tuple[float, float]
    last: float
    moved: bool
    trend: Trend | None


@dataclass(frozen=True, slots=True)
class DriftChecks:
    """When a drift check is due, and what the checks so far show.

    `first` are the indices of the trials that made the baseline, `load` is theirs. A check is due
    after `every` trials without one, and at the end of the search; an invalid check is repeated
    `invalid_retries` times.
    """

    load: int
    first: tuple[int, ...]
    every: int
    invalid_retries: int = 0

    def due(self, results: Sequence[TrialResult], *, ended: bool) -> bool:
        """Whether the next trial is to be a check; `ended`: the search wants no further load."""
        if invalid := self.invalid_at_the_end(results):
            return invalid <= self.invalid_retries
        checks = self.later(results)
        if checks and checks[-1] is results[-1] and self._moved(results, checks[-1]):
            return len(checks) < 2 or not self._moved(results, checks[-2])
        since = 0
        for result in reversed(results):
            if result.load == self.load:
                break
            since += 1
        return since >= (1 if ended else self.every)

    def invalid_at_the_end(self, results: Sequence[TrialResult]) -> int:
        """How many of the last trials were invalid checks."""
        shown = (
            at
            for at, result in enumerate(reversed(results))
            if result.purpose != "drift" or result.verdict.outcome is not Outcome.INVALID
        )
        return next(shown, len(results))

    def drifted(self, results: Sequence[TrialResult]) -> tuple[str, ...]:
        """What moved in both of the last two checks, a text each; empty: nothing did."""
        checks = self.later(results)[-2:]
        if len(checks) < 2:
            return ()
        moved = self._moved(results, checks[0]) & self._moved(results, checks[1])
        texts = ["the baseline's own load fails"] if _FAILED in moved else []
        for name, rose in sorted(moved - {_FAILED}):
            slack, first = SLACKS[name], self._first(results, name)
            now = figures(checks[1])[name] or 0.0
            was = max(first) if rose else min(first)
            texts.append(f"{slack.name} {slack.text(now)}, at first {slack.text(was)}")
        return tuple(texts)

    def later(self, results: Sequence[TrialResult]) -> list[TrialResult]:
        """The valid trials at the load after those that made the baseline."""
        return [
            result
            for result in results
            if result.load == self.load
            and result.index > max(self.first)
            and result.verdict.outcome is not Outcome.INVALID
        ]

    def movements(
        self, results: Sequence[TrialResult], wall_s: Mapping[int, float], confidence: float
    ) -> tuple[Movement, ...]:
        """Each figure that is known, over all checks; `wall_s` is when each trial began."""
        later = self.later(results)
        checks = [each for each in results if each.index in self.first] + later
        moved = {name for name, _ in self._moved(results, later[-1])} if later else set()
        timed = [each for each in checks if each.index in wall_s]
        movements = []
        for name in SLACKS:
            first, seen = self._first(results, name), known(figures(each)[name] for each in checks)
            if first:
                over_time = trend(
                    [wall_s[each.index] for each in timed],
                    [figures(each)[name] for each in timed],
                    confidence,
                )
                movement = Movement(
                    name, (min(first), max(first)), seen[-1], name in moved, over_time
                )
                movements.append(movement)
        return tuple(movements)

    def _first(self, results: Sequence[TrialResult], name: str) -> list[float]:
        return known(figures(each)[name] for each in results if each.index in self.first)

    def _moved(self, results: Sequence[TrialResult], check: TrialResult) -> Moved:
        moved: Moved = {_FAILED} if check.verdict.outcome is Outcome.FAIL else set()
        for name, value in figures(check).items():
            first = self._first(results, name)
            if value is None or not first:
                continue
            margin = allowance(name, first)
            if value > max(first) + margin:
                moved.add((name, True))
            elif value < min(first) - margin:
                moved.add((name, False))
        return moved
