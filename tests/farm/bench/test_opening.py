"""What is found wrong before anything is started, and what a run is taken up with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from farm.bench.opening import first_footprint, open_bench
from farm.errors import BadInput, ExperimentError
from farm.model.experiment import AppSettings, Experiment, HostSettings, ProbeSettings, Scenario
from farm.model.server_samples import Footprint, ResetReport
from farm.model.verdict import Outcome
from farm.recording.reader import RunReader
from tests.farm.trial_evidence import judged_trial
from tests.pages.serving import serving
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


async def opened(experiment: Experiment, directory: Path) -> None:
    async with open_bench(experiment, directory=directory):
        pytest.fail("it was opened")


async def test_settings_that_do_not_fit_together_are_refused_before_there_is_a_folder(
    tmp_path: Path,
) -> None:
    changed = replace(Experiment(), trial=replace(Experiment().trial, hold_s=15.0))
    with pytest.raises(ExperimentError, match=r"trial\.hold: 15s: expected two windows or more"):
        await opened(changed, tmp_path)
    assert list(tmp_path.iterdir()) == []


async def test_what_is_missing_here_is_told_before_there_is_a_folder(tmp_path: Path) -> None:
    changed = replace(Experiment(), probes=ProbeSettings(chromium=tmp_path / "no-chromium"))
    with pytest.raises(BadInput, match="no-chromium"):
        await opened(changed, tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


async def test_a_page_that_does_not_answer_leaves_no_folder_behind(tmp_path: Path) -> None:
    page = AppSettings(run=None, url="http://127.0.0.1:9/", driver="demo_one_to_one")
    server = replace(Experiment().server, kurento=None)
    changed = replace(Experiment(), app=page, server=server, hosts=(HostSettings(),))
    with pytest.raises(BadInput, match=r"app\.url: http://127\.0\.0\.1:9/: nothing answers there"):
        await opened(changed, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []


async def test_an_end_point_that_lets_no_page_in_leaves_no_folder_behind(tmp_path: Path) -> None:
    with serving(web.Application) as url:
        app = AppSettings(run="whip", publish=f"{url}{{session}}/whip", play=f"{url}{{session}}/w")
        server = replace(Experiment().server, kurento=None)
        changed = replace(Experiment(), scenario=Scenario(kind="broadcast"), app=app, server=server)
        with pytest.raises(BadInput, match=r"app\.publish: .*: browsers let no page use it"):
            await opened(changed, tmp_path / "runs")
    assert list((tmp_path / "runs").iterdir()) == []
