"""Run folders of searches that never took place, on servers of known capacity."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from farm.model.experiment import Experiment, SearchSettings
from farm.model.server_samples import ServerFacts
from farm.model.trial_plan import Purpose
from farm.model.verdict import Outcome
from farm.planning.trial_planning import plan_trial
from farm.recording import RunRecording
from farm.recording.manifest import Manifest
from farm.testing import WALL_S, FakeClock
from tests.farm.trial_evidence import judged_trial

SETTINGS = Experiment(search=SearchSettings(maximum=40))
SEARCH = (2, 2, 4, 8, 16, 32)


async def made(
    directory: Path,
    name: str,
    capacity: int,
    settings: Experiment = SETTINGS,
    *,
    state: str = "converged",
    version: str = "7.2.0",
    purpose: Purpose = "search",
) -> Path:
    """The run of a server that holds `capacity` probes: a step, tried on either side of it."""
    server = ServerFacts("media-1", "6.1", 8, "A CPU", 16 << 30, "kurento", 7, "eth0", "SSH")
    manifest = Manifest(
        WALL_S,
        settings.scenario.kind,
        settings,
        server=server,
        chromium="156.0.1",
        kurento={"type": "KMS", "version": version},
    )
    loads = [load for load in SEARCH if load <= 2 * capacity]
    loads += [capacity - 2, capacity, capacity + 2, capacity, capacity + 2, capacity + 4] * 2
    loads = [load for load in loads if load > 0]
    if state == "ceiling_passed":
        loads = [load for load in loads if load <= capacity]
    with RunRecording.create(directory, name, "format: 1\n", manifest, FakeClock()) as run:
        for index, load in enumerate(loads):
            plan = plan_trial(settings, load, index=index, purpose=purpose, hosts=["here"])
            async with run.trial(plan) as trial:
                pass
            outcome = Outcome.PASS if load <= capacity else Outcome.FAIL
            trial.write_result(replace(judged_trial(index, load, outcome), purpose=purpose))
        run.write_summary({"format": 1, "state": state, "scenario": settings.scenario.kind})
        return run.path
