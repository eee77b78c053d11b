"""What a search says of the capacity: how it ended, the answer, and how sure it is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal[
    "searching",
    "converged",
    "ceiling_passed",  # the largest load allowed is good
    "floor_failed",  # the smallest load is bad
    "generator_ran_out",  # what is left to try the generator cannot carry: a lower bound
    "out_of_trials",
    "server_lost",  # the server died twice in a row,
    "drift",  # its trials contradict each other: no one server gave them all
]

Interval = tuple[int | None, int | None]


@dataclass(frozen=True, slots=True)
class CapacityEstimate:
    """What is known of the capacity so far.

    `probes` is the load of the ladder that is most likely right, within a step or a tenth of the
    capacity, at which a hold passes with probability `reliability`, unless this server falters more
    slowly than most: that is left to the interval. It is never above what passed, a lower bound if
    `state` is `ceiling_passed` or `generator_ran_out`, None if not even the smallest load holds.
    The capacity lies in `interval` with probability `confidence`, and below it with half of the
    rest at most; its ends are loads of the ladder, None where nothing bounds it. `recommended` is
    its low end. At `breaking` fewer than half of the holds pass. `if_sharp` and `if_slow` are what
    the interval would be, were this server known to fail at a sharp edge, or to falter slowly:
    where they differ, the trials alone do not tell.
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
