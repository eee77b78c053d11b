"""What each state of a search means in words, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from farm.model.verdict import OTHER_PROGRAMS
from farm.results.advice import ROOM, advice
from reports.text.answer import Status


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """What a state of the search means, and what to do about it."""

    status: Status
    label: str
    meaning: str
    next_step: str


STATES: Mapping[str, StateMeaning] = {
    "converged": StateMeaning(
        "pass",
        "found",
        "The search closed in on its answer; how sure that is, the interval says.",
        "Plan with the recommended load, and watch the resource that sets the limit.",
    ),
    "ceiling_passed": StateMeaning(
        "pass",
        "lower bound",
        "The largest load allowed passed each time that it counted: the server may hold more.",
        "Raise search.maximum and run again.",
    ),
    "floor_failed": StateMeaning(
        "fail",
        "fail",
        "Even the smallest load did not hold.",
        "Read the reasons of the first trial: a server or a network that cannot carry one "
        "session is broken, not full.",
    ),
    "out_of_trials": StateMeaning(
        "open",
        "inconclusive",
        "The trials or the time allowed were used up before the bounds met.",
        "Raise search.max_trials or search.budget, or search.step, and run again.",
    ),
    "generator_ran_out": StateMeaning(
        "open",
        "lower bound",
        "The machines that run the probes reached their own limit before the server did: it may "
        "hold more.",
        ROOM,
    ),
    "drift": StateMeaning(
        "open",
        "drift",
        "The server changed in the course of the search, so its trials are not of one server and "
        "no capacity can be had from them.",
        "Find what changed (neighbours, heat, a disk that fills, a reset that leaves something "
        "behind), and size the server again.",
    ),
    "server_lost": StateMeaning(
        "fail",
        "server lost",
        "The server was lost, and without it no further trial could be judged.",
        "See what happened to it in logs/ and in its own logs, mend it and run again.",
    ),
}


UNJUDGED = StateMeaning(
    "open",
    "lower bound",
    "Larger trials could not be judged, for it is not known what the server owes its rooms.",
    "Say in the experiment whether rooms are mixed or forwarded (scenario.media), and run again.",
)
"""Of a search that ran out of trials that can be judged, and not of generator."""


def ran_out(meaning: StateMeaning, codes: Sequence[str]) -> StateMeaning:
    """Of a search that no further trial could be judged of: for whose sake, and what helps."""
    if OTHER_PROGRAMS not in codes:
        return replace(meaning, next_step=advice(codes))
    said = (
        "Other programs had the CPU of the machines that run the probes, so larger trials are not "
        "judged: the server may hold more."
    )
    return replace(meaning, meaning=said, next_step=advice(codes))
