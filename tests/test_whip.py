"""`app.run: whip` as a user runs it: on the embedded server, and on an end point of their own."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from farm.cli.__main__ import main
from tests.farm_process import farm
from tests.infra.whip_page.awkward import Awkward
from tests.pages.serving import serving
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

PASSED, FAILED, BAD_INPUT = 0, 1, 2

ROOT = Path(__file__).parents[1]

OTHERS_RUN = """
invalid: {waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0, app_late: 60s, capture_of_asked: 0}
"""
"""Detectors of a busy machine are off: it is the tests' machine, and not what is asked here."""

SHORT = """
format: 1
media: {size: 320x240, frame_rate: 10}
trial: {settle: 2s, hold: 8s, window: 4s}
"""
THERE = """
app:
  run: whip
  publish: "URLlive/{session}/whip"
  play: "URLlive/{session}/whep"
server: {local: true, process: {pid: PID}}
"""


def there(url: str) -> str:
    """An end point of this process."""
    return SHORT + THERE.replace("URL", url).replace("PID", str(os.getpid()))


@pytest.mark.parametrize(
    ("scenario", "load", "sessions"),
    [("broadcast", 3, 1 + 2), ("{kind: group, members: 3}", 3, 3 + 6), ("one_to_one", 2, 2 + 2)],
)
def test_every_scenario_passes_on_the_embedded_end_point(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    scenario: str,
    load: int,
    sessions: int,
) -> None:
    monkeypatch.setenv("WHIP_TOKEN", "not-for-files")
    text = f"{SHORT}scenario: {scenario}\napp: {{run: whip, token: env:WHIP_TOKEN}}\n{UNJUDGED}"
    with farm(tmp_path, "run", "--load", str(load), "--absolute", experiment=text) as run:
        assert run.wait() == PASSED, run.read_output()
        recorded = run.run
        assert run.left() == []
    files = [path for path in recorded.rglob("*") if path.is_file()]
    assert not [path for path in files if b"not-for-files" in path.read_bytes()]
    (trial,) = recorded.glob("trials/*")
    events = [json.loads(line) for line in (trial / "events.jsonl").read_text().splitlines()]
    left = [each["data"] for each in events if each["data"].get("kind") == "left"]
    assert [each["message"] for each in left] == [""] * load
    elements = pl.read_parquet(trial / "kurento" / "*.parquet")["elements"].to_list()
    endpoints = [sum(each["count"] for each in counted) for counted in elements]
    assert (max(endpoints), endpoints[-1]) == (sessions, 0)


@pytest.mark.parametrize("probes", ["", "probes: {fidelity: light}\n"])
def test_a_broadcast_passes_and_every_session_is_deleted(tmp_path: Path, probes: str) -> None:
    end_point = Awkward(late=1)
    with serving(end_point.app) as url:
        text = f"{there(url)}scenario: broadcast\n{probes}{UNJUDGED}"
        with farm(tmp_path, "run", "--load", "3", "--absolute", experiment=text) as run:
            assert run.wait() == PASSED, run.read_output()
            assert "not a Kurento" in run.read_output()
            result = run.result()
    assert result["server_process_cpu_percent"] is not None
    made = [each for each in end_point.asked("POST") if each.status == 201]
    deleted = end_point.asked("DELETE")
    assert Counter(each.path.rpartition("/")[2] for each in made) == {"whip": 1, "whep": 2}
    assert [each.status for each in deleted] == [200] * 3
    assert len({each.path for each in deleted}) == 3
    assert list(end_point.tree.objects) == []


def test_players_that_come_before_their_publisher_wait_for_it(tmp_path: Path) -> None:
    driver = (ROOT / "browser_scripts/drivers/whip.yaml").read_text()
    driver = driver.replace("    after: presenter\n", "")
    driver = driver.replace("  presenter:\n", "  presenter:\n    after: viewer\n")
    (tmp_path / "late.yaml").write_text(driver)
    end_point = Awkward()
    with serving(end_point.app) as url:
        text = there(url).replace("run: whip", "run: whip\n  driver: late.yaml")
        text += f"scenario: broadcast\n{UNJUDGED}"
        with farm(tmp_path, "run", "--load", "3", "--absolute", experiment=text) as run:
            assert run.wait() == PASSED, run.read_output()
    asked = [(each.path.rpartition("/")[2], each.status) for each in end_point.asked("POST")]
    assert asked[0] == ("whep", 409)
    assert Counter(asked)["whep", 201] == 2


@pytest.mark.measures
def test_a_stream_that_is_withheld_is_named(tmp_path: Path) -> None:
    with serving(Awkward(withholds="VIDEO").app) as url:
        text = f"{there(url)}scenario: broadcast\n{OTHERS_RUN}"
        with farm(tmp_path, "run", "--load", "2", "--absolute", experiment=text) as run:
            assert run.wait() == FAILED, run.read_output()
            reasons = run.result()["verdict"]["reasons"]
    assert {(each["probe"], each["stream"]) for each in reasons} == {("p001", "inbound video")}


def test_what_the_doctor_refuses_the_run_refuses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Awkward(lets_pages_in=False).app) as url:
        file = tmp_path / "experiment.yaml"
        file.write_text(f"{there(url)}scenario: broadcast\n")
        assert main(["doctor", str(file)]) != PASSED
        found = capsys.readouterr().out
        assert main(["run", str(file), "--out", str(tmp_path / "runs")]) == BAD_INPUT
        said = capsys.readouterr().err
    why = (
        f"{file}:8: app.publish: {url}live/s000/whip: browsers let no page use it: "
        "Access-Control-Allow-Origin: none;"
    )
    assert why in found
    assert why in said


def test_a_token_that_the_end_point_refuses_fails_the_join_in_its_words(tmp_path: Path) -> None:
    with serving(Awkward(token="right").app) as url:
        text = f"{there(url)}scenario: broadcast\n"
        with farm(tmp_path, "run", "--load", "2", "--absolute", experiment=text) as run:
            assert run.wait() == FAILED, run.read_output()
            verdict = json.dumps(run.result()["verdict"]["reasons"])
    assert f"WHIP end point {url}live/s000/whip answered 401 Unauthorized" in verdict
    assert "no app.token was sent" in verdict
