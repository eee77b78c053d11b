"""A run as it goes: its page, its events, its metrics."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from yarl import URL

from farm.cli.live import Address, address, shown_live
from farm.errors import BadInput
from farm.model.verdict import Outcome
from farm.protocols import Observer, Progress
from farm.testing import FakeObserver, calls
from reports.pages.live import KEPT_S, LiveRun
from tests.farm.trial_evidence import judged_trial
from tests.reports.made_run import PNG, new_run, pages, record_trial


def second(number: int, **known: Any) -> Progress:
    figures: dict[str, Any] = {
        "received_bps": 800_000.0,
        "loss_ratio": None,
        "frame_rate": 20.0,
        "server_cpu_percent": 37.5,
        "host_cpu_percent": None,
        "left_s": 12.0,
        "roles": (),
        "cpu_percent_by_host": {},
    }
    return Progress(0, 4, "hold", number, 0, **{**figures, **known})


async def heard(http: aiohttp.ClientSession, url: str, count: int) -> list[dict[str, Any]]:
    """The first events that a page is told."""
    told: list[dict[str, Any]] = []
    async with asyncio.timeout(240), http.get(f"{url}events") as response:
        assert response.content_type == "text/event-stream"
        async for line in response.content:
            if line.startswith(b"data: "):
                told.append(json.loads(line.removeprefix(b"data: ")))
            if len(told) == count:
                break
    return told


async def test_a_page_that_opens_late_is_told_what_went_before_and_what_comes() -> None:
    beside = FakeObserver()
    live = LiveRun(beside)
    live.note("app: demo")
    live.trial_planned(calls(2), "baseline")
    async with live.serving("127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        hearing = asyncio.create_task(heard(http, url, 3))
        await asyncio.sleep(0)
        live.progress(second(4))
        told = await hearing
        async with http.get(url) as page:
            assert page.content_type == "text/html"
            assert "EventSource" in await page.text()
        async with http.get(f"{url}report/index.html") as none:
            assert none.status == 404
    assert [each["event"] for each in told] == ["note", "planned", "progress"]
    assert told[1] == {"event": "planned", "trial": 0, "load": 4, "purpose": "baseline"}
    assert (told[2]["joined"], told[2]["loss_ratio"]) == (4, None)
    assert beside.notes == ["app: demo"]


async def test_only_the_last_minutes_are_kept() -> None:
    live = LiveRun(FakeObserver())
    for number in range(KEPT_S + 5):
        live.progress(second(number))
    live.note("still there")
    async with live.serving("127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        told = await heard(http, url, KEPT_S + 1)
    assert [told[0]["joined"], told[-2]["joined"]] == [5, KEPT_S + 4]
    assert told[-1]["text"] == "still there"


async def test_metrics_are_served_as_text_for_prometheus() -> None:
    live = LiveRun(FakeObserver())
    live.progress(second(3))
    live.trial_ended(judged_trial(0, 4, Outcome.PASS))
    async with (
        live.serving("127.0.0.1", 0) as url,
        aiohttp.ClientSession() as http,
        http.get(f"{url}metrics") as response,
    ):
        assert response.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        lines = (await response.text()).splitlines()
    assert "probe_farm_server_cpu_ratio 0.375" in lines
    assert 'probe_farm_trials_total{verdict="pass"} 1.0' in lines


@pytest.mark.slow
async def test_the_report_is_drawn_when_a_trial_has_ended(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2))
    live = LiveRun(FakeObserver())
    live.run_folder(run.path)
    async with live.serving("127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        live.trial_ended(judged_trial(0, 4, Outcome.PASS))
        told = await heard(http, url, 3)
        async with http.get(f"{url}report/index.html") as page:
            assert page.status == 200
            assert "<h1" in await page.text()
        async with http.get(f"{url}report/..%2fmanifest.json") as outside:
            assert outside.status == 404
    assert [each["event"] for each in told] == ["run", "ended", "report"]


async def status_of(http: aiohttp.ClientSession, url: str, name: str) -> int:
    """Of a file of the report, its name sent as it is written here."""
    async with http.get(URL(f"{url}report/{name}", encoded=True)) as response:
        return response.status


async def test_nobody_gets_a_file_that_is_not_of_the_report(tmp_path: Path) -> None:
    run = tmp_path / "runs" / "a run"
    report = run / "report"
    (report / "folder").mkdir(parents=True)
    (report / "folder" / "inside.png").write_bytes(PNG)
    (report / "index.html").write_text("<h1>drawn</h1>")
    (report / "100%.png").write_bytes(PNG)
    (report / ".hidden").write_text("secret")
    (run / "manifest.json").write_text("secret")
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    (report / "link.png").symlink_to(secret)
    (report / "linked").symlink_to(tmp_path)
    (report / "nowhere.png").symlink_to(report / "gone.png")
    (report / "round.png").symlink_to(report / "round.png")
    (run / "report-2").mkdir()
    (run / "report-2" / "x.png").write_bytes(PNG)
    encoded = quote(str(secret), safe="")
    live = LiveRun(FakeObserver())
    async with live.serving("127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        assert await status_of(http, url, "index.html") == 404  # no run yet
        live.run_folder(run)
        for name in (
            *("%2Fetc%2Fpasswd", "%2fetc%2fpasswd", encoded, quote(encoded), f"%2F{encoded}"),
            *(
                "..%2Fmanifest.json",
                "..%2fmanifest.json",
                "..",
                "%2e%2e",
                ".",
                "%2E%2E%2Fmanifest.json",
            ),
            *("..%5Cmanifest.json", "..%252Fmanifest.json", "folder%2F..%2F..%2Fmanifest.json"),
            *("..%2Freport-2%2Fx.png", "..%2F..%2F..%2Fsecret.txt", "folder%2F..%2Findex.html%00"),
            *("%00", "index.html%00", "index.html%00.png", "%FF%FE.png", "a" * 300, "%2F" * 2000),
            *(".hidden", "folder", "folder%2Finside.png", "link.png", "linked%2Fsecret.txt"),
            *("nowhere.png", "round.png", "index.html%2F", "gone.png"),
        ):
            assert await status_of(http, url, name) == 404, name
        assert await status_of(http, url, "index.html") == 200
        assert await status_of(http, url, "100%25.png") == 200


@pytest.mark.parametrize(
    "request_line",
    [b"GET /\0 HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET / HTTP/9.9", b"GET /" + b"a" * 9000],
)
async def test_what_is_no_request_is_refused_without_a_word_on_our_terminal(
    request_line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with LiveRun(FakeObserver()).serving("127.0.0.1", 0) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(url).port)
        writer.write(request_line + b"\r\n\r\n")
        answer = await reader.readline()
        writer.close()
    assert answer.startswith(b"HTTP/1.")
    assert b" 400 " in answer
    assert caplog.records == []


async def test_a_report_that_leads_elsewhere_is_not_shown(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "id_ed25519").write_text("secret")
    run = tmp_path / "run"
    run.mkdir()
    (run / "report").symlink_to(elsewhere)
    live = LiveRun(FakeObserver())
    live.run_folder(run)
    async with live.serving("127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        assert await status_of(http, url, "id_ed25519") == 404


async def test_a_run_that_is_reached_by_a_link_is_shown(tmp_path: Path) -> None:
    report = tmp_path / "disk" / "run" / "report"
    report.mkdir(parents=True)
    (report / "index.html").write_text("<h1>drawn</h1>")
    (tmp_path / "runs").symlink_to(tmp_path / "disk")
    live = LiveRun(FakeObserver())
    live.run_folder(tmp_path / "runs" / "run")
    async with live.serving("127.0.0.1", 0) as url, aiohttp.ClientSession() as http:
        assert await status_of(http, url, "index.html") == 200


@pytest.mark.slow
async def test_a_report_half_drawn_when_the_run_ends_leaves_nothing(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(run, clock, pages(2))
    live = LiveRun(FakeObserver())
    live.run_folder(run.path)
    async with live.serving("127.0.0.1", 0):
        live.trial_ended(judged_trial(0, 4, Outcome.PASS))
        async with asyncio.timeout(240):
            while not list(run.path.glob("report.*/*.png")):
                await asyncio.sleep(0.005)
    assert not list(run.path.glob("report*"))


async def test_without_the_option_nothing_listens() -> None:
    beside = FakeObserver()

    async def story(observer: Observer) -> Observer:
        return observer

    assert await shown_live(None, beside, story) is beside
    assert isinstance(await shown_live(Address("127.0.0.1", 0), beside, story), LiveRun)
    assert re.match(r"live: http://127\.0\.0\.1:\d+/ \(metrics", beside.notes[0])


async def test_a_port_that_is_taken_is_bad_input() -> None:
    async with LiveRun(FakeObserver()).serving("127.0.0.1", 0) as url:
        port = int(url.rstrip("/").rpartition(":")[2])
        with pytest.raises(BadInput, match=rf"--live: 127\.0\.0\.1:{port}: cannot listen there"):
            async with LiveRun(FakeObserver()).serving("127.0.0.1", port):
                pass


def test_addresses() -> None:
    assert address("8000") == ("127.0.0.1", 8000)
    assert address("0.0.0.0:8000") == ("0.0.0.0", 8000)
    assert address("[::1]:80") == ("::1", 80)
    with pytest.raises(argparse.ArgumentTypeError, match=r"needs brackets, \[::1\]:80"):
        address("::1:8000")
    for wrong in ("", "http", "1.2.3.4:", "99999", "9" * 5000, "²"):
        with pytest.raises(argparse.ArgumentTypeError, match="expected a port, or host:port"):
            address(wrong)
