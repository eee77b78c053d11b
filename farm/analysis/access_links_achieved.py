"""What emulated access links achieved, by the statistics of the probes behind them. Pure.

Chromium may not achieve the delay or loss that it was asked for, so both are reported.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from farm.analysis.aggregates import known, lost_by, mean_over_time, median_known
from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import StreamInterval, TrialEvidence
from farm.model.trial_plan import Direction, ProbePlan
from farm.model.trial_result import AccessLinkAchieved


def access_links_achieved(evidence: TrialEvidence) -> tuple[AccessLinkAchieved, ...]:
    """One for each emulated access link, medians over its probes; those without one last.

    Empty where none was emulated. Losses are those of audio, which is never retransmitted: up as
    the server's receiver reports count it, down as the probe does.
    """
    behind: defaultdict[str, list[ProbePlan]] = defaultdict(list)
    for probe in sorted(evidence.plan.probes, key=lambda each: each.line is None):
        behind[repr(probe.line)].append(probe)
    if all(probe.line is None for probe in evidence.plan.probes):
        return ()
    of_probe: defaultdict[str, list[StreamInterval]] = defaultdict(list)
    for interval in evidence.intervals:
        of_probe[interval.probe].append(interval)
    audios = Intervals.of(evidence.intervals).frame.filter(kind="audio")
    lost = {
        (probe, direction): ratio
        for probe, direction, ratio in lost_by(audios, ("probe", "direction")).iter_rows()
    }
    return tuple(
        _achieved(probes, [of_probe[probe.probe] for probe in probes], lost)
        for probes in behind.values()
    )


def _achieved(
    probes: list[ProbePlan],
    streams: list[list[StreamInterval]],
    lost: Mapping[tuple[str, Direction], float | None],
) -> AccessLinkAchieved:
    def median(figure: Callable[[list[StreamInterval]], float | None]) -> float | None:
        return median_known(figure(intervals) for intervals in streams)

    return AccessLinkAchieved(
        asked=probes[0].line,
        probes=len(probes),
        round_trip_time_s=median(
            lambda each: mean_over_time(_only(each, "outbound"), lambda one: one.round_trip_time_s)
        ),
        up_loss_ratio=median_known(lost.get((each.probe, "outbound")) for each in probes),
        down_loss_ratio=median_known(lost.get((each.probe, "inbound")) for each in probes),
        video_up_bps=median(lambda each: _total_bps(_only(each, "outbound", "video"))),
        video_down_bps=median(lambda each: _total_bps(_only(each, "inbound", "video"))),
    )


def _total_bps(intervals: list[StreamInterval]) -> float | None:
    """The sum of the mean bitrates of all tracks."""
    of_track: defaultdict[int, list[StreamInterval]] = defaultdict(list)
    for interval in intervals:
        of_track[interval.track].append(interval)
    rates = known(mean_over_time(each, lambda one: one.bitrate_bps) for each in of_track.values())
    return sum(rates) if rates else None


def _only(
    intervals: Iterable[StreamInterval], direction: str, kind: str | None = None
) -> list[StreamInterval]:
    return [each for each in intervals if each.direction == direction and kind in (None, each.kind)]
