"""Reads the steps of a role in the hold: `after_join` of a driver file."""

from __future__ import annotations

from farm.drivers.given import Given
from farm.drivers.step_reading import read_steps
from farm.model.driver import HoldSteps

KEYS = ("at", "every", "only", "in_turn", "steps")
LIST = "a list of times, each with at: or every: and steps:"
ONLY = "index: a probe's number in its session, from 0, or a list of them"


def read_hold_steps(given: Given) -> tuple[HoldSteps, ...]:
    """The steps of each time in the hold; none where it is not there."""
    return tuple(_read_time(each) for each in given.items(LIST))


def _read_time(given: Given) -> HoldSteps:
    members = given.mapping(KEYS, "at: or every: with steps:")
    if "at" not in members and "every" not in members:
        raise given.wrong("needs at: or every:, a time of the hold such as 30s")
    steps = read_steps(given.member("steps"))
    if not steps:
        raise given.member("steps").wrong("needs at least one step")
    every_s = members["every"].duration_s() if "every" in members else None
    at_s = members["at"].duration_s(from_0=True) if "at" in members else every_s
    in_turn = given.member("in_turn")
    if not isinstance(in_turn.value, bool | None):
        raise in_turn.must_be("true or false")
    if in_turn.value and every_s is None:
        raise in_turn.wrong("needs every: the time from one probe's turn to the next one's")
    return HoldSteps(
        steps,
        at_s or 0.0,
        every_s,
        only=_only(members["only"]) if "only" in members else (),
        in_turn=bool(in_turn.value),
        place=given.place,
    )


def _only(given: Given) -> tuple[int, ...]:
    index = given.mapping(("index",), ONLY).get("index")
    if index is None:
        raise given.must_be(ONLY)
    numbers = index.value if isinstance(index.value, list) else [index.value]
    if not numbers or not all(type(number) is int and number >= 0 for number in numbers):
        raise index.must_be("a probe's number in its session, from 0, or a list of them")
    return tuple(numbers)
