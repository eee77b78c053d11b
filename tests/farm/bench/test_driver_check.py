"""Checking a driver: what the trials are worth where a later one cannot be made."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from farm.bench.driver_check import check_driver
from farm.bench.silent import SilentObserver
from farm.cli.checked_experiment import experiment_for
from farm.drivers import read_driver
from farm.drivers.step_places import step_places
from farm.errors import FarmError, NoSpace
from farm.model.experiment import AppSettings, Experiment, OutputSettings, Scenario
from farm.model.server_settings import ServerSettings
from farm.planning.load_steps import smallest_load
from farm.results.driver_check import DriverText

pytestmark = pytest.mark.live

ROLE = """
    join: [goto: "{app_url}"]
    joined: [wait_for: {function: "document.body.dataset.state === 'in call'"}]
"""


@dataclass
class Interrupted(SilentObserver):
    """Of a run that is broken off by an error as the trial of two sessions begins."""

    error: FarmError
    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def note(self, text: str) -> None:
        if any("two sessions" in line for line in self.lines):
            raise self.error


async def test_an_answer_stays_one_though_two_sessions_cannot_be_tried(
    tmp_path: Path, call_app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    file = tmp_path / "mine.yaml"
    file.write_text(f"format: 1\nroles:\n  callee:{ROLE}  caller:{ROLE}")
    experiment = experiment_for(
        Experiment(
            scenario=Scenario(kind="one_to_one"),
            app=AppSettings(run=None, url=f"{call_app}call?calls=1", driver=str(file)),
            server=ServerSettings(kurento=None),
            output=OutputSettings(directory=tmp_path / "runs"),
        ),
        "mine",
    )
    text = DriverText("mine.yaml", step_places(read_driver(str(file)), file.read_text()))
    observer = Interrupted(NoSpace("the disk is full"))
    check = await check_driver(
        experiment, smallest_load(experiment.scenario), text, observer, observer.say
    )
    assert check.works, [trial.problems for trial in check.trials]
    assert check.beside is None
    assert observer.lines[-1] == "two sessions at the same time: the disk is full"
