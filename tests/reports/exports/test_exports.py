"""A recording for other programs: the same rows, verdicts and statistics in their formats."""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from junitparser import Error, Failure, JUnitXml, Skipped

from farm.cli.__main__ import main
from farm.model.trial_evidence import JoinOutcome
from farm.model.verdict import Outcome
from farm.recording.parquet_parts import WHOLE
from farm.recording.reader import RunReader
from reports.exports.junit import junit
from tests.farm.trial_evidence import good
from tests.reports.made_results import result
from tests.reports.made_run import HELD_S, HOLD_S, new_run, pages, record_trial
from tests.synthetic import Page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two calls; p002 sees a frozen picture for 12 s."""
    spoilt = Page("p002", seconds=HOLD_S + HELD_S, frozen=((20.0, 32.0),))

    async def make() -> Path:
        recording, clock = new_run(tmp_path_factory.mktemp("exports"))
        with recording:
            await record_trial(recording, clock, pages(4, p002=spoilt))
        return recording.path

    return asyncio.run(make())


def told(words: list[object], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(["report", *map(str, words)]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_rows_are_those_recorded(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told([run, "--rows", "inbound-rtp", "--probe", "p002", "--since", "10s"], capsys)
    frame = pl.read_csv(text.encode())
    recorded = RunReader.open(run).trial(0).samples("inbound-rtp")
    assert recorded is not None
    mine = recorded.filter(pl.col("probe") == "p002", pl.col("run_s") >= HOLD_S + HELD_S - 10)
    assert frame.height == mine.height > 0
    assert frame["packetsReceived"].sum() == mine["packetsReceived"].sum()


@pytest.mark.filterwarnings("ignore:constrained_layout")  # nothing was recorded of that name
def test_what_a_recording_calls_its_probes_leads_to_no_other_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, clock = new_run(tmp_path)
    with recording:
        asyncio.run(record_trial(recording, clock, pages(2)))
    plan = recording.path / "trials" / "000-load-002" / "plan.json"
    plan.write_text(plan.read_text().replace('"p000"', '"../../x"'))
    there = {path for path in tmp_path.rglob("*") if path.is_dir()}
    told([recording.path, "--export", "webrtc-internals"], capsys)
    exported = recording.path / "exports" / "webrtc-internals" / "000-load-002"
    assert {path.name for path in exported.iterdir()} == {".._.._x.json", "p001.json"}
    told([recording.path, "--probe", "../../x"], capsys)
    drawn = {path.name for path in (recording.path / "probes").iterdir()}
    stem = "trial-000-.._.._x"
    assert drawn == {f"{stem}.png", f"{stem}-seconds.csv", f"{stem}-windows.csv"}
    added = {path for path in tmp_path.rglob("*") if path.is_dir()} - there
    assert added == {exported, exported.parent, exported.parent.parent, recording.path / "probes"}


def test_rows_of_machines_are_whole(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pl.read_csv(told([run, "--rows", "server"], capsys).encode())
    assert json.loads(frame["threads"][0])[0]["name"] == "kurento"


def test_csv_and_parquet_have_every_table(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told([run, "--export", "csv", "--to", tmp_path / "csv"], capsys)
    told([run, "--export", "parquet", "--to", tmp_path / "parquet"], capsys)
    folder = "000-load-004"
    names = {path.stem for path in (tmp_path / "csv" / folder).iterdir()}
    assert names == {path.stem for path in (tmp_path / "parquet" / folder).iterdir()}
    assert {"inbound-rtp", "outbound-rtp", "poll", "hosts", "server"} <= names
    recorded = run / "trials" / folder / "samples" / "inbound-rtp" / WHOLE
    exported = tmp_path / "parquet" / folder / "inbound-rtp.parquet"
    assert exported.read_bytes() == recorded.read_bytes()


def test_a_table_that_leads_out_of_the_run_is_not_copied_but_named(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    samples = copied / "trials" / "000-load-004" / "samples"
    whole, folder = samples / "poll" / WHOLE, samples / "inbound-rtp"
    whole.rename(tmp_path / "whole")
    whole.symlink_to(tmp_path / "whole")
    folder.rename(tmp_path / "folder")
    folder.symlink_to(tmp_path / "folder")
    words = ["report", copied, "--export", "parquet", "--to", tmp_path / "to"]
    assert main([*map(str, words)]) == 0
    exported = {path.stem for path in (tmp_path / "to").rglob("*.parquet")}
    assert exported.isdisjoint({"poll", "inbound-rtp"})
    assert "outbound-rtp" in exported
    said = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[1] for line in said] == [
        f"could not read {folder / WHOLE}",
        f"could not read {whole}",
    ]


def test_a_table_in_parts_is_one_file_of_parquet(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a trial under way has it."""
    copied = Path(shutil.copytree(run, tmp_path / "run"))
    polls = copied / "trials" / "000-load-004" / "samples" / "poll"
    whole = pl.read_parquet(polls / WHOLE)
    (polls / WHOLE).unlink()
    whole[:50].write_parquet(polls / "part-000000.parquet")
    whole[50:].write_parquet(polls / "part-000001.parquet")
    told([copied, "--export", "parquet", "--to", tmp_path / "to"], capsys)
    (exported,) = (tmp_path / "to").rglob("poll*")
    assert pl.read_parquet(exported).equals(whole)


def test_verdicts_are_test_cases(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told([run, "--export", "junit"], capsys)
    (suite,) = JUnitXml.fromfile(str(run / "exports" / "junit" / "junit.xml"))
    (case,) = suite
    assert case.classname == "one_to_one.single"
    (failure,) = case.result
    assert isinstance(failure, Failure)
    assert "p002" in str(failure.message)


def test_a_load_that_a_search_tried_is_no_failed_test() -> None:
    plan = good(purpose="search").plan
    results = [result(each, reasons=1) for each in Outcome]
    content = junit(
        "run",
        "one_to_one",
        [(plan, each) for each in results],
        {"state": "converged", "capacity": {"probes": 2}},
        {},
    )
    (suite,) = JUnitXml.fromstring(content)
    assert [[type(each) for each in case.result] for case in suite] == [
        [],
        [Skipped],
        [Skipped],
        [],
    ]


def test_an_invalid_trial_that_was_all_that_was_asked_is_no_passed_suite() -> None:
    plan = good(purpose="single").plan
    invalid = result(Outcome.INVALID, reasons=1)
    (suite,) = JUnitXml.fromstring(junit("run", "one_to_one", [(plan, invalid)], {}, {}))
    (case,) = suite
    assert [type(each) for each in case.result] == [Error]


def test_steps_of_a_driver_that_failed_are_errors_and_no_failures_of_the_server() -> None:
    failed = result(Outcome.FAIL, reasons=1)
    failed = replace(failed, verdict=replace(failed.verdict, by_driver=True))
    summary = {"state": "driver_failed", "capacity": {"probes": None}}
    plan = good(purpose="baseline").plan
    (suite,) = JUnitXml.fromstring(junit("run", "one_to_one", [(plan, failed)], summary, {}))
    trial, answer = suite
    assert [type(each) for each in trial.result] == [Error]
    assert [type(each) for each in answer.result] == [Error]
    assert answer.result[0].message == "driver_failed: unknown probes"


@pytest.mark.parametrize(("baseline", "kind"), [(True, Failure), (False, Error)])
async def test_where_another_trial_passed_steps_that_failed_are_failures(
    baseline: bool, kind: type, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recording, clock = new_run(tmp_path)
    joins = [
        JoinOutcome(probe, "s000", False, 1.5, at_s=1.5, reason="dialog", message="a dialog")
        for probe in ("p000", "p001")
    ]
    with recording:
        if baseline:
            await record_trial(recording, clock, pages(2), purpose="baseline")
        await record_trial(recording, clock, pages(2), index=int(baseline), joins=joins)
    told([recording.path, "--trial", int(baseline), "--export", "junit"], capsys)
    (suite,) = JUnitXml.fromfile(str(recording.path / "exports" / "junit" / "junit.xml"))
    assert [type(each) for case in suite for each in case.result] == [kind]


def test_what_a_page_said_is_kept_out_of_the_markup() -> None:
    plan = good(purpose="single").plan
    failed = result(Outcome.FAIL, reasons=1)
    reason = replace(failed.verdict.reasons[0], message="</testcase>\x00\x1b[31m&")
    failed = replace(failed, verdict=replace(failed.verdict, reasons=(reason,)))
    (suite,) = JUnitXml.fromstring(junit("run", "one_to_one", [(plan, failed)], {}, {}))
    (case,) = suite
    assert "</testcase>" in str(case.result[0].message)


def test_one_probe_has_a_figure_and_a_table(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = shutil.copytree(run, tmp_path / "run")
    text = told([copied, "--probe", "p002"], capsys)
    assert "inbound  video" in text
    seconds = pl.read_csv(copied / "probes" / "trial-000-p002-seconds.csv")
    assert set(seconds["stream"]) == {
        f"{kind} {way}" for kind in ("audio", "video") for way in ("sent", "received from p003")
    }
    still = seconds.filter(pl.col("stalled_s") > 0.9)["run_time_s"]
    assert (still.min(), still.max()) == (pytest.approx(20, abs=2), pytest.approx(31, abs=2))
    assert (copied / "probes" / "trial-000-p002.png").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--probe", "p999"], "--probe: trial 0 has no probe p999; it has p000 to p003"),
        (["--probe", "p000", "--trial", "7"], "--trial: "),
        (["--probe", "p000", "--since", "soon"], "--since: soon: expected a duration"),
        (["--since", "60s"], "--since: only together with"),
        (
            ["--rows", "server", "--probe", "p000"],
            "--probe: rows of server do not belong",
        ),
        (["--to", "x"], "--to: only together with --export"),
        (["--rows", "poll", "--export", "csv"], "--rows: prints"),
    ],
)
def test_bad_input_is_one_line(
    run: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(run), *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err
    assert err.count("\n") == 1


def test_rows_of_trials_are_of_no_probe(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pl.read_csv(told([run, "--rows", "trials"], capsys).encode())
    assert frame["verdict_outcome"].to_list() == ["fail"]
    assert frame["index"].to_list() == [0]
    assert main(["report", str(run), "--rows", "trials", "--probe", "p000"]) == 2
    assert "--probe: rows of trials are of whole trials" in capsys.readouterr().err


def test_rows_of_events_are_those_of_a_probe(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = told([run, "--rows", "events", "--probe", "p002", "--since", "60s"], capsys)
    frame = pl.read_csv(text.encode())
    assert set(frame["probe"]) == {"p002"}
    assert set(frame["kind"]) == {"setup", "join"}
    assert json.loads(frame.filter(kind="join")["data"][0])["joined"] is True
