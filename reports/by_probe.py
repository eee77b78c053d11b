"""Judged windows -> what each probe and each session had over the hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from farm.hold_figures import lost_of_due, mean_over_time
from farm.known import known
from farm.trial import Direction, StreamInterval, StreamSetup, TrialPlan
from farm.webrtc_stats import MediaKind
from reports.grid import Array
from reports.trial_series import ByProbe, LossWindows, SetupTimes

_KINDS: tuple[MediaKind, ...] = ("audio", "video")


def by_probe(plan: TrialPlan, intervals: Sequence[StreamInterval]) -> ByProbe:
    """Means over the hold, in the plan's order; NaN for what a probe does not have."""
    streams: defaultdict[tuple[str, Direction, MediaKind], list[StreamInterval]] = defaultdict(list)
    for interval in intervals:
        streams[interval.probe, interval.direction, interval.kind].append(interval)

    def each(figure: Callable[[str], float]) -> Array:
        return np.array([figure(probe.probe) for probe in plan.probes], dtype=np.float64)

    def bitrates(direction: Direction) -> dict[MediaKind, Array]:
        return {
            kind: each(lambda probe, kind=kind: _bitrate(streams[probe, direction, kind]))  # type: ignore[misc]
            for kind in _KINDS
        }

    return ByProbe(
        probes=tuple(probe.probe for probe in plan.probes),
        sessions=tuple(probe.session for probe in plan.probes),
        roles=tuple(probe.role for probe in plan.probes),
        sent_bps=bitrates("outbound"),
        received_bps=bitrates("inbound"),
        lost_down=each(lambda probe: _or_nan(lost_of_due(_both(streams, probe, "inbound")))),
        lost_up=each(lambda probe: _lost_up(_both(streams, probe, "outbound"))),
        frame_rate=each(
            lambda probe: _or_nan(
                mean_over_time(streams[probe, "inbound", "video"], lambda each: each.frame_rate)
            )
        ),
    )


def loss_windows(plan: TrialPlan, intervals: Iterable[StreamInterval]) -> LossWindows:
    """The worst inbound stream of each session in each window."""
    inbound = [interval for interval in intervals if interval.direction == "inbound"]
    spans = {interval.window: (interval.start_s, interval.end_s) for interval in inbound}
    windows = sorted(spans)
    sessions = tuple(session.session for session in plan.sessions)
    row, column = ({name: i for i, name in enumerate(names)} for names in (sessions, windows))
    ratio = np.full((len(sessions), len(windows)), np.nan)
    for interval in inbound:
        if interval.residual_loss_ratio is not None:
            place = row[interval.session], column[interval.window]
            ratio[place] = np.fmax(ratio[place], interval.residual_loss_ratio)
    return LossWindows(
        sessions,
        np.array([spans[window][0] for window in windows], dtype=np.float64),
        np.array([spans[window][1] for window in windows], dtype=np.float64),
        ratio,
    )


def setup_times(setups: Sequence[StreamSetup]) -> SetupTimes:
    """The expected streams in the order given."""
    return SetupTimes(
        tuple(setup.probe for setup in setups),
        tuple(setup.kind for setup in setups),
        np.array(
            [np.nan if setup.setup_s is None else setup.setup_s for setup in setups],
            dtype=np.float64,
        ),
    )


def _both(
    streams: defaultdict[tuple[str, Direction, MediaKind], list[StreamInterval]],
    probe: str,
    direction: Direction,
) -> list[StreamInterval]:
    return [interval for kind in _KINDS for interval in streams[probe, direction, kind]]


def _bitrate(intervals: Sequence[StreamInterval]) -> float:
    """Of all tracks of one kind together."""
    means = known(
        mean_over_time(
            [each for each in intervals if each.track == track], lambda each: each.bitrate_bps
        )
        for track in {interval.track for interval in intervals}
    )
    return sum(means) if means else float("nan")


def _or_nan(figure: float | None) -> float:
    return float("nan") if figure is None else figure


def _lost_up(intervals: Iterable[StreamInterval]) -> float:
    """Of all that the probe sent, what the server's receiver reports missed."""
    lost, sent = 0, 0
    for interval in intervals:
        if interval.remote_packets_lost is not None and interval.packets is not None:
            lost += interval.remote_packets_lost
            sent += interval.packets
    return max(0.0, lost / sent) if sent else float("nan")
