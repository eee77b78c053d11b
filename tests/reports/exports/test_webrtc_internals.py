"""Dumps as chrome://webrtc-internals writes them: of made recordings, and beside Chromium's own."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from farm.browser.chromium_program import chromium_version, find_chromium
from farm.model.experiment import AppSettings
from farm.model.page_samples import PageReport, ProbeEvent
from farm.recording.reader import RunReader
from farm.testing import WALL_S
from reports.exports.files import export
from reports.exports.rows import Choice
from tests.reports.exports.dump_importer import Connection, imported
from tests.reports.made_run import made_manifest, new_run
from tests.synthetic import MONOTONIC_S, Page, call_plan, clock_reading, page_reports

PAGE = "https://calls.example/room?name=a"
PROBE = "p000"


def connection_event(at_s: float, name: str, state: str, *, by_page: bool = False) -> ProbeEvent:
    data = {"connection": name, "state": state, "by_page": by_page}
    return ProbeEvent(PROBE, "connection", MONOTONIC_S + at_s, f"{name} is {state}", data)


def exported(
    directory: Path,
    reports: Sequence[PageReport],
    events: Sequence[ProbeEvent] = (),
    *,
    chromium: str | None = "Chromium 156.0.8078.79 built on Debian",
    clock: bool = True,
) -> str:
    """The dump of the first probe of a call, of which this was seen."""
    manifest = replace(made_manifest(), chromium=chromium)
    login = PAGE.replace("://", "://me:secret@")
    settings = replace(manifest.settings, app=AppSettings(run=None, url=login))
    run, now = new_run(directory, replace(manifest, settings=settings))

    async def record() -> None:
        with run:
            async with run.trial(call_plan(1)) as trial:
                if clock:
                    trial.clock(clock_reading())
                for event in events:
                    trial.event(event)
                for report in reports:
                    now.now_s = report.host_monotonic_s - MONOTONIC_S
                    trial.page_report(report)

    asyncio.run(record())
    reader = RunReader.open(run.path)
    (path,) = export(reader, "webrtc-internals", reader.trials, Choice(PROBE), directory / "dumps")
    return path.read_text(encoding="utf-8")


def two_connections(seconds: float = 10.0) -> list[PageReport]:
    """A page with two at once, whose statistics have the same names."""
    return [
        replace(
            report,
            connections=tuple(
                replace(each, connection=name)
                for each in report.connections
                for name in ("a-0", "a-1")
            ),
        )
        for report in page_reports(Page(PROBE, seconds=seconds))
    ]


def log(connection: Connection) -> list[tuple[str, Any]]:
    return [(line.type, line.value) for line in connection.log]


def test_each_connection_has_its_own_log_and_statistics(tmp_path: Path) -> None:
    events = [
        connection_event(1.0, "a-0", "connecting"),
        connection_event(1.5, "a-1", "connecting"),
        ProbeEvent(
            PROBE,
            "candidate_error",
            MONOTONIC_S + 1.6,
            "stun:gone.invalid gave no candidate: 701",
            {"connection": "a-1", "url": "stun:gone.invalid", "code": 701, "text": "no answer"},
        ),
        connection_event(2.0, "a-0", "connected"),
        connection_event(3.0, "a-1", "failed"),
        ProbeEvent(PROBE, "page_error", MONOTONIC_S + 4, "undefinedFunction is not defined"),
        ProbeEvent("p001", "connection", MONOTONIC_S + 5, "", {"connection": "a-0", "state": "x"}),
        connection_event(8.0, "a-0", "closed", by_page=True),
    ]
    text = exported(tmp_path, two_connections(), events)
    assert "secret" not in text
    found = imported(text)
    assert set(found) == {"p000-a-0", "p000-a-1"}
    assert log(found["p000-a-0"]) == [
        ("onconnectionstatechange", "connecting"),
        ("onconnectionstatechange", "connected"),
        ("close", None),
    ]
    error = {"url": "stun:gone.invalid", "error_text": "no answer", "error_code": 701}
    assert log(found["p000-a-1"]) == [
        ("onconnectionstatechange", "connecting"),
        ("onicecandidateerror", error),
        ("onconnectionstatechange", "failed"),
    ]
    assert found["p000-a-0"].log[0].at_ms == pytest.approx((WALL_S + 1.0) * 1000, abs=50)
    dump = json.loads(text)
    assert {each["url"] for each in dump["PeerConnections"].values()} == {PAGE}
    assert dump["PeerConnections"]["p000-a-0"]["updateLog"][1]["value"] == '"connected"'
    assert dump["UserAgent"] == "Chromium/156.0.8078.79"
    assert dump["UserAgentData"]["brands"] == [{"brand": "Chromium", "version": "156"}]


def test_a_member_that_comes_late_has_the_times_of_its_own_polls(tmp_path: Path) -> None:
    """The first receiver report comes after 5 s."""
    found = imported(exported(tmp_path, two_connections()))["p000-a-0"]
    frames = found.series["IT1002"]["framesDecoded"]
    assert [value for _, value in frames] == sorted(value for _, value in frames)
    assert len(frames) == 11
    assert frames[0][0] == pytest.approx(WALL_S * 1000)
    assert frames[-1][0] == pytest.approx((WALL_S + 10) * 1000)
    assert found.types["IT1002"] == "inbound-rtp"
    assert "framesDecoded" not in found.series["IT1001"]

    late = [
        report if number >= 4 else having(report, targetBitrate=None)
        for number, report in enumerate(page_reports(Page(PROBE, seconds=10.0)))
    ]
    series = imported(exported(tmp_path / "late", late))["p000-pc1"].series["OT1002"]
    assert [value for _, value in series["targetBitrate"]] == [400_000.0] * 7
    assert series["targetBitrate"][0][0] == pytest.approx((WALL_S + 4) * 1000)


def having(report: PageReport, **members: Any) -> PageReport:
    """With these members of all statistics that have such."""
    connections = tuple(
        replace(each, stats=tuple(_having(stats, members) for stats in each.stats))
        for each in report.connections
    )
    return replace(report, connections=connections)


def _having(stats: Any, members: dict[str, Any]) -> Any:
    return replace(stats, **{name: members[name] for name in members if hasattr(stats, name)})


def test_digits_are_numbers_as_chromium_writes_them(tmp_path: Path) -> None:
    """Its own dump says `[0,0,0]` of the mid "0"."""
    reports = [having(report, mid="0", codecId="96x") for report in two_connections()]
    series = imported(exported(tmp_path, reports))["p000-a-0"].series["IT1002"]
    assert {value for _, value in series["mid"]} == {0}
    assert {value for _, value in series["codecId"]} == {"96x"}


def test_a_connection_without_statistics_has_its_log(tmp_path: Path) -> None:
    events = [connection_event(1.0, "a-7", "connecting"), connection_event(2.0, "a-7", "failed")]
    found = imported(exported(tmp_path, two_connections(), events))["p000-a-7"]
    assert (len(found.log), found.series) == (2, {})


@pytest.mark.parametrize("page_time_s", [1e15, -1e15, float("inf")])
def test_a_line_at_a_time_that_is_none_is_left_out(page_time_s: float, tmp_path: Path) -> None:
    """A page's clock may say anything."""
    reports = [replace(report, page_time_s=page_time_s) for report in two_connections()]
    events = [connection_event(1.0, "a-0", "connected")]
    found = imported(exported(tmp_path, reports, events))["p000-a-0"]
    assert found.log == [] and found.series


def test_what_is_not_known_is_empty(tmp_path: Path) -> None:
    events = [connection_event(1.0, "a-0", "connected")]
    text = exported(tmp_path, two_connections(), events, chromium=None, clock=False)
    found = imported(text)
    assert found["p000-a-0"].log == []  # nobody knows when
    dump = json.loads(text)
    assert (dump["UserAgent"], dump["UserAgentData"], dump["getUserMedia"]) == ("", {}, [])
    assert dump["PeerConnections"]["p000-a-0"]["rtcConfiguration"] == ""


def test_figures_that_are_none_are_told_as_none(tmp_path: Path) -> None:
    """A page may send anything: `1e999`, or a time at which no calendar is."""
    reports = two_connections()
    spoilt = reports[3].connections[0]
    stats = tuple(
        replace(each, jitter=float("inf")) if hasattr(each, "jitter") else each
        for each in spoilt.stats
    )
    reports[3] = replace(reports[3], connections=(replace(spoilt, stats=stats),))
    never = tuple(replace(each, timestamp=1e300) for each in spoilt.stats)
    reports[5] = replace(reports[5], connections=(replace(spoilt, stats=never),))
    found = imported(exported(tmp_path, reports))["p000-a-0"]
    jitter = [value for _, value in found.series["IT1002"]["jitter"]]
    assert len(jitter) == 10
    assert jitter[3] is None


# ---------------------------------------------------------------- beside Chromium's own

_OWN_DUMP = """async () => {
  const made = new Promise((resolve) => {
    const asked = URL.createObjectURL;
    URL.createObjectURL = (blob) => { resolve(blob); return asked.call(URL, blob); };
  });
  document.querySelectorAll('details').forEach((details) => { details.open = true; });
  document.getElementById('dump-click-target').click();
  const bytes = new Uint8Array(await (await made).arrayBuffer());
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}"""


@pytest.mark.live
async def test_it_says_what_chromiums_own_dump_of_the_page_says(
    new_page: Callable[..., Awaitable[Any]], call_app: str, tmp_path: Path
) -> None:
    probe = await new_page(probe=PROBE)
    profile = _profile(probe.browser.pid)
    port = (profile / "DevToolsActivePort").read_text().splitlines()[0]
    async with async_playwright() as playwright:
        second = await playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        internals = await second.contexts[0].new_page()
        await internals.goto("chrome://webrtc-internals")
        await probe.goto(f"{call_app}call?calls=1")
        await probe.witness.report(
            lambda report: [each.state for each in report.connections] == ["connected"] * 2
        )
        for _ in range(5):
            await probe.witness.report()
        data = base64.b64decode(await internals.evaluate(_OWN_DUMP))
        await second.close()
    theirs = imported(gzip.decompress(data).decode())
    events = [seen for seen in probe.witness.seen if isinstance(seen, ProbeEvent)]
    version = chromium_version(find_chromium(None))
    began_s = probe.witness.reports[0].host_monotonic_s
    ours = imported(
        await asyncio.to_thread(
            exported, tmp_path, *_from_the_beginning(probe.witness.reports, events, began_s),
            chromium=version,
        )
    )  # fmt: skip
    assert len(theirs) == len(ours) == 2
    for own in theirs.values():
        sends = "outbound-rtp" in own.types.values()
        mine = next(
            each for each in ours.values() if ("outbound-rtp" in each.types.values()) is sends
        )
        states = [line for line in log(own) if line[0] == "onconnectionstatechange"]
        assert log(mine) == states == [
            ("onconnectionstatechange", "connecting"),
            ("onconnectionstatechange", "connected"),
        ]  # fmt: skip
        rtp = {id for id, type in own.types.items() if type.endswith("bound-rtp")}
        assert rtp <= set(mine.types)
        for id in rtp:
            assert mine.types[id] == own.types[id]
            for member in own.series[id].keys() & mine.series[id].keys() - {"timestamp"}:
                ((_, first), *_), ((_, other), *_) = own.series[id][member], mine.series[id][member]
                assert type(first) is type(other) or {type(first), type(other)} == {int, float}
            for member in ("ssrc", "kind", "mid"):
                assert (
                    mine.series[id].get(member, [(0, None)])[-1][1]
                    == (own.series[id].get(member, [(0, None)])[-1][1])
                )


def _from_the_beginning(
    reports: Sequence[PageReport], events: Sequence[ProbeEvent], began_s: float
) -> tuple[list[PageReport], list[ProbeEvent]]:
    """As if the host's clock had shown what a made run's shows."""
    ahead_s = MONOTONIC_S + 1 - began_s
    return (
        [replace(each, host_monotonic_s=each.host_monotonic_s + ahead_s) for each in reports],
        [replace(each, host_monotonic_s=each.host_monotonic_s + ahead_s) for each in events],
    )


def _profile(pid: int) -> Path:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
    (profile,) = (word for word in words if word.startswith("--user-data-dir="))
    return Path(profile.partition("=")[2])
