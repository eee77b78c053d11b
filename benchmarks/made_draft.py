"""The draft of a made-up trial: how its pages and its server behave, and what they did so far."""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from benchmarks.made_rows import StatsRows
from benchmarks.made_trial import END_S
from farm.model.page_samples import ProbeEvent
from farm.model.trial_plan import TrialPlan

Topology = Literal["one", "up_and_down", "per_partner", "mesh"]
"""A page's connections: one; one up and one down; one up, and one down for each partner; one for
each partner, in both directions."""

TOPOLOGIES: tuple[Topology, ...] = ("one", "up_and_down", "per_partner", "mesh")

NEVER_S = END_S + 9
"""A time after the last poll."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The constant behaviour of the pages and the server of a trial."""

    topology: Topology
    has_mids: bool
    """Stats name `mid` and, of what is received, `trackIdentifier`."""
    keeps_ssrc: bool
    """The server keeps the SSRC of a stream that it forwards."""
    keeps_track: bool
    """The server keeps the name of its track."""
    has_acts: bool
    """The hooks report the senders of a page."""
    sends_back: bool = False
    """What a server sends of its own is what the page sent to it."""

    def connection_up(self, probe: str, number: int, partner: str) -> str:
        """The connection on which a page sends in the `number`th part of a stream's life."""
        match self.topology:
            case "one":
                return f"{probe}-{number}"
            case "mesh":
                return f"{probe}-{number}-{partner}"
            case "up_and_down" | "per_partner":
                return f"{probe}-{number}-up"

    def connection_down(self, probe: str, number: int, sender: str) -> str:
        """The connection on which it receives the streams of `sender`."""
        match self.topology:
            case "one":
                return f"{probe}-{number}"
            case "mesh":
                return f"{probe}-{number}-{sender}"
            case "up_and_down":
                return f"{probe}-{number}-down"
            case "per_partner":
                return f"{probe}-{number}-from-{sender}"


@dataclass(slots=True)
class Draft:
    """A trial as far as it is made up: its plan, its polls, the events of its hooks.

    `chance` makes every choice, `noise` the output of encoders; both by the trial's seed.
    """

    chance: random.Random
    noise: np.random.Generator
    plan: TrialPlan
    behaviour: Behaviour
    rows: StatsRows
    events: list[ProbeEvent]
    last_ssrc: int = 1000

    def new_ssrc(self) -> int:
        """A number that no other stream of the trial has."""
        self.last_ssrc += self.chance.randrange(1, 90)
        return self.last_ssrc

    def lives(self) -> list[tuple[float, float]]:
        """The spans of the parts of a stream's life: it is moved, or its page reloaded.

        A part may begin a little after the one before it has ended, or end after the next begins.
        """
        chance = self.chance
        cuts = sorted(chance.uniform(4.0, 38.0) for _ in range(chance.choice((0, 0, 0, 1, 2))))
        if len(cuts) == 2 and cuts[1] - cuts[0] < 4:
            cuts.pop()
        edges = [chance.uniform(2.0, 6.0), *(cut for cut in cuts if cut > 8.0), NEVER_S]
        gaps = [0.0, *(chance.uniform(-1.0, 0.3) for _ in edges[1:])]
        return [
            (begin_s + max(0.0, gap_s), end_s - min(0.0, gap_s))
            for (begin_s, end_s), gap_s in zip(pairwise(edges), gaps, strict=False)
        ]
