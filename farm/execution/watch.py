"""Runs a watch: trials of one load at regular times, for days. The timetable is pure."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from farm.errors import ServerError
from farm.execution.trials import Trials
from farm.model.trial_evidence import TrialEvidence
from farm.protocols import OUTAGE

BEGAN = "watch_began"
"""The kind of the journal's entry with the time of the first turn."""


@dataclass(frozen=True, slots=True)
class Timetable:
    """A trial every `every_s` from `began_wall_s` (wall clock) on, until `for_s` is over.

    A trial that takes longer than that skips turns; so does a controller that was not running.
    """

    began_wall_s: float
    every_s: float
    for_s: float

    @property
    def turns(self) -> int:
        return max(1, math.ceil(self.for_s / self.every_s))

    def next_turn(self, now_wall_s: float, last: int = -1) -> int | None:
        """The first turn after `last` that is not in the past; None when the watch is over.

        Turn 0 is in the past as soon as the watch has begun: `watch_load` begins with it.
        """
        due = math.ceil((now_wall_s - self.began_wall_s) / self.every_s)
        turn = max(due, last + 1)
        return turn if turn < self.turns else None

    def at_wall_s(self, turn: int) -> float:
        return self.began_wall_s + turn * self.every_s


async def watch_load(
    trials: Trials,
    load: int,
    smallest: int,
    *,
    every_s: float,
    for_s: float,
    began_wall_s: float | None = None,
    known: Iterable[TrialEvidence] = (),
) -> None:
    """Run baselines at the `smallest` load, then a trial of `load` at each turn.

    `began_wall_s` is that of a resumed watch, `known` is the evidence of its
    baselines. A server that cannot be reached at a turn is an outage, and is tried at the next.
    Raises ServerError if there is none for the baselines.
    """
    await trials.find_baseline(smallest, known)
    clock = trials.clock
    turn: int | None
    if began_wall_s is None:
        times = Timetable(clock.wall_s(), every_s, for_s)
        trials.decided(BEGAN, wall_s=times.began_wall_s, load=load, every_s=every_s, for_s=for_s)
        turn = 0
    else:
        times = Timetable(began_wall_s, every_s, for_s)
        turn = times.next_turn(clock.wall_s())
    while turn is not None:
        await clock.sleep_until(clock.run_s() + times.at_wall_s(turn) - clock.wall_s())
        try:
            await trials.measure(load, "watch")
        except ServerError as error:
            trials.decided(OUTAGE, wall_s=clock.wall_s(), message=str(error))
            trials.say(f"no trial this time: {error}")
        turn = times.next_turn(clock.wall_s(), turn)
