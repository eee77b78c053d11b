"""Pins what Playwright's recorder tells: an update that changes it fails here first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from farm.browser.recorded_action import RecordedAction
from farm.browser.recorded_page import RecordedPage
from farm.model.driver import Click, Evaluate, Fill, Select, Where

pytestmark = pytest.mark.live

PAGE = """() => {
    document.body.innerHTML = `
        <p style="height: 120px">Playwright's bar covers this.</p>
        <label>Your name <input></label> <input placeholder="Room">
        <select id="size"><option value="s">small</option><option value="l">large</option></select>
        <label><input type="checkbox"> I agree</label>
        <button onclick="confirm('Sure?')">Join</button>
        <button onclick="window.open('about:blank').document.write('<button>Hang up</button>')">
            Open</button>
        <iframe id="meeting" srcdoc="<button>Inside</button>"></iframe>`;
}"""


async def test_what_a_person_does_is_told_as_it_has_been(
    new_page: Callable[..., Awaitable[Any]], call_app: str
) -> None:
    told: list[RecordedAction] = []

    def on_action(action: RecordedAction, is_update: bool) -> None:
        told[-1 if is_update else len(told) :] = [action]

    probe = await new_page()
    page = RecordedPage(probe.page, on_action)
    await page.open(f"{call_app}call")
    await page.run(Evaluate(PAGE, "page.js"))
    for step in (
        Fill("input >> nth=0", "alice"),
        Fill("input >> nth=1", "hall"),
        Select("#size", "l"),
        Click("text=I agree"),
        Click("text=Join"),
        Click("text=Inside", where=Where(("#meeting",))),
        Click("text=Open"),
        Click("text=Hang up", where=Where(in_new_tab=True)),
    ):
        await page.run(step)
        await asyncio.sleep(0.7)  # it waits so long for a second click
    await page.stop()
    assert _without_clicks_into_fields(told) == [
        RecordedAction("fill", 'role=textbox[name*="Your name"i]', "Your name", "alice"),
        RecordedAction("fill", 'role=textbox[name*="Room"i]', "Room", "hall"),
        RecordedAction("select", "#size", "", "l"),
        RecordedAction("check", 'role=checkbox[name*="I agree"i]', "I agree"),
        RecordedAction("click", 'role=button[name*="Join"i]', "Join", dialog=True),
        RecordedAction("click", 'role=button[name*="Inside"i]', "Inside", frames=("#meeting",)),
        RecordedAction("click", 'role=button[name*="Open"i]', "Open"),
        RecordedAction("click", 'role=button[name*="Hang up"i]', "Hang up", tab=1),
    ]


def _without_clicks_into_fields(told: Sequence[RecordedAction]) -> list[RecordedAction]:
    return [each for each in told if "textbox" not in each.selector or each.name == "fill"]
