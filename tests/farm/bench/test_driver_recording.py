"""Drivers recorded at the demo app, whose forms a person would use: headless, and programmed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from farm.bench.driver_check import check_driver
from farm.bench.driver_recording import Typed, record_driver
from farm.bench.silent import SilentObserver
from farm.browser.recorded_page import RecordedPage
from farm.cli.checked_experiment import experiment_for
from farm.drivers import read_driver
from farm.drivers.recorded_names import looks_like, own_name
from farm.drivers.step_places import step_places
from farm.model.driver import Click, Driver, Fill, Goto, Step, WaitFor
from farm.model.experiment import (
    AppSettings,
    Experiment,
    MediaSettings,
    OutputSettings,
    Scenario,
    ScenarioKind,
)
from farm.model.server_settings import ServerSettings
from farm.model.setting import Size
from farm.planning.load_steps import smallest_load
from farm.results.driver_check import DriverText
from tests.conftest import GreenPicture
from tests.infra.demo_app.servers import running_servers

pytestmark = pytest.mark.live

Turns = Sequence[Sequence[tuple[str, Step]]]

NAME, ROOM = 'role=textbox[name*="Your name"i]', 'role=textbox[name*="Room"i]'


@dataclass
class ProgrammedPerson:
    """Takes the steps of its turns one after the other; names by the labels of fields."""

    turns: Turns
    asked: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    async def act(self, asked: str, role: str, pages: Mapping[str, RecordedPage]) -> None:
        turn = self.turns[len(self.asked)]
        self.asked.append(f"{role}: {asked}")
        for whose, step in turn:
            await pages[whose].run(step)
            await asyncio.sleep(0.8)  # a person is no faster; two clicks at once are a double click

    async def names(self, typed: Sequence[Typed]) -> Mapping[str, str]:
        kinds = {each.text: looks_like(each.label) for each in typed}
        roles = {each.text: each.role for each in typed}
        return {
            text: "{session}" if kind == "session" else own_name(roles[text])
            for text, kind in kinds.items()
            if kind
        }

    def say(self, line: str) -> None:
        self.said.append(line)


async def recorded(
    kind: ScenarioKind, page: str, folder: Path, turns: Turns, *, checked: bool = False
) -> tuple[Driver, ProgrammedPerson]:
    """The driver that was recorded, and who was; if `checked`, it works."""
    person, file = ProgrammedPerson(turns), folder / "mine.yaml"
    async with running_servers(folder) as servers:
        experiment = Experiment(
            scenario=Scenario(kind=kind, members=3),
            app=AppSettings(run=None, url=f"{servers.app_url}{page}", driver=str(file)),
            server=ServerSettings(kurento=None),
            media=MediaSettings(size=Size(320, 240), frame_rate=10),
            output=OutputSettings(directory=folder / "runs"),
        )
        driver = await record_driver(
            experiment,
            f"{servers.app_url}{page}",
            "{app_url}",
            {},
            person,
            prepare=lambda _media: GreenPicture(),
            logs=folder / "logs",
            headed=False,
        )
        await servers.until_empty()
        assert driver.notes == []
        file.write_text(driver.text())
        if checked:
            text = DriverText("mine.yaml", step_places(read_driver(str(file)), file.read_text()))
            wanted = experiment_for(experiment, "mine")
            wanted = replace(wanted, scenario=replace(wanted.scenario, media=driver.media))
            load = smallest_load(wanted.scenario)
            check = await check_driver(wanted, load, text, SilentObserver(), person.say)
            assert check.works, [trial.problems for trial in check.trials]
    return read_driver(str(file)), person


async def test_a_call_is_recorded_role_by_role_and_works(tmp_path: Path) -> None:
    in_call = WaitFor(function="document.body.dataset.state === 'in_call'", within_s=60)
    turns: Turns = [
        [("callee", Fill("#name", "alice")), ("callee", Click("#register"))],
        [
            ("caller", Fill("#name", "bob")),
            ("caller", Fill("#peer", "alice")),
            ("caller", Click("#call")),
            ("callee", Click("#accept")),
            ("caller", in_call),
        ],
        [("caller", Click("#leave"))],
    ]
    driver, person = await recorded("one_to_one", "one_to_one", tmp_path, turns, checked=True)
    callee, caller = driver.roles["callee"], driver.roles["caller"]
    assert callee.join == (
        Goto("{app_url}"),
        Fill(NAME, "{session}-callee"),
        Click('role=button[name*="Sign in"i]'),
    )
    assert callee.joined[0] == Click('role=button[name*="Answer"i]')
    assert isinstance(callee.joined[1], WaitFor)
    assert callee.leave == ()
    assert caller.after == "callee"
    assert caller.join == (
        Goto("{app_url}"),
        Fill(NAME, "{session}-caller"),
        Fill('role=textbox[name*="Whom to call"i]', "{session}-callee"),
        Click('role=button[name*="Call"i]'),
    )
    assert caller.leave == (Click('role=button[name*="Hang up"i]'),)
    assert [line.partition(":")[0] for line in person.asked] == ["callee", "caller", "caller"]


async def test_a_room_is_recorded_once_and_others_join_by_the_same_steps(tmp_path: Path) -> None:
    turns: Turns = [
        [
            ("member", Fill("#name", "alice")),
            ("member", Fill("#room", "hall")),
            ("member", Click("#join")),
        ],
        [("member", Click("#leave"))],
    ]
    driver, person = await recorded("group", "group", tmp_path, turns)
    member = driver.roles["member"]
    assert driver.media == "mixed"
    assert member.join == (
        Goto("{app_url}"),
        Fill(NAME, "{probe}"),
        Fill(ROOM, "{session}"),
        Click('role=button[name*="Join"i]'),
    )
    assert person.said == ["2 more members joined by the same steps"]
    assert isinstance(member.joined[0], WaitFor)
    assert member.leave == (Click('role=button[name*="Leave the room"i]'),)
