"""How a story's errors reach the command line."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from farm.bench.running import first_footprint, run_to_end
from farm.errors import NoSpace
from farm.model.server_samples import Footprint, ResetReport
from farm.model.verdict import Outcome
from farm.recording.reader import RunReader
from tests.farm.trial_evidence import judged_trial
from tests.reports.made_run import new_run
from tests.synthetic import call_plan


async def fails_in_tasks(*errors: Exception) -> None:
    async def fail(error: Exception) -> None:
        raise error

    async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
        for error in errors:
            inner.create_task(fail(error))
        outer.create_task(asyncio.sleep(60))


def test_a_full_disk_met_in_a_task_is_told_as_a_full_disk() -> None:
    with pytest.raises(NoSpace, match="disk is full"):
        run_to_end(fails_in_tasks(NoSpace("the disk is full"), NoSpace("the disk is full")))


def test_a_bug_is_not_hidden_behind_it() -> None:
    with pytest.raises(ExceptionGroup):
        run_to_end(fails_in_tasks(NoSpace("the disk is full"), ZeroDivisionError()))


def test_what_a_story_returns_is_returned() -> None:
    async def story() -> int:
        return 42

    assert run_to_end(story()) == 42


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
