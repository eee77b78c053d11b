"""Each figure and table of the page names commands, and these print the rows behind its numbers."""

from __future__ import annotations

import asyncio
import csv
import html
import re
import shlex
from pathlib import Path

import polars as pl
import pytest

from farm.cli.__main__ import main
from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import JoinOutcome
from reports.pages.bundle import write_bundle
from tests.reports.made_run import HELD_S, HOLD_S, new_run, pages, record_trial
from tests.synthetic import MONOTONIC_S, Page

pytestmark = pytest.mark.slow

END_S = HOLD_S + HELD_S
CAPACITY = {"probes": 2, "sessions": 1, "interval_probes": [2, 4]}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of a search: a load that held, one with a lossy probe and one that never joined."""

    async def make() -> Path:
        run, clock = new_run(tmp_path_factory.mktemp("traced"))
        with run:
            await record_trial(run, clock, pages(2), purpose="search")
            await record_trial(
                run,
                clock,
                pages(4, p001=Page("p001", seconds=END_S, loss=0.05)),
                index=1,
                purpose="search",
                joins=[JoinOutcome("p003", "s001", False, reason="timeout", message="no", at_s=9)],
                events=[ProbeEvent("p001", "console", MONOTONIC_S + 9, "oh dear")],
            )
            run.write_summary({"format": 1, "state": "converged", "capacity": CAPACITY})
        return write_bundle(run.path)

    return asyncio.run(make())


@pytest.fixture
def told(index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Told:
    monkeypatch.chdir(index.parents[2])
    return Told(capsys)


class Told:
    """What commands of the page print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, command: str) -> pl.DataFrame:
        farm, *words = shlex.split(command)
        assert farm == "farm"
        assert main(words) == 0, command
        out, err = self._capsys.readouterr()
        assert err == "", command
        return pl.read_csv(out.encode(), infer_schema_length=None)


def commands_of(text: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'"command">([^<]*)</code>', text)]


def test_every_command_of_the_page_finds_rows(index: Path, told: Told) -> None:
    commands = set(commands_of(index.read_text(encoding="utf-8")))
    assert {shlex.split(command)[-1] for command in commands} >= {"trials", "events", "server"}
    for command in commands:
        assert told(command).height > 0, command


def test_every_figure_and_every_table_names_its_commands(index: Path) -> None:
    text = index.read_text(encoding="utf-8")
    figures = re.findall(r"<figure>\n<h4>.*?</figure>", text, re.DOTALL)
    tables = re.findall(r"<table.*?</table>\n</div>\n(.{22})", text, re.DOTALL)
    assert len(figures) > 20
    assert len(tables) > 5
    assert all(commands_of(figure) for figure in figures)
    assert set(tables) == {'<details class="rows">'}


def test_the_probes_of_the_worst_sessions_can_be_drawn(
    index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(index.parents[2])
    text = index.read_text(encoding="utf-8")
    commands = re.findall(r'"command drawn">([^<]*)</code>', text)
    assert len(set(commands)) == 6
    (worst,) = [each for each in commands if each.endswith("--trial 1 --probe p001")]
    assert main(shlex.split(worst)[1:]) == 0
    assert "trial-001-p001.png" in capsys.readouterr().out
    assert (index.parents[1] / "probes" / "trial-001-p001.png").is_file()


def test_the_trials_of_the_answer_are_those_recorded(index: Path, told: Told) -> None:
    rows = told("farm report run --rows trials")
    assert rows["load"].to_list() == [2, 4]
    assert rows["verdict_outcome"].to_list() == ["pass", "fail"]
    with (index.parent / "search-quality-by-load.csv").open(encoding="utf-8") as file:
        for drawn, row in zip(csv.DictReader(file), rows.iter_rows(named=True), strict=True):
            assert float(drawn["video_bitrate_bps"]) == pytest.approx(row["video_bitrate_bps"])
            assert float(drawn["server_cpu_percent"]) == pytest.approx(row["server_cpu_percent"])


def test_a_bitrate_of_a_table_is_that_of_its_rows(index: Path, told: Told) -> None:
    rows = told("farm report run --trial 1 --rows inbound-rtp --probe p000")
    held = rows.filter(pl.col("kind") == "video", pl.col("run_s").is_between(HOLD_S + 1, END_S - 1))
    first, last = held.row(0, named=True), held.row(-1, named=True)
    bits = 8 * (last["bytesReceived"] - first["bytesReceived"])
    with (index.parent / "trial-001-probes.csv").open(encoding="utf-8") as file:
        table = {row["probe"]: row for row in csv.DictReader(file)}
    assert float(table["p000"]["video received"]) == pytest.approx(
        bits / (last["run_s"] - first["run_s"]), rel=0.02
    )


def test_what_befell_a_probe_is_among_the_events(index: Path, told: Told) -> None:
    rows = told("farm report run --trial 1 --rows events")
    assert rows.filter(kind="join", probe="p003")["message"].to_list() == ["no"]
    assert rows.filter(kind="console")["message"].to_list() == ["oh dear"]
    assert rows.filter(kind="phase", message="hold")["run_s"].to_list() == [HOLD_S]
