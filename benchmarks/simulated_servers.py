"""Simulated servers of known capacity, on which searches are tried, offline and seeded.

A server is a pass curve: the probability that a hold passes at a load. Its capacity, the truth, is
the load at which that is the reliability asked for, background failures included. Six families:
`step` (an edge), `logistic` (of any width), `units_apart` (units fail independently), and
`units_together` (if one fails, all fail); the capacity of `drifting` ones changes.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace
from typing import Literal

Family = Literal["step", "logistic", "units_apart", "units_together", "drifting"]
Drift = Literal["none", "slope", "jump"]

FAMILIES: tuple[Family, ...] = ("step", "logistic", "units_apart", "units_together", "drifting")
RELIABILITY = 0.9
NARROW = 0.2
CEILINGS = (20, 40, 60, 100, 200, 400, 1000, 2000)
STEPS = (1, 2, 4)
UNIT = 2
"""The number of probes of a unit."""


@dataclass(frozen=True, slots=True)
class SimulatedServer:
    """A server; `half` is the load at which half of the holds pass, without `background` failures.

    `scale` is how slowly that share falls with load. `drift` is a change of the capacity with each
    trial (`slope`, a share), or once, at trial `jumps_at`.
    """

    family: Family
    minimum: int
    maximum: int
    step: int
    half: float
    scale: float
    background: float
    drift: Drift = "none"
    change: float = 0.0
    jumps_at: int = 0

    def pass_ratio(self, load: float, trial: int = 0) -> float:
        """The probability that a hold passes."""
        load /= self.grown(trial)
        if self.family == "units_apart":
            units = max(1.0, load / UNIT)
            return (1 - self.background) * (1 - _falls(self.half - load, self.scale)) ** units
        if self.scale == 0:
            return (1 - self.background) * (load <= self.half)
        return (1 - self.background) * _falls(load - self.half, self.scale)

    def grown(self, trial: int) -> float:
        """The capacity at a trial divided by that of the first."""
        if self.drift == "slope":
            return max(0.2, 1 + self.change * trial)
        if self.drift == "jump":
            return 1 + self.change if trial >= self.jumps_at else 1.0
        return 1.0

    def capacity(self, trial: int = 0, ratio: float = RELIABILITY) -> float:
        """The largest load (a float) at which this share of holds passes; at most 10 x `half`."""
        low, high = 0.0, 10 * self.half
        for _ in range(60):
            middle = (low + high) / 2
            if self.pass_ratio(middle, trial) >= ratio:
                low = middle
            else:
                high = middle
        return low

    @property
    def width(self) -> float:
        """The loads from 90 % to 10 % passes by the capacity, without background failures."""
        clean = replace(self, background=0.0)
        return (clean.capacity(ratio=0.1) - clean.capacity(ratio=0.9)) / self.capacity()

    @property
    def narrow(self) -> bool:
        """Whether it is one of those that a search must not get wrong."""
        return (
            self.drift == "none"
            and self.width <= NARROW
            and self.background <= 0.02
            and self.maximum <= 400
        )

    def hold(self, load: int, trial: int, rng: random.Random) -> tuple[bool, int, int]:
        """Whether a hold passed, how many units failed, and of how many."""
        units = max(1, load // UNIT)
        passed = rng.random() < self.pass_ratio(load, trial)
        if passed:
            return True, 0, units
        return False, self._failed(load, trial, units, rng), units

    def _failed(self, load: int, trial: int, units: int, rng: random.Random) -> int:
        if self.family == "units_together":
            return units
        if self.family == "units_apart":
            bad = _falls(self.half - load / self.grown(trial), self.scale)
            return max(1, sum(rng.random() < bad for _ in range(units)))
        return rng.randint(1, units)


def _falls(distance: float, scale: float) -> float:
    """A logistic curve, 1 far below 0."""
    return 1 / (1 + math.exp(min(700.0, distance / scale)))


def simulated_servers(count: int, seed: int) -> list[SimulatedServer]:
    """So many servers, the families in turn, of capacities that are in the range of a search."""
    rng = random.Random(seed)  # noqa: S311
    found: list[SimulatedServer] = []
    while len(found) < count:
        server = _one(FAMILIES[len(found) % len(FAMILIES)], rng)
        if 2 * server.minimum <= server.capacity() <= server.maximum:
            found.append(server)
    return found


def _one(family: Family, rng: random.Random) -> SimulatedServer:
    step, maximum = rng.choice(STEPS), rng.choice(CEILINGS)
    minimum = max(2, step)
    capacity = math.exp(rng.uniform(math.log(4 * minimum), math.log(maximum)))
    narrow = rng.random() < 0.6
    width = rng.uniform(0.02, NARROW) if narrow else math.exp(rng.uniform(math.log(NARROW), 0.0))
    server = SimulatedServer(
        family,
        minimum,
        maximum - (maximum - minimum) % step,
        step,
        half=capacity * (1 + width / 2),
        scale=capacity * width / (2 * math.log(9)),
        background=rng.choice((0.0, 0.005, 0.01, 0.02, 0.03)),
    )
    if family == "step":
        return replace(server, half=capacity, scale=0.0)
    if family == "units_apart":
        return replace(server, scale=server.scale / 2)
    if family == "drifting":
        down = rng.random() < 0.75
        if rng.random() < 0.5:
            change = rng.uniform(0.01, 0.04) * (-1 if down else 1)
            return replace(server, drift="slope", change=change)
        change = rng.uniform(0.2, 0.5) * (-1 if down else 1)
        return replace(server, drift="jump", change=change, jumps_at=rng.randint(4, 12))
    return server
