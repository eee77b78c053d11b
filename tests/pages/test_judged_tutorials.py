"""Kurento's tutorials with the drivers that come with the farm, as `farm run` judges them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from farm.testing import FakeObserver
from tests.pages.tutorial_pages import ServedTutorial, tutorial
from tests.trial_of import trial_of

pytestmark = pytest.mark.live

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
TRIAL = """
format: 1
scenario: {scenario}
app: {{url: "{url}", driver: {driver}, accept_self_signed: true}}
server: {{kurento: "{kurento}"}}
media: {{size: 320x240, frame_rate: 10}}
trial: {{settle: 2s, hold: 12s, window: 4s}}
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0, capture_of_asked: 0}}
"""


def judged(
    folder: Path, served: ServedTutorial, driver: str, scenario: str, load: int
) -> dict[str, Any]:
    """The verdict of one trial."""
    text = TRIAL.format(
        scenario=scenario, url=served.app_url, driver=driver, kurento=served.kurento_url
    )
    run, _ = asyncio.run(trial_of(text, folder, FakeObserver(), load=load))
    (result,) = run.glob("trials/*/result.json")
    verdict: dict[str, Any] = json.loads(result.read_text())["verdict"]
    return verdict


def streams(verdict: dict[str, Any]) -> set[tuple[str, str]]:
    """Whose streams failed, and which."""
    return {(reason["probe"], reason["stream"]) for reason in verdict["reasons"]}


@pytest.mark.measures
@pytest.mark.parametrize(
    ("name", "scenario", "load"),
    [("one2one", "one_to_one", 4), ("one2many", "broadcast", 3), ("hello_world", "one_to_one", 2)],
)
def test_a_healthy_tutorial_passes(tmp_path: Path, name: str, scenario: str, load: int) -> None:
    with tutorial(name, tmp_path) as served:
        verdict = judged(tmp_path, served, f"kurento_{name}", scenario, load)
        assert not served.app.has_died
    assert verdict["outcome"] == "pass", verdict


@pytest.mark.parametrize(
    ("name", "scenario", "load", "receivers"),
    [
        ("one2one", "one_to_one", 2, {"p000", "p001"}),
        ("one2many", "broadcast", 3, {"p001", "p002"}),
        ("hello_world", "one_to_one", 2, {"p000", "p001"}),
    ],
)
def test_a_video_that_the_server_withholds_is_named(
    tmp_path: Path, name: str, scenario: str, load: int, receivers: set[str]
) -> None:
    with tutorial(name, tmp_path, withhold="video") as served:
        verdict = judged(tmp_path, served, f"kurento_{name}", scenario, load)
        assert not served.app.has_died
    assert verdict["outcome"] == "fail", verdict
    assert streams(verdict) >= {(probe, "inbound video") for probe in receivers}, verdict


ANSWERED = """{kind: custom, roles:
  {callee: {sends: [audio, video], receives: {server: [audio, video]}}}}"""
"""The pages of hello-world as they are: each alone with the server, which answers."""


@pytest.mark.measures
def test_pages_to_which_the_server_answers_pass(tmp_path: Path) -> None:
    with tutorial("hello_world", tmp_path) as served:
        verdict = judged(tmp_path, served, "kurento_hello_world", ANSWERED, 2)
    assert (verdict["outcome"], verdict["units"]) == ("pass", 2), verdict
    assert not any("not judged" in note for note in verdict["notes"]), verdict


def test_a_video_that_the_server_does_not_answer_with_is_named(tmp_path: Path) -> None:
    with tutorial("hello_world", tmp_path, withhold="video") as served:
        verdict = judged(tmp_path, served, "kurento_hello_world", ANSWERED, 2)
    assert verdict["outcome"] == "fail", verdict
    named = {(each["probe"], each["stream"], each["sender"]) for each in verdict["reasons"]}
    assert named >= {(probe, "inbound video", "server") for probe in ("p000", "p001")}, verdict
    assert "inbound video from the server" in verdict["reasons"][0]["message"], verdict
