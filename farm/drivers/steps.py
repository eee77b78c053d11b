"""Fills in the templates of a driver's steps, and names steps for messages. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches

from farm.model.driver import (
    AcceptDialog,
    Click,
    Evaluate,
    Fill,
    Goto,
    Select,
    Step,
    WaitFor,
    Where,
    where,
)
from farm.model.page_address import page_address

VARIABLES: Mapping[str, str] = {
    "app_url": "the app's address, as app.url has it",
    "session": "the call, room or broadcast: s000",
    "probe": "this probe: p000",
    "role": "its role, as the driver names it",
    "index": "its number in its session, from 0",
    "members": "the scenario's: how many probes a room has",
    "width": "of the camera's frames, in pixels",
    "height": "likewise",
    "frame_rate": "of the camera, frames a second",
    "record": "1 when the server is to record, else 0",
    "max_video_send_bandwidth": "kbit/s, or empty",
}
"""Variables of a template, `{like_this}`, and their meanings."""

APP_URL = "{app_url}"
"""The beginning of a `goto` to a page of the app."""

_NAME = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def unknown_variables(template: str) -> list[str]:
    """Messages about unknown variables; other braces (`{}`, `{ a: 1 }`) are just text."""
    complaints = []
    for name in _NAME.findall(template):
        if name not in VARIABLES:
            near = get_close_matches(name, VARIABLES, 1)
            hint = f"did you mean {{{near[0]}}}?" if near else f"known: {', '.join(VARIABLES)}"
            complaints.append(f"no variable {{{name}}}; {hint}")
    return complaints


def fill_in(template: str, variables: Mapping[str, str]) -> str:
    """The template with the probe's values; unknown names stay as they are."""
    return _NAME.sub(lambda name: variables.get(name[1], name[0]), template)


def step_for(step: Step, variables: Mapping[str, str]) -> Step:
    """The step with every template in it filled in."""

    def filled(template: str) -> str:
        return fill_in(template, variables)

    def address(template: str) -> str:
        if not template.startswith(APP_URL) or "app_url" not in variables:
            return filled(template)
        return page_address(variables["app_url"], filled(template.removeprefix(APP_URL)))

    def there(place: Where) -> Where:
        return replace(place, frames=tuple(filled(frame) for frame in place.frames))

    made: Step
    match step:
        case Goto(url):
            made = Goto(address(url))
        case Fill(selector, text, place):
            made = Fill(filled(selector), filled(text), there(place))
        case Select(selector, option, place):
            made = Select(filled(selector), filled(option), there(place))
        case Click(selector, place):
            made = Click(filled(selector), there(place))
        case WaitFor(selector, function):
            made = replace(
                step,
                selector=None if selector is None else filled(selector),
                function=None if function is None else filled(function),
                where=there(step.where),
            )
        case Evaluate(where=place):
            made = replace(step, where=there(place))
        case AcceptDialog():
            made = step
    return made


def step_name(step: Step) -> str:
    """The step's name in a message: `click #register in frame #call`."""
    match step:
        case Goto(url):
            name = f"goto {url}"
        case Fill(selector):
            name = f"fill {selector}"
        case Select(selector):
            name = f"select {selector}"
        case Click(selector):
            name = f"click {selector}"
        case AcceptDialog():
            name = "accept_dialog"
        case WaitFor(selector, function):
            name = f"wait_for {selector or function}"
        case Evaluate(file=file):
            name = f"evaluate {file}"
    place = where(step)
    frames = "".join(f" in frame {frame}" for frame in reversed(place.frames))
    return f"{name}{frames}{' in the new tab' if place.in_new_tab else ''}"
