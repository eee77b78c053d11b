"""The session of the worst quality, which averages would hide. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.analysis.aggregates import known, mean_over_time
from farm.model.trial_plan import SessionPlan
from farm.model.verdict import WorstSession
from farm.verdict.causes import Finding
from farm.verdict.trial_streams import TrialStreams


def worst_session(streams: TrialStreams, findings: Sequence[Finding]) -> WorstSession | None:
    """The session of the worst finding; without one that of the most loss, then of the fewest
    frames, then of the lowest bitrate. Its figures are those of its worst receiver."""
    sessions = streams.evidence.plan.sessions
    if findings:
        worst = findings[0].probe.session
        return next(_figures(each, streams) for each in sessions if each.session == worst)
    return min((_figures(each, streams) for each in sessions), key=_quality, default=None)


def _quality(session: WorstSession) -> tuple[float, float, float]:
    unknown = float("inf")
    return (
        -(session.residual_loss_ratio or 0.0),
        unknown if session.frame_rate is None else session.frame_rate,
        unknown if session.video_bitrate_bps is None else session.video_bitrate_bps,
    )


def _figures(session: SessionPlan, streams: TrialStreams) -> WorstSession:
    losses: list[float | None] = []
    bitrates: list[float | None] = []
    frame_rates: list[float | None] = []
    for probe in session.probes:
        losses += [streams.inbound_loss(probe.probe, kind) for kind in set(probe.receives)]
        for stream in streams.owed(probe.probe, "inbound", "video"):
            windows = streams.windows(probe.probe, "inbound", "video", stream.track).values()
            owed = [interval for interval in windows if interval.owed]
            bitrates.append(mean_over_time(owed, lambda one: one.bitrate_bps))
            if not stream.screen:
                frame_rates.append(mean_over_time(owed, lambda one: one.frame_rate))
    return WorstSession(
        session.session,
        residual_loss_ratio=max(known(losses), default=None),
        video_bitrate_bps=min(known(bitrates), default=None),
        frame_rate=min(known(frame_rates), default=None),
    )
