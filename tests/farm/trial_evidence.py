"""Evidence of trials that never took place: good ones, to be spoilt by a test."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from farm.model.experiment import Experiment, ProbeSettings, RoomMedia, Scenario, ScenarioKind
from farm.model.host_samples import HostSample
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import (
    Fault,
    JoinOutcome,
    Phases,
    PollCount,
    StreamInterval,
    StreamSetup,
    TrialEvidence,
)
from farm.model.trial_plan import Direction, ProbePlan, Purpose
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason, Verdict, WorstSession
from farm.model.webrtc_stats import MediaKind
from farm.planning.trial_planning import plan_trial

HOLD_S = 30.0
"""When the hold of every made trial begins."""

Change = dict[str, Any]
Spoil = Callable[[StreamInterval], Change | None]


def good(
    kind: ScenarioKind = "one_to_one",
    load: int = 2,
    *,
    windows: int = 4,
    members: int = 4,
    index: int = 0,
    purpose: Purpose = "search",
    probes: ProbeSettings | None = None,
    hosts: Sequence[str] = ("here",),
    media: RoomMedia | None = None,
) -> TrialEvidence:
    """Nothing lost, 20 frames a second, the machines at rest."""
    if kind == "group" and media is None:
        media = "mixed"
    scenario = Scenario(kind=kind, members=members, media=media)
    experiment = Experiment(scenario=scenario, probes=probes or ProbeSettings())
    plan = plan_trial(experiment, load, index=index, purpose=purpose, hosts=hosts)
    end_s = HOLD_S + 10 * windows
    return TrialEvidence(
        plan=plan,
        phases=Phases(ramp_s=10, settle_s=15, hold_s=HOLD_S, leave_s=end_s, done_s=end_s + 1),
        window_s=10.0,
        intervals=tuple(
            _interval(probe, direction, kind, kinds[:place].count(kind), window, plan.mixed)
            for probe in plan.probes
            for direction, kinds in _directions(probe)
            for place, kind in enumerate(kinds)
            for window in range(windows)
        ),
        setups=tuple(
            StreamSetup(
                probe.probe,
                probe.session,
                probe.role,
                kind,
                0.8,
                track=probe.receives[:place].count(kind),
            )
            for probe in plan.probes
            for place, kind in enumerate(probe.receives)
        ),
        joins=tuple(JoinOutcome(p.probe, p.session, True, join_s=0.5) for p in plan.probes),
        polls=tuple(
            PollCount(p.probe, 10 * windows, received=10 * windows, late=0) for p in plan.probes
        ),
        host_samples=tuple(
            host_second(second, host=host) for host in hosts for second in range(10, int(end_s) + 1)
        ),
        server_samples=tuple(
            ServerSample(float(second), cpu_percent=20.0, process_cpu_percent=30.0)
            for second in range(10, int(end_s) + 1)
        ),
    )


def spoilt(evidence: TrialEvidence, spoil: Spoil) -> TrialEvidence:
    """The same with each interval changed as `spoil` says; None leaves it as it is."""
    return dataclasses.replace(
        evidence,
        intervals=tuple(
            dataclasses.replace(interval, **(spoil(interval) or {}))
            for interval in evidence.intervals
        ),
    )


def losing(share: float, direction: Direction = "inbound", due: int = 600) -> Change:
    """The figures of a window in which that share of what was due got lost."""
    lost = round(share * due)
    arrived = due - lost if direction == "inbound" else due
    return {"packets": arrived, "packets_lost": lost, "residual_loss_ratio": lost / due}


def stream(
    probe: str,
    direction: Direction,
    kind: MediaKind,
    windows: Iterable[int] = range(100),
    **changes: Any,
) -> Spoil:
    """Changes one stream in some windows."""
    chosen = set(windows)

    def spoil(interval: StreamInterval) -> Change | None:
        mine = (interval.probe, interval.direction, interval.kind) == (probe, direction, kind)
        return changes if mine and interval.window in chosen else None

    return spoil


def with_fault(evidence: TrialEvidence, fault: Fault) -> TrialEvidence:
    return dataclasses.replace(evidence, faults=(*evidence.faults, fault))


def unjoined(evidence: TrialEvidence, probe: str, reason: str, message: str) -> TrialEvidence:
    """The same, but this probe never got in: no setup, no stream of its."""
    return dataclasses.replace(
        evidence,
        joins=tuple(
            dataclasses.replace(join, joined=False, reason=reason, message=message, at_s=12.0)
            if join.probe == probe
            else join
            for join in evidence.joins
        ),
        setups=tuple(
            dataclasses.replace(setup, setup_s=None) if setup.probe == probe else setup
            for setup in evidence.setups
        ),
        intervals=tuple(each for each in evidence.intervals if each.probe != probe),
        polls=tuple(count for count in evidence.polls if count.probe != probe),
    )


def host_second(second: float, **changes: Any) -> HostSample:
    """One second of a host at rest."""
    sample = HostSample("here", 5000 + second, 40.0, 0.0, "Chrome_IOThread", 20.0, 10**9, 0.0)
    at_rest = {"run_s": float(second), "memory_bytes": 2 * 10**9, "udp_drops": 0}
    return dataclasses.replace(sample, **{**at_rest, **changes})


def with_host(evidence: TrialEvidence, seconds: Iterable[int], **changes: Any) -> TrialEvidence:
    """The same, but the host has other figures in some seconds of run time."""
    chosen = set(seconds)
    return dataclasses.replace(
        evidence,
        host_samples=tuple(
            dataclasses.replace(sample, **changes) if sample.run_s in chosen else sample
            for sample in evidence.host_samples
        ),
    )


def _directions(probe: ProbePlan) -> tuple[tuple[Direction, tuple[MediaKind, ...]], ...]:
    return (("outbound", probe.sends), ("inbound", probe.receives))


def _interval(
    probe: ProbePlan, direction: Direction, kind: MediaKind, track: int, window: int, mixed: bool
) -> StreamInterval:
    video, inbound = kind == "video", direction == "inbound"
    bitrate_bps = 500_000.0 if video else 32_000.0
    width, height = (800, 600) if mixed and inbound else (640, 480)
    return StreamInterval(
        probe=probe.probe,
        session=probe.session,
        role=probe.role,
        direction=direction,
        kind=kind,
        window=window,
        start_s=HOLD_S + 10 * window,
        end_s=HOLD_S + 10 * window + 10,
        polls=10,
        packets=600 if video else 500,
        payload_bytes=int(bitrate_bps * 10 / 8),
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


def judged_trial(
    index: int,
    load: int,
    outcome: Outcome,
    reasons: tuple[Reason, ...] = (),
    *,
    server_cpu_percent: float | None = 20.0,
) -> TrialResult:
    """The result of a trial of calls."""
    return TrialResult(
        index=index,
        load=load,
        purpose="search",
        verdict=Verdict(
            outcome,
            reasons,
            units=load // 2,
            units_failed=int(outcome is Outcome.FAIL),
            established=load,
            worst_session=WorstSession("s000", 0.0, 500_000.0, 20.0),
        ),
        phases=Phases(ramp_s=10, settle_s=15, hold_s=HOLD_S, leave_s=70, done_s=71),
        server_cpu_percent=server_cpu_percent,
        server_process_cpu_percent=None,
        host_cpu_percent=40.0,
        video_bitrate_bps=500_000.0,
        residual_loss_ratio=0.0,
        frame_rate=20.0,
        setup_median_s=0.8,
        setup_worst_s=0.9,
    )
