"""What each state of a search means in words, and what to do about it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from farm.model.verdict import OTHER_PROGRAMS
from farm.results.advice import ROOM, advice
from reports.text.answer import Status


@dataclass(frozen=True, slots=True)
class StateMeaning:
    """The meaning of a search's state, and what a user may do next."""

    status: Status
    label: str
    meaning: str
    next_step: str


STATES: Mapping[str, StateMeaning] = {
    "converged": StateMeaning(
        "pass",
        "found",
        "The search converged; the interval states how sure its answer is.",
        "Plan with the recommended load, and watch the resource that sets the limit.",
    ),
    "ceiling_passed": StateMeaning(
        "pass",
        "lower bound",
        "The largest load allowed passed each time it was judged: the server may carry more.",
        "Raise search.maximum and run again.",
    ),
    "floor_failed": StateMeaning(
        "fail",
        "fail",
        "What cannot carry the smallest load is broken, not full: the server, the network or the "
        "page.",
        "Read the reasons of the first trial.",
    ),
    "driver_failed": StateMeaning(
        "open",
        "unknown",
        "Nobody got through the steps of the driver, in all trials or all but one, so that too few "
        "tell of the server.",
        "See the step that failed with farm driver check, mend what it shows, and run again.",
    ),
    "out_of_trials": StateMeaning(
        "open",
        "inconclusive",
        "The trials or the time allowed were used up before the search converged.",
        "Raise search.max_trials or search.budget, or search.step, and run again.",
    ),
    "generator_ran_out": StateMeaning(
        "open",
        "lower bound",
        "The load generator saturated before the server did: the server may carry more.",
        ROOM,
    ),
    "drift": StateMeaning(
        "open",
        "drift",
        "The server changed during the search, so its trials do not measure one server and give "
        "no capacity.",
        "Find what changed (neighbours, heat, a disk that fills, a reset that leaves something "
        "behind), and size the server again.",
    ),
    "server_lost": StateMeaning(
        "fail",
        "server lost",
        "The server was lost, and without it no further trial could be judged.",
        "See what happened to it in logs/ and in its own logs, repair it and run again.",
    ),
}


UNJUDGED = StateMeaning(
    "open",
    "lower bound",
    "Larger trials could not be judged, because the streams owed in its rooms are unknown.",
    "Set in the experiment whether rooms are mixed or forwarded (scenario.media), and run again.",
)
"""The meaning of `generator_ran_out` where trials lacked a setting, not a larger generator."""

JOINS_AT_ANY_LOAD = (
    "See why joins fail at the smallest load with farm run at that load, mend that, and size the "
    "server again."
)
"""What to do where joins fail as often at the smallest load as at a larger one."""


def saturated(meaning: StateMeaning, codes: Sequence[str]) -> StateMeaning:
    """The meaning of `generator_ran_out`, with what used its cores and what helps."""
    if OTHER_PROGRAMS not in codes:
        return replace(meaning, next_step=advice(codes))
    words = (
        "Other programs used the CPU of the machines that run the probes, so larger trials are not "
        "judged: the server may carry more."
    )
    return replace(meaning, meaning=words, next_step=advice(codes))
