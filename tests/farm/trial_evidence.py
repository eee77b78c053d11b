"""Evidence of trials that never took place: good ones, to be spoilt by a test."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from farm.model.experiment import Experiment, ProbeSettings, RoomMedia, Scenario, ScenarioKind
from farm.model.trial_evidence import Fault, Phases, StreamInterval, TrialEvidence
from farm.model.trial_plan import Direction, Purpose
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason, Verdict, WorstSession
from farm.model.webrtc_stats import MediaKind
from farm.planning.trial_planning import plan_trial
from farm.testing import good_evidence

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
    return good_evidence(plan, windows=windows)


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
        phases=Phases(ramp_s=10, settle_s=15, hold_s=30, leave_s=70, done_s=71),
        server_cpu_percent=server_cpu_percent,
        server_process_cpu_percent=None,
        host_cpu_percent=40.0,
        video_bitrate_bps=500_000.0,
        residual_loss_ratio=0.0,
        frame_rate=20.0,
        setup_median_s=0.8,
        setup_worst_s=0.9,
    )
