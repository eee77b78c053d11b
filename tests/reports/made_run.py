"""Run folders of calls that never took place, recorded and judged as real ones are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from farm.analysis.trial_summary import summarise
from farm.evidence import trial_evidence
from farm.model.experiment import Experiment, TrialSettings
from farm.model.host_samples import HostFacts
from farm.model.page_samples import ProbeEvent
from farm.model.server_samples import ServerFacts, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.trial_plan import Purpose
from farm.model.trial_result import TrialResult
from farm.recording import RunRecording
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.testing import WALL_S, FakeClock
from farm.verdict import judge
from tests.synthetic import (
    MONOTONIC_S,
    Page,
    arrivals,
    call_plan,
    clock_reading,
    host_sample,
    server_sample,
)

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c6368"
    "00000082008177cd72b60000000049454e44ae426082"
)
"""One pixel."""

HOLD_S, SETTLE_S, HELD_S = 6.0, 2.0, 40.0


def made_manifest(name: str = "made up") -> Manifest:
    settings = replace(Experiment(), trial=TrialSettings(hold_s=HELD_S))
    return Manifest(
        WALL_S,
        "one_to_one",
        settings,
        name=name,
        versions={"farm": "0.1.0", "python": "3.11.2"},
        commit="0123abcd",
        chromium="156.0.1",
        chromium_flags=("--no-sandbox",),
        hosts=(HostFacts("here", "office", "generator-1", 2, 8 << 30, "6.1", "156.0.1"),),
        server=ServerFacts(
            "media-1", "6.1", 4, "A CPU", 16 << 30, "kurento", 77, "eth0", "local shell"
        ),
        kurento={"version": "7.3.0"},
    )


def new_run(directory: Path, manifest: Manifest | None = None) -> tuple[RunRecording, FakeClock]:
    clock = FakeClock()
    run = RunRecording.create(
        directory, "run", "scenario: {kind: one_to_one}\n", manifest or made_manifest(), clock
    )
    return run, clock


async def record_trial(
    run: RunRecording,
    clock: FakeClock,
    pages: Sequence[Page],
    *,
    index: int = 0,
    purpose: Purpose = "single",
    events: Sequence[ProbeEvent] = (),
    joins: Sequence[JoinOutcome] = (),
    faults: Sequence[Fault] = (),
    screenshots: Sequence[str] = (),
    server_cpu: float = 25.0,
    host_cpu: float = 40.0,
    judged: bool = True,
) -> TrialResult | None:
    """Record one trial of `pages` (two a session) and judge it; its clock begins at run time 0."""
    plan = replace(call_plan((len(pages) + 1) // 2, index), purpose=purpose)
    failed = {outcome.probe for outcome in joins}
    async with run.trial(plan) as trial:
        trial.clock(clock_reading())
        for phase, at_s in (("ramp", 0.0), ("settle", SETTLE_S), ("hold", HOLD_S)):
            trial.phase(phase, at_s)  # type: ignore[arg-type]
        for outcome in joins:
            trial.join(outcome)
        for probe in plan.probes:
            if probe.probe in failed:
                continue
            trial.join(JoinOutcome(probe.probe, probe.session, True, 1.5, at_s=1.5))
            for kind in ("audio", "video"):
                trial.event(
                    ProbeEvent(
                        probe.probe,
                        "setup",
                        MONOTONIC_S + 1.5,
                        "",
                        {"kind": kind, "setup_s": 0.7 if kind == "audio" else 0.9},
                    )
                )
        for event in events:
            trial.event(event)
        for report in arrivals(*(page for page in pages if page.probe not in failed)):
            clock.now_s = report.host_monotonic_s - MONOTONIC_S
            trial.page_report(report)
        for second in range(int(HOLD_S + HELD_S)):
            trial.host_sample(host_sample(float(second), host_cpu))
            trial.server_sample(_server(float(second), server_cpu))
        for name in screenshots:
            (trial.screenshots / name).write_bytes(PNG)
        for fault in faults:
            trial.fault(fault)
        if judged:
            trial.phase("leave", HOLD_S + HELD_S)
            trial.phase("done", HOLD_S + HELD_S + 1)
    if not judged:
        return None
    settings = made_manifest().settings
    evidence = trial_evidence(
        RunReader.open(run.path).trial(index),
        window_s=settings.trial.window_s,
        poll_s=settings.trial.poll_s,
    )
    result = summarise(evidence, judge(evidence, settings.criteria, settings.invalid, None))
    trial.write_result(result)
    return result


def pages(count: int, **spoilt: Page) -> list[Page]:
    """Pages `p000`..; by name, others in their place."""
    names = [f"p{number:03d}" for number in range(count)]
    return [spoilt.get(name, Page(name, seconds=HOLD_S + HELD_S)) for name in names]


def _server(second: float, cpu_percent: float) -> ServerSample:
    wave = cpu_percent * (1 + 0.2 * math.sin(second / 4))
    return replace(
        server_sample(second, wave),
        process_rss_bytes=int(2e8 + 1e6 * second),
        process_descriptors=60,
        received_bps=1.6e6,
        sent_bps=1.5e6,
    )
