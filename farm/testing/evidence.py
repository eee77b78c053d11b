"""Made-up evidence of good trials, which a test may change for the worse."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from farm.model.host_samples import HostSample
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import (
    JoinOutcome,
    Phases,
    PollCount,
    StreamInterval,
    StreamSetup,
    TrialEvidence,
)
from farm.model.trial_plan import Direction, ProbePlan, TrialPlan
from farm.model.webrtc_stats import MediaKind

HOLD_S = 30.0
"""When the hold of every such trial begins."""

WINDOW_S = 10


def good_evidence(plan: TrialPlan, *, windows: int = 4) -> TrialEvidence:
    """Evidence of a good trial of `plan`: nothing lost, 20 frames a second, machines at rest.

    The hold lasts `windows` of 10 s.
    """
    lasts_s = WINDOW_S * windows
    end_s = HOLD_S + lasts_s
    hosts = dict.fromkeys(probe.host for probe in plan.probes)
    return TrialEvidence(
        plan=plan,
        phases=Phases(ramp_s=10, settle_s=15, hold_s=HOLD_S, leave_s=end_s, done_s=end_s + 1),
        window_s=float(WINDOW_S),
        intervals=tuple(
            interval for probe in plan.probes for interval in _intervals(probe, windows, plan.mixed)
        ),
        setups=tuple(setup for probe in plan.probes for setup in _setups(probe)),
        joins=tuple(JoinOutcome(p.probe, p.session, True, join_s=0.5) for p in plan.probes),
        polls=tuple(PollCount(p.probe, lasts_s, received=lasts_s, late=0) for p in plan.probes),
        host_samples=tuple(
            host_second(second, host=host) for host in hosts for second in range(10, int(end_s) + 1)
        ),
        server_samples=tuple(
            ServerSample(float(second), cpu_percent=20.0, process_cpu_percent=30.0)
            for second in range(10, int(end_s) + 1)
        ),
    )


def host_second(second: float, **changes: Any) -> HostSample:
    """One second of a host at rest, but for `changes`."""
    sample = HostSample("here", 5000 + second, 40.0, 0.0, "Chrome_IOThread", 20.0, 10**9, 0.0)
    at_rest = {"run_s": float(second), "memory_bytes": 2 * 10**9, "udp_drops": 0}
    return replace(sample, **{**at_rest, **changes})


def unjoined(evidence: TrialEvidence, probe: str, reason: str, message: str) -> TrialEvidence:
    """The evidence with one probe that did not join: none of its streams was set up."""
    return replace(
        evidence,
        joins=tuple(
            replace(join, joined=False, reason=reason, message=message, at_s=12.0)
            if join.probe == probe
            else join
            for join in evidence.joins
        ),
        setups=tuple(
            replace(setup, setup_s=None) if setup.probe == probe else setup
            for setup in evidence.setups
        ),
        intervals=tuple(each for each in evidence.intervals if each.probe != probe),
        polls=tuple(count for count in evidence.polls if count.probe != probe),
    )


def _setups(probe: ProbePlan) -> Iterator[StreamSetup]:
    for place, kind in enumerate(probe.receives):
        track = probe.receives[:place].count(kind)
        yield StreamSetup(probe.probe, probe.session, probe.role, kind, 0.8, track=track)


def _intervals(probe: ProbePlan, windows: int, mixed: bool) -> Iterator[StreamInterval]:
    directions: tuple[tuple[Direction, tuple[MediaKind, ...]], ...] = (
        ("outbound", probe.sends),
        ("inbound", probe.receives),
    )
    for direction, kinds in directions:
        for place, kind in enumerate(kinds):
            track = kinds[:place].count(kind)
            for window in range(windows):
                yield _interval(probe, direction, kind, track=track, window=window, mixed=mixed)


def _interval(
    probe: ProbePlan, direction: Direction, kind: MediaKind, *, track: int, window: int, mixed: bool
) -> StreamInterval:
    video, inbound = kind == "video", direction == "inbound"
    bitrate_bps = 500_000.0 if video else 32_000.0
    width, height = (800, 600) if mixed and inbound else (640, 480)
    start_s = HOLD_S + WINDOW_S * window
    return StreamInterval(
        probe=probe.probe,
        session=probe.session,
        role=probe.role,
        direction=direction,
        kind=kind,
        window=window,
        start_s=start_s,
        end_s=start_s + WINDOW_S,
        polls=10,
        packets=600 if video else 500,
        payload_bytes=int(bitrate_bps * WINDOW_S / 8),
        bitrate_bps=bitrate_bps,
        residual_loss_ratio=0.0,
        repair_ratio=0.0,
        frame_rate=20.0 if video else None,
        frame_width=width if video else None,
        frame_height=height if video else None,
        stalled_ratio=0.0 if video and inbound else None,
        gap_s=0.1 if inbound else None,
        target_bitrate_bps=None if inbound else bitrate_bps,
        capture_frame_rate=20.0 if video and not inbound else None,
        packets_lost=0,
        quality_limited_by_cpu_ratio=0.0 if video and not inbound else None,
        track=track,
        asked_frame_rate=20.0 if video and not inbound else None,
    )
