"""Calls in tabs that a page opens, and in its frames: steps reach them, and they count."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from farm.errors import JoinError
from farm.model.driver import HERE, Click, Evaluate, Fill, Goto, Select, WaitFor, Where
from farm.model.page_samples import PageReport

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]
THERE = Where(in_new_tab=True)
INNER = Where(frames=("#outer", "#inner"))
CONNECTED = WaitFor(
    function="calls.length === 1 && calls[0].far.connectionState === 'connected'", where=THERE
)


def states(report: Any) -> list[str]:
    return [connection.state for connection in report.connections]


def received(report: PageReport) -> set[str]:
    """The connections whose statistics are in the report."""
    return {each.connection for each in report.connections if each.stats}


async def settled(probe: Any, count: int) -> list[PageReport]:
    """The next `count` reports of the probe."""
    before = len(probe.witness.reports)
    await probe.witness.until(lambda: len(probe.witness.reports) >= before + count)
    return list(probe.witness.reports[before : before + count])


def one_a_period(reports: list[PageReport]) -> bool:
    due = [round(report.page_time_s) for report in reports]
    return all(later == earlier + 1 for earlier, later in pairwise(due))


@pytest.mark.parametrize("button", ["#tab", "#own"])
async def test_a_call_in_a_tab_of_its_own_is_the_probes(
    new_page: NewPage, call_app: str, button: str, tmp_path: Path
) -> None:
    probe = await new_page()
    for step in (
        Goto(f"{call_app}opener"),
        Click(button),
        Fill("#name", "p000", where=THERE),
        Select("#room", "Blue room", where=THERE),
        WaitFor(function="document.body.dataset.room === 'blue'", where=THERE),
        WaitFor(selector="#remote", where=THERE),
        CONNECTED,
        WaitFor(function="document.querySelector('#remote').currentTime > 0.5", where=THERE),
    ):
        await probe.page.run(step)
    await probe.witness.report(lambda r: states(r) == ["connected"] * 2)
    reports = await settled(probe, 4)
    assert [states(report) for report in reports] == [["connected"] * 2] * 4
    assert one_a_period(reports)
    assert len(set.union(*map(received, reports))) == 2
    assert {event.data["kind"] for event in probe.witness.events("setup")} == {"audio", "video"}

    assert await probe.page.screenshot(tmp_path / "call.png")
    assert greenness(tmp_path / "call.png") > 0.1


def greenness(picture: Path) -> float:
    """The share of a picture's points that have the green of Chromium's test camera."""
    import matplotlib.image as mpimg

    points = mpimg.imread(picture)
    green = (points[..., 1] > 0.4) & (points[..., 0] < 0.4) & (points[..., 2] < 0.2)
    return float(green.mean())


OPEN_ANOTHER = "() => { window.open('call?calls=1') }"


async def test_calls_of_all_tabs_are_in_one_report(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    await probe.witness.report(lambda r: states(r) == ["connected"] * 2)
    await probe.do(OPEN_ANOTHER)
    await probe.page.run(CONNECTED)
    await probe.witness.report(lambda r: states(r) == ["connected"] * 4)
    both = await settled(probe, 4)
    assert [states(report) for report in both] == [["connected"] * 4] * 4
    assert one_a_period(both)
    names = [each.connection for each in both[0].connections]
    assert len(set(names)) == 4


async def test_a_tab_that_opens_another_and_closes_itself_leaves_the_call_to_it(
    new_page: NewPage, call_app: str, tmp_path: Path
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}opener")
    await probe.page.run(Click("#tab"))
    await probe.page.run(CONNECTED)
    first = await probe.witness.report(lambda r: states(r) == ["connected"] * 2)
    await probe.page.run(Evaluate("() => { window.second = true }", "mark.js", where=THERE))
    await probe.page.run(Evaluate(OPEN_ANOTHER, "open.js", where=THERE))
    await probe.page.run(WaitFor(function="!window.second && calls.length === 1", where=THERE))
    await probe.page.run(CONNECTED)
    both = await probe.witness.report(lambda r: states(r) == ["connected"] * 4)
    # The newest stays: its opener closes itself.
    await probe.page.run(Evaluate("() => { opener.close() }", "close.js", where=THERE))
    left = await probe.witness.report(lambda r: len(r.connections) == 2)
    assert received(left) == received(both) - received(first)
    alone = await settled(probe, 3)
    assert [states(report) for report in alone] == [["connected"] * 2] * 3
    assert one_a_period(alone)
    assert await probe.page.screenshot(tmp_path / "call.png")


async def test_a_tab_that_closes_leaves_its_openers_call_alone(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    await probe.witness.report(lambda r: states(r) == ["connected"] * 2)
    await probe.do(OPEN_ANOTHER)
    await probe.page.run(CONNECTED)
    await probe.witness.report(lambda r: states(r) == ["connected"] * 4)
    await probe.page.run(Evaluate("() => { setTimeout(() => window.close()) }", "x", where=THERE))
    await probe.witness.report(lambda r: len(r.connections) == 2)
    alone = await settled(probe, 3)
    assert [states(report) for report in alone] == [["connected"] * 2] * 3
    assert one_a_period(alone)


async def test_a_tab_without_a_call_takes_no_part(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}opener")
    await probe.page.run(Click("#blank"))
    await probe.page.run(Evaluate("() => { document.title = 'found' }", "x.js", where=THERE))
    reports = await settled(probe, 3)
    assert one_a_period(reports)


async def test_a_tab_that_never_opens_is_waited_for_in_vain(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do("() => show('error', 'pop-ups are not for you')")
    with pytest.raises(JoinError) as caught:
        await probe.page.run(WaitFor(selector="#remote", within_s=0.5, where=THERE))
    assert caught.value.reason == "signalling"
    assert (
        "not within 0.5 s (the step's `within`): the page has opened no new tab;"
        " the page shows 'pop-ups are not for you'"
    ) in str(caught.value)


async def test_steps_reach_into_frames(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    for step in (
        Goto(f"{call_app}opener"),
        Fill("#name", "p000", where=INNER),
        Click("#register", where=INNER),
        WaitFor(function="document.body.dataset.name === 'p000'", where=INNER),
        Evaluate("async ({ probe }) => { calls.push(await call()) }", "call.js", where=INNER),
        WaitFor(selector="#remote", where=INNER),
    ):
        await probe.page.run(step)
    await probe.witness.report(lambda r: states(r) == ["connected"] * 2)
    reports = await settled(probe, 3)
    assert [states(report) for report in reports] == [["connected"] * 2] * 3
    assert one_a_period(reports)


@pytest.mark.parametrize("leaves", ["removed", "another document", "closed"])
async def test_a_probe_reports_on_when_the_frame_of_its_call_is_gone(
    new_page: NewPage, call_app: str, leaves: str
) -> None:
    probe = await new_page()
    for step in (
        Goto(f"{call_app}opener"),
        Evaluate("async ({ probe }) => { calls.push(await call()) }", "call.js", where=INNER),
    ):
        await probe.page.run(step)
    await probe.witness.report(lambda r: states(r) == ["connected"] * 2)
    script, where = {
        "removed": ("() => document.querySelector('#outer').remove()", HERE),
        "another document": ("() => { location.href = 'about:blank' }", INNER),
        "closed": (
            "() => { for (const { near, far } of calls) { near.close(); far.close() } }",
            INNER,
        ),
    }[leaves]
    await probe.page.run(Evaluate(script, "leave.js", where=where))
    await probe.witness.report(lambda r: not r.connections)
    reports = await settled(probe, 3)
    assert [states(report) for report in reports] == [[]] * 3
    assert one_a_period(reports)


async def test_a_step_that_fails_in_a_frame_reports_what_is_shown_there(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}opener")
    await probe.page.run(Evaluate("() => show('error', 'room full')", "show.js", where=INNER))
    with pytest.raises(JoinError, match="'room full' in #error"):
        await probe.page.run(WaitFor(function="nothing.at.all", within_s=0.5, where=INNER))
    with pytest.raises(JoinError, match="it throws ReferenceError: nothing is not defined"):
        await probe.page.run(WaitFor(function="nothing.at.all", within_s=0.5, where=INNER))
    with pytest.raises(JoinError, match="no frame") as caught:
        await probe.page.run(Evaluate("1", "one.js", where=Where(frames=("#tab",))))
    assert caught.value.reason == "page_error"
