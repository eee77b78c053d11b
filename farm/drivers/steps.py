"""Fills in the templates of a driver's steps, and names steps for messages. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from farm.model.driver import (
    Check,
    Click,
    DoubleClick,
    Evaluate,
    Fill,
    Goto,
    Hover,
    Http,
    IfVisible,
    Mute,
    Pause,
    Press,
    Repeat,
    Screenshot,
    Select,
    SetFiles,
    Step,
    Uncheck,
    Unmute,
    WaitFor,
)
from farm.model.durations import format_duration
from farm.model.page_address import page_address
from farm.model.template_text import ENVIRONMENT, fill_in, filled_in_all, names_in

VARIABLES: Mapping[str, str] = {
    "app_url": "the app's address, as app.url has it",
    "session": "the call, room or broadcast: s000",
    "session_number": "its number, from 1, for rooms that are numbers",
    "probe": "this probe: p000",
    "role": "its role, as the driver names it",
    "index": "its number in its session, from 0",
    "members": "how many probes its session has: a room the scenario's members",
    "partners": "the other probes of its session: p001 p002",
    "videos": "how many videos of others it is to receive",
    "sends": "what it is to send: audio,video",
    "sends_video": "1 when it is to send video, else 0",
    "width": "of the camera's frames, in pixels",
    "height": "likewise",
    "frame_rate": "of the camera, frames a second",
    "record": "1 when the server is to record, else 0",
    "max_video_send_bandwidth": "kbit/s, or empty",
    "publishers": "who else of the session sends, for one who receives: p000,p002",
}
"""Variables of a template, `{like_this}`, and their meanings."""

LOOP_VARIABLES: Mapping[str, str] = {
    "turn": "the number of the turn, from 0",
    "partner": "the other probe whose turn it is: p001",
}
"""Variables inside a `repeat`; `partner` only with `each: partner`."""

TAKEN = (*VARIABLES, *LOOP_VARIABLES)
"""Names that no variable of a user's own may have."""

APP_URL = "{app_url}"
"""The beginning of a `goto` to a page of the app."""

TEMPLATES: Mapping[type[Step], tuple[str, ...]] = {
    Fill: ("selector", "text"),
    Press: ("keys", "selector"),
    Select: ("selector", "option"),
    **dict.fromkeys((Check, Uncheck, Click, DoubleClick, Hover), ("selector",)),
    SetFiles: ("selector",),
    WaitFor: ("selector", "function", "text", "url", "count"),
    Screenshot: ("name",),
    IfVisible: ("selector",),
    Repeat: ("times",),
}
"""The fields of steps that are templates, beside the frames of `where`; `Goto` has its own rule."""


_KNOWN = "known: {}; and the columns of app.data, and what http steps or app.exec give"


def unknown_variables(template: str, more: Collection[str] = ()) -> list[str]:
    """Messages about unknown variables; other braces (`{}`, `{ a: 1 }`) are just text.

    `more` are names of a user's own, and `LOOP_VARIABLES` of the repeats around it.
    """
    known = (*VARIABLES, *more)
    complaints = []
    for name in names_in(template):
        if name not in known and not name.startswith(ENVIRONMENT):
            near = get_close_matches(name, known, 1)
            hint = f"did you mean {{{near[0]}}}?" if near else _KNOWN.format(", ".join(known))
            if name in LOOP_VARIABLES:
                hint = "it is there in a repeat" + (" with each: partner" * (name == "partner"))
            complaints.append(f"no variable {{{name}}}; {hint}")
    return complaints


def step_for(step: Step, variables: Mapping[str, str]) -> Step:
    """The step with every template in it filled in; those of steps within it are left."""

    def filled(template: str) -> str:
        return fill_in(template, variables)

    def address(template: str) -> str:
        if not template.startswith(APP_URL) or "app_url" not in variables:
            return filled(template)
        return page_address(variables["app_url"], filled(template.removeprefix(APP_URL)))

    where = replace(step.where, frames=tuple(filled(frame) for frame in step.where.frames))
    if isinstance(step, Goto):
        return replace(step, url=address(step.url), where=where)
    if isinstance(step, Evaluate):
        turn = {name: variables[name] for name in LOOP_VARIABLES if name in variables}
        return replace(step, turn=turn, where=where)
    if isinstance(step, Http):
        return replace(
            step,
            url=address(step.url),
            headers={name: filled(text) for name, text in step.headers.items()},
            json=filled_in_all(step.json, variables),
            form=step.form and {name: filled(text) for name, text in step.form.items()},
        )
    templates = {name: getattr(step, name) for name in TEMPLATES.get(type(step), ())}
    changes: dict[str, Any] = {
        name: filled(text) for name, text in templates.items() if text is not None
    }
    return replace(step, where=where, **changes)


def unsaved(step: Step, variables: Collection[str]) -> list[str]:
    """The names in its templates that are in no variables: `http` steps are to save them."""
    texts: list[Any] = [getattr(step, name) for name in TEMPLATES.get(type(step), ())]
    texts += step.where.frames
    if isinstance(step, Goto):
        texts.append(step.url)
    if isinstance(step, Http):
        texts += [step.url, step.json, *step.headers.values(), *(step.form or {}).values()]
    names = dict.fromkeys(name for text in texts for name in _names_in_all(text))
    return [
        name
        for name in names
        if name not in (*VARIABLES, *variables) and not name.startswith(ENVIRONMENT)
    ]


def _names_in_all(value: Any) -> Iterator[str]:
    """The names in all texts of a value of JSON."""
    if isinstance(value, str):
        yield from names_in(value)
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _names_in_all(each)


LONGEST_SCRIPT = 60
"""Letters of JavaScript in a step's name."""


def step_name(step: Step) -> str:
    """The step's name in a message: `click #register in frame #call`."""
    frames = "".join(f" in frame {frame}" for frame in reversed(step.where.frames))
    in_tab = " in the new tab" if step.where.in_new_tab else ""
    return f"{f'{step.key} {_object(step)}'.rstrip()}{frames}{in_tab}"


def condition_name(wait: WaitFor) -> str:
    """What is waited for: `#spinner hidden`, `2 of .tile`, `text 'In call'`, `url **/room`."""
    if wait.function is not None or wait.network_idle:
        return _beginning(wait.function or "network idle")
    if wait.url is not None:
        return f"url {wait.url}"
    text = None if wait.text is None else f"text {wait.text!r}"
    element = " with ".join(each for each in (wait.selector, text) if each is not None)
    counted = element if wait.count is None else f"{wait.count} of {element}"
    return counted if wait.state == "visible" else f"{counted} {wait.state}"


def _beginning(script: str) -> str:
    """A script in one line, long ones cut: the driver's line has the whole of it."""
    line = " ".join(script.split())
    return line if len(line) <= LONGEST_SCRIPT else f"{line[:LONGEST_SCRIPT]}..."


def _object(step: Step) -> str:
    """What a step acts on."""
    match step:
        case Goto(name) | Screenshot(name) | Mute(name) | Unmute(name) | Evaluate(file=name):
            acts_on: str = name
        case Http(method, url):
            acts_on = f"{method} {url}"
        case Press(keys, selector):
            acts_on = keys if selector is None else f"{keys} in {selector}"
        case Pause(for_s):
            acts_on = format_duration(for_s)
        case WaitFor():
            acts_on = condition_name(step)
        case Repeat():
            acts_on = _turns(step)
        case _:
            acts_on = getattr(step, "selector", "")
    return acts_on


def _turns(step: Repeat) -> str:
    if step.each_partner:
        return "each partner"
    if step.until is not None:
        return f"until {condition_name(step.until)}"
    return "once" if step.times == "1" else f"{step.times} times"
