"""The estimate of the capacity by a search, its interval, and how the search ended. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal[
    "searching",
    "converged",
    "ceiling_passed",  # the largest load allowed passes
    "floor_failed",  # the smallest load fails
    "driver_failed",  # the same, of all trials or all but one by steps of the driver
    "generator_ran_out",  # the generator cannot carry larger loads: a lower bound
    "out_of_trials",
    "server_lost",  # the server died twice in a row,
    "drift",  # its trials contradict each other: the server changed
]

LOAD_HELD: frozenset[State] = frozenset({"converged", "ceiling_passed"})
"""States of searches that ended by themselves with a load that the server holds."""

CONCLUSIVE: frozenset[State] = LOAD_HELD | {"floor_failed"}
"""States of searches that ended by themselves with an answer, which may be that it holds none."""

Interval = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class CapacityEstimate:
    """The estimate of the capacity by the trials so far.

    The capacity is the load at which a hold passes with probability `reliability`. `probes` is the
    load of the ladder that is most likely within a step or a tenth of it, unless the pass curve of
    this server is flatter than most: that is left to the interval. It is never above a load that
    passed, a lower bound if `state` is `ceiling_passed` or `generator_ran_out`, None if not even
    the smallest load passes, or too little is known (`driver_failed`). The capacity lies in
    `interval` with probability `confidence`, and below it with at most half of the rest; its ends
    are loads of the ladder, None where nothing bounds it. `recommended` is its low end. `breaking`
    is the smallest failing load: there fewer than half of the holds pass. `if_sharp` and `if_slow`
    are the interval for a steep and for a flat pass curve: where they differ, the trials do not
    decide between these.
    """

    probes: int | None
    interval: Interval
    recommended: int | None
    breaking: int | None
    trials_used: int
    state: State
    reliability: float
    confidence: float
    if_sharp: Interval = (None, None)
    if_slow: Interval = (None, None)
