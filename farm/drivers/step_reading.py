"""Reads the steps of a driver file: a reader for each key, in one table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import cast, get_args

from farm.drivers.action_reading import ACTIONS
from farm.drivers.given import Given
from farm.drivers.wait_reading import read_condition
from farm.model.driver import (
    IF_VISIBLE_WITHIN_S,
    REPEAT_WITHIN_S,
    Goto,
    Http,
    IfVisible,
    LoadedWhen,
    Reload,
    Repeat,
    Step,
    Where,
)

LIST = "a list of steps, each on a line that begins with -"
FRAME = "a CSS selector of an iframe, or a list of them, the outermost first"
REPEAT = "a number, until: with what wait_for takes, or each: partner"

WHERE_KEYS = ("frame", "in_new_tab")
BESIDE = (*WHERE_KEYS, "within", "wait_until", "steps")
"""Keys that stand beside the one that says what a step does."""

NESTING = ("if_visible", "repeat")
OWN_PAGE = (
    *("goto", "reload", "go_back", "http"),
    *("accept_dialog", "dismiss_dialog", "pause", "screenshot"),
)
"""Steps that act in the probe's own page, or in none."""

EVERYWHERE = ("mute", "unmute")
LOADING = ("goto", "reload")
"""Steps that wait until a page is loaded."""

LOADED_WHEN: tuple[LoadedWhen, ...] = get_args(LoadedWhen)
OWN_WITHIN = ("wait_for", "http")
"""Steps that may have their time limit in themselves."""

AT_ONCE = ("accept_dialog", "dismiss_dialog", "pause", "screenshot", *EVERYWHERE)
"""Steps without a time limit."""

STEP_KEYS = (*ACTIONS, "wait_for", *NESTING)


def read_steps(given: Given) -> tuple[Step, ...]:
    """The steps of a list; none where it is not there."""
    steps: list[Step] = []
    for each in given.items(LIST):
        steps += _read_step(each.knowing(*saved_by(steps)))
    return tuple(steps)


def saved_by(steps: Iterable[Step]) -> Iterator[str]:
    """The variables that `http` steps save, also those inside of other steps."""
    for step in steps:
        if isinstance(step, Http):
            yield from step.save
        elif isinstance(step, IfVisible | Repeat):
            yield from saved_by(step.steps)


def _read_step(given: Given) -> tuple[Step, ...]:
    """One step of a driver; a `fill` or `select` of several fields is several."""
    step = given.mapping((*STEP_KEYS, *BESIDE), "one of " + ", ".join(STEP_KEYS))
    acts = [key for key in step if key not in BESIDE]
    if step and not acts:
        only = " and ".join(step)
        raise given.wrong(
            f"{only} says {_BESIDE_MEANS.get(only, 'more about a step')}, not what it does: put it "
            f"beneath one of {', '.join(STEP_KEYS)}, without a - of its own"
        )
    if len(acts) != 1:
        raise given.wrong(f"a step has one key, not {len(acts)}: begin each with -")
    (key,) = acts
    return tuple(
        replace(made, where=_where(step, key), place=made.place or given.place)
        for made in _made(step, key)
    )


_BESIDE_MEANS = {
    **dict.fromkeys((*WHERE_KEYS, " and ".join(WHERE_KEYS)), "where a step acts"),
    "within": "how long a step may take",
    "wait_until": "when a page is taken for loaded",
    "steps": "what if_visible and repeat execute",
}


def _made(step: Mapping[str, Given], key: str) -> tuple[Step, ...]:
    given = step[key]
    inner = step.get("steps")
    if inner is not None and key not in NESTING:
        raise inner.wrong(f"{key} has no steps of its own: only {' and '.join(NESTING)} have")
    made: tuple[Step, ...]
    match key:
        case "if_visible":
            selector = given.template("a CSS selector")
            made = (IfVisible(selector, _inner(given, inner), within_s=IF_VISIBLE_WITHIN_S),)
        case "repeat":
            made = (_repeat(given, inner),)
        case "wait_for":
            made = (read_condition(given),)
        case _:
            made = ACTIONS[key](given)
    if "within" in step:
        within_s = _within_s(step["within"], key)
        if isinstance(given.value, dict) and "within" in given.value and key in OWN_WITHIN:
            raise step["within"].wrong(f"it is there twice, in {key}: and beside it")
        made = tuple(replace(each, within_s=within_s) for each in made)
    if "wait_until" in step:
        until = _loaded_when(step["wait_until"], key)
        made = tuple(
            replace(each, wait_until=until) if isinstance(each, Goto | Reload) else each
            for each in made
        )
    return made


def _loaded_when(given: Given, key: str) -> LoadedWhen:
    if key not in LOADING:
        raise given.wrong(f"{key} has no wait_until: it is of {' and '.join(LOADING)} alone")
    if given.value not in LOADED_WHEN:
        raise given.must_be(f"one of {', '.join(LOADED_WHEN)}")
    return cast(LoadedWhen, given.value)


def _within_s(within: Given, key: str) -> float:
    if key in AT_ONCE:
        raise within.wrong(f"{key} has no time limit: leave it out")
    return within.duration_s()


def _repeat(given: Given, inner: Given | None) -> Repeat:
    """A `repeat`: so many times, until something is so, or for each partner."""
    members = given.members()
    if members is None:
        steps = _inner(given, inner, "turn")
        return Repeat(steps, times=given.number(REPEAT), within_s=REPEAT_WITHIN_S)
    given.mapping(("until", "each"), REPEAT)
    if len(members) != 1:
        raise given.wrong(f"must be {REPEAT}")
    if "each" in members:
        each = members["each"]
        if each.value != "partner":
            raise each.must_be("partner")
        steps = _inner(given, inner, "turn", "partner")
        return Repeat(steps, each_partner=True, within_s=REPEAT_WITHIN_S)
    until = read_condition(members["until"])
    steps = _inner(given, inner, "turn")
    return Repeat(steps, until=replace(until, place=given.place), within_s=REPEAT_WITHIN_S)


def _inner(given: Given, inner: Given | None, *turn: str) -> tuple[Step, ...]:
    """The steps of an `if_visible` or `repeat`."""
    steps = () if inner is None else read_steps(inner.knowing(*turn))
    if not steps:
        raise given.wrong("needs steps: beneath it, with at least one step")
    return steps


def _where(step: Mapping[str, Given], key: str) -> Where:
    for beside in (step[name] for name in WHERE_KEYS if name in step):
        if key in OWN_PAGE:
            raise beside.wrong(f"{key} is for the probe's own page: leave it out")
        if key in EVERYWHERE:
            raise beside.wrong(f"{key} is for all tabs and frames of the probe: leave it out")
    frame, in_new_tab = step.get("frame"), step.get("in_new_tab")
    if in_new_tab is not None and not isinstance(in_new_tab.value, bool):
        raise in_new_tab.must_be("true")
    return Where(
        () if frame is None else _frames(frame), in_new_tab is not None and in_new_tab.value
    )


def _frames(frame: Given) -> tuple[str, ...]:
    if isinstance(frame.value, list) and frame.value:
        return tuple(each.template(FRAME) for each in frame.items(FRAME))
    return (frame.template(FRAME),)
