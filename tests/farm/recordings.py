"""Recordings made by the real writer of what synthetic pages did."""

from __future__ import annotations

from pathlib import Path

from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.trial_plan import TrialPlan
from farm.recording import RunRecording
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from farm.testing import FakeClock
from tests.synthetic import (
    MONOTONIC_S,
    Page,
    arrivals,
    call_plan,
    clock_reading,
    host_sample,
    manifest,
    server_sample,
)


def new_run(directory: Path, clock: FakeClock) -> RunRecording:
    return RunRecording.create(directory, "run", "scenario: one_to_one\n", manifest(), clock)


async def recorded(
    directory: Path,
    *pages: Page,
    plan: TrialPlan | None = None,
    hold: tuple[float, float] = (10.0, 30.0),
    fault: Fault | None = None,
) -> TrialReader:
    """A trial in which every page of the plan joined, its polls beginning at run time 0."""
    clock = FakeClock()
    plan = plan or call_plan()
    with new_run(directory, clock) as run:
        async with run.trial(plan) as trial:
            trial.clock(clock_reading())
            trial.phase("ramp", 0.0)
            for probe in plan.probes:
                trial.join(JoinOutcome(probe.probe, probe.session, True, 1.5))
                for kind, setup_s in (("audio", 0.5), ("video", 0.75)):
                    data = {"kind": kind, "track": kind, "connection": "pc1", "setup_s": setup_s}
                    trial.event(ProbeEvent(probe.probe, "setup", MONOTONIC_S + 2, "", data))
            trial.phase("settle", 5.0)
            trial.phase("hold", hold[0])
            for report in arrivals(*pages):
                clock.now_s = report.host_monotonic_s - MONOTONIC_S
                trial.page_report(report)
            for second in range(round(hold[1])):
                trial.host_sample(host_sample(float(second)))
                trial.server_sample(server_sample(float(second)))
            if fault is not None:
                trial.fault(fault)
            else:
                trial.phase("leave", hold[1])
            trial.phase("done", hold[1] + 1)
    return RunReader.open(run.path).trial(plan.index)
