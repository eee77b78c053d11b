"""The report of a run: what it holds, from whole, broken, and hostile recordings."""

from __future__ import annotations

import asyncio
import csv
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

from farm.errors import RecordingError
from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import Fault, JoinOutcome
from reports.pages.bundle import write_bundle
from tests.reports.made_run import HELD_S, HOLD_S, made_manifest, new_run, pages, record_trial
from tests.synthetic import MONOTONIC_S, Page

END_S = HOLD_S + HELD_S


class Links(HTMLParser):
    """What a page points at, and the text of its headings."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.files: list[str] = []
        self.headings: list[str] = []
        self.tags: list[str] = []
        self.alts: list[str] = []
        self._heading = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        here = dict(attrs)
        for name in ("src", "href"):
            target = here.get(name)
            if target and not target.startswith(("#", "data:")):
                self.files.append(target)
        if tag == "img" and "src" in here:
            self.alts.append(here.get("alt") or "")
        if tag in {"h1", "h2", "h3", "h4"}:
            self._heading = True
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"h1", "h2", "h3", "h4"}:
            self._heading = False

    def handle_data(self, data: str) -> None:
        if self._heading:
            self.headings[-1] += data


@pytest.mark.slow
async def test_what_leads_out_of_the_run_is_not_copied(tmp_path: Path) -> None:
    secret, words = tmp_path / "secret.png", tmp_path / "words.json"
    secret.write_bytes(b"secret")
    words.write_text('{"password": "secret"}')
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(
            run, clock, pages(2), screenshots=["mid-call-caller.png", "mid-call-callee.png"]
        )
    screenshots = run.path / "trials" / "000-load-002" / "screenshots"
    screenshot = screenshots / "mid-call-caller.png"
    screenshot.unlink()
    screenshot.symlink_to(secret)
    for name in ("experiment.yaml", "summary.json"):
        (run.path / name).unlink(missing_ok=True)
        (run.path / name).symlink_to(words)
    report = write_bundle(run.path).parent
    assert {path.name for path in report.glob("*mid-call*")} == {"trial-000-mid-call-callee.png"}
    assert not any(b"secret" in path.read_bytes() for path in report.iterdir())
    screenshots.rename(tmp_path / "elsewhere")
    screenshots.symlink_to(tmp_path / "elsewhere")
    assert list(write_bundle(run.path).parent.glob("*mid-call*")) == []


@pytest.mark.slow
async def test_a_run_that_is_reached_by_a_link_has_its_screenshots(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2), screenshots=["mid-call-caller.png"])
    (tmp_path / "link").symlink_to(run.path)
    report = write_bundle(tmp_path / "link").parent
    assert [path.name for path in report.glob("*mid-call*")] == ["trial-000-mid-call-caller.png"]


async def test_a_run_has_its_answer_its_figures_and_their_numbers(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(
            run,
            clock,
            pages(4, p003=Page("p003", seconds=END_S, loss=0.05)),
            screenshots=["mid-call-caller.png", "mid-call-callee.png"],
        )
    index = write_bundle(run.path)
    assert index == run.path / "report" / "index.html"
    text = index.read_text(encoding="utf-8")
    links = Links(text)
    assert "Failed: 1 of 2 calls did not keep its quality for 40 s" in text
    assert "Worst session: s001" in text
    assert all((index.parent / name).is_file() for name in links.files)
    assert not any("//" in name for name in links.files), "the page needs no network"
    assert all(links.alts)
    figures = {path.stem for path in index.parent.glob("trial-000-*.png")}
    assert figures >= {
        f"trial-000-{name}"
        for name in (
            *("video-bitrate", "audio-bitrate", "bitrate-sorted", "bitrate-by-session"),
            *("loss", "loss-by-probe", "session-map", "worst-session", "frame-rate", "setup-times"),
            *("cpu-and-quality", "server", "generator", "mid-call-caller", "mid-call-callee"),
        )
    }
    with (index.parent / "trial-000-loss-by-probe.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["probe"] for row in rows] == ["p000", "p001", "p002", "p003"]
    assert float(rows[3]["lost_down_ratio"]) == pytest.approx(0.05, rel=0.05)
    assert "0123abcd" in text


@pytest.mark.slow
async def test_a_search_has_its_result_and_every_trial(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        for index, (load, cpu) in enumerate(((2, 30.0), (4, 60.0), (4, 99.0))):
            await record_trial(run, clock, pages(load), index=index, purpose="search", host_cpu=cpu)
        run.write_summary(
            {
                "format": 1,
                "state": "generator_ran_out",
                "capacity": {"probes": 4, "sessions": 2, "interval_probes": [4, None]},
                "limited_by": {"resource": "generator", "evidence": "99 % busy"},
            }
        )
    text = write_bundle(run.path).read_text(encoding="utf-8")
    assert "at least 4 probes (2 calls); the load generator saturated first." in text
    assert "Limited by the generator, not the server: 99 % busy." in text
    assert {"search-timeline.png", "search-cpu-by-load.png", "search-quality-by-load.png"} <= {
        path.name for path in (run.path / "report").iterdir()
    }
    headings = " ".join(" ".join(heading.split()) for heading in Links(text).headings)
    for heading in (
        "Trial 0: 2 probes ● pass",
        "Trial 1: 4 probes ● pass",
        "Trial 2: 4 probes △ invalid",
    ):
        assert heading in headings


@pytest.mark.slow
async def test_failures_show_their_words_and_their_screenshot(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(
            run,
            clock,
            pages(4),
            joins=[
                JoinOutcome(
                    "p001", "s000", False, reason="signalling", message="room is full", at_s=3.0
                )
            ],
            events=[
                ProbeEvent(
                    "p001",
                    "failed",
                    MONOTONIC_S + 3,
                    "room is full",
                    {"reason": "signalling", "screenshot": "p001-signalling.png"},
                ),
                ProbeEvent("p000", "page_error", MONOTONIC_S + 4, "TypeError: no such thing"),
                ProbeEvent("p002", "page_error", MONOTONIC_S + 5, "TypeError: no such thing"),
            ],
            faults=[Fault("sampling_lost", 20.0, "no answer for 60 s")],
            screenshots=["p001-signalling.png"],
        )
    text = write_bundle(run.path).read_text(encoding="utf-8")
    assert "p001, callee of s000</strong> could not join (signalling), 3 s before the hold" in text
    assert "room is full" in text
    assert (run.path / "report" / "trial-000-p001-signalling.png").is_file()
    assert "Sampling lost, at 14 s of the hold" in text
    assert "TypeError: no such thing" in text


HOSTILE = '"><img src=x onerror=alert(1)><script>alert(2)</script>{{ 7*7 }}'


@pytest.mark.slow
async def test_whatever_a_page_says_stays_text(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path, made_manifest(HOSTILE))
    with run:
        await record_trial(
            run,
            clock,
            pages(2),
            joins=[JoinOutcome("p001", "s000", False, reason=HOSTILE, message=HOSTILE, at_s=1.0)],
            events=[
                ProbeEvent("p000", "console", MONOTONIC_S + 3, HOSTILE),
                ProbeEvent("p000", "socket_closed", MONOTONIC_S + 3, "", {"url": HOSTILE}),
                ProbeEvent(
                    "p001",
                    "failed",
                    MONOTONIC_S + 1,
                    HOSTILE,
                    {"reason": HOSTILE, "screenshot": "../../../manifest.json"},
                ),
            ],
        )
    index = write_bundle(run.path)
    links = Links(index.read_text(encoding="utf-8"))
    assert links.tags.count("script") == 1
    assert "x" not in links.files
    assert not list(index.parent.glob("*manifest*")), "a recording cannot name other files"
    assert "{{ 7*7 }}" in index.read_text(encoding="utf-8")


@pytest.mark.slow
async def test_a_run_under_way_says_what_is_missing(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2), judged=False)
        text = write_bundle(run.path).read_text(encoding="utf-8")
    assert "broke off in its hold, so it has no verdict" in text


async def test_a_run_that_began_nothing_is_a_page_all_the_same(tmp_path: Path) -> None:
    run, _ = new_run(tmp_path)
    with run:
        pass
    assert "no trial was begun" in write_bundle(run.path).read_text(encoding="utf-8")


@pytest.mark.slow
async def test_damage_is_named_and_the_rest_is_shown(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2))
    trial = next((run.path / "trials").iterdir())
    for table in ("inbound-rtp", "outbound-rtp"):
        (trial / "samples" / table / "whole.parquet").write_bytes(b"PAR1 no more")
    with (trial / "events.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "probe", "at_s"')
    (run.path / "summary.json").write_text("{", encoding="utf-8")
    index = write_bundle(run.path)
    text = index.read_text(encoding="utf-8")
    assert "What could not be read" in text
    for name in ("inbound-rtp/whole.parquet", "events.jsonl", "summary.json"):
        assert name in text
    assert "No video bitrate: no video stream can be read from the recording." in text
    assert (index.parent / "trial-000-server.png").is_file()


@pytest.mark.slow
async def test_a_report_is_replaced_whole(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2))
    first = write_bundle(run.path)
    (first.parent / "left over.png").write_bytes(b"")
    second = write_bundle(run.path)
    assert second == first
    assert not (first.parent / "left over.png").exists()
    assert not list(run.path.glob("report.*"))


@pytest.mark.slow
async def test_reports_drawn_at_once_do_not_break_each_other(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2))
    alone = sorted(path.name for path in write_bundle(run.path).parent.iterdir())
    command = [sys.executable, "-m", "farm.cli", "report", str(run.path)]
    both = [await asyncio.create_subprocess_exec(*command) for _ in range(3)]
    assert [await each.wait() for each in both] == [0, 0, 0]
    assert sorted(path.name for path in (run.path / "report").iterdir()) == alone
    assert not list(run.path.glob("report.*"))


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is not a run folder"):
        write_bundle(tmp_path)
