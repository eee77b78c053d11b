"""What a run is taken up with."""

from __future__ import annotations

from pathlib import Path

from farm.bench.opening import first_footprint
from farm.model.server_samples import Footprint, ResetReport
from farm.model.verdict import Outcome
from farm.recording.reader import RunReader
from tests.farm.trial_evidence import judged_trial
from tests.reports.made_run import new_run
from tests.synthetic import call_plan


async def test_the_first_footprint_of_a_run_is_that_of_its_first_judged_trial(
    tmp_path: Path,
) -> None:
    run, clock = new_run(tmp_path)
    footprints = [Footprint(1.0, 26_000_000 + index, 30, 40) for index in range(3)]
    with run:
        for index, footprint in enumerate(footprints):
            async with run.trial(call_plan(index=index)) as trial:
                trial.reset(ResetReport(True, 1, None if index == 1 else footprint))
            if index > 0:  # the first was cut off
                trial.write_result(judged_trial(index, 2, Outcome.PASS))
        assert clock.run_s() < 1
    assert first_footprint(RunReader.open(run.path)) == footprints[2]
