"""What a room's server does with its streams, where the experiment leaves it to the driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.drivers import with_room_media
from farm.errors import ExperimentError, MissingTool
from farm.model.experiment import AppSettings, Experiment, Receives, RoomMedia, Scenario
from farm.planning.trial_planning import plan_trial

DRIVER = """\
format: 1
{media}
roles:
  member:
    join:
      - goto: "{{app_url}}"
"""


def room(driver: str | None, **settings: object) -> Experiment:
    url = None if driver is None else "https://rooms.example.org/"
    return Experiment(
        scenario=Scenario(kind="group", **settings),  # type: ignore[arg-type]
        app=AppSettings(run="demo" if driver is None else None, url=url, driver=driver),
    )


def mine(folder: Path, media: str = "") -> str:
    """A driver of one's own that says so of its rooms."""
    file = folder / "mine.yaml"
    file.write_text(DRIVER.format(media=media))
    return str(file)


def media_of(experiment: Experiment) -> RoomMedia | None:
    return with_room_media(experiment).scenario.media


def test_our_demo_app_mixes_and_the_official_group_call_forwards() -> None:
    assert media_of(room(None)) == "mixed"
    assert media_of(room("kurento_group_call")) == "forwarded"


@pytest.mark.parametrize("media", ["mixed", "forwarded"])
def test_a_driver_says_what_its_rooms_are(tmp_path: Path, media: str) -> None:
    assert media_of(room(mine(tmp_path, f"media: {media}"))) == media


def test_where_neither_says_it_it_stays_open_and_is_assumed(tmp_path: Path) -> None:
    experiment = with_room_media(room(mine(tmp_path), members=3))
    assert experiment.scenario.media is None
    plan = plan_trial(experiment, 3, index=0, purpose="single", hosts=["here"])
    assert plan.media_assumed


def test_what_the_experiment_says_comes_before_its_driver(tmp_path: Path) -> None:
    assert media_of(room(mine(tmp_path, "media: mixed"), media="forwarded")) == "forwarded"


def test_calls_and_broadcasts_are_no_rooms_and_need_no_driver() -> None:
    for kind in ("one_to_one", "broadcast"):
        call = Experiment(scenario=Scenario(kind=kind), app=AppSettings(driver="nowhere.yaml"))  # type: ignore[arg-type]
        assert with_room_media(call) == call


def test_a_room_whose_driver_is_not_there_is_refused() -> None:
    with pytest.raises(MissingTool, match="nowhere"):
        with_room_media(room("nowhere.yaml"))


def test_a_receiver_is_owed_no_more_than_the_drivers_rooms_have(tmp_path: Path) -> None:
    two = Receives(video=2)
    assert media_of(room(mine(tmp_path, "media: forwarded"), members=3, receives=two))
    with pytest.raises(ExperimentError, match=r"scenario\.receives\.video: 2: expected 1 or less"):
        with_room_media(room(mine(tmp_path, "media: mixed"), members=3, receives=two))
