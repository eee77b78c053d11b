"""The next larger load while no trial has failed. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.analysis.straight_line import line_through

CALM, LOADS = 0.4, 2
"""The server's CPU up to which load is extrapolated, and the fewest loads for that."""

CROOKED, RISEN = 0.05, 0.02
"""The distance of a trial's CPU, and the rise, at which CPU is no straight line."""


def next_up(above: Sequence[int], highest: int, seen: Sequence[tuple[int, float]]) -> int:
    """The next load `above` the `highest` that passed: twice that, or more if the CPU allows it.

    `seen` are loads that passed with the server's CPU (0 to 1).
    """
    farthest = max(2 * highest, calm_load(seen))
    return max([load for load in above if load <= farthest], default=above[0])


def calm_load(seen: Sequence[tuple[int, float]]) -> float:
    """The load at which the CPU, a straight line through `seen`, reaches CALM; 0: unknown."""
    if len({load for load, _ in seen}) < LOADS or max(cpu for _, cpu in seen) >= CALM:
        return 0.0
    loads = [load for load, _ in seen]
    line = line_through(seen)
    crooked = max(abs(line.off(load, cpu)) for load, cpu in seen) > CROOKED
    if crooked or line.slope * (max(loads) - min(loads)) < RISEN:
        return 0.0
    return (CALM - max(0.0, line.intercept)) / line.slope * (1 + 1e-9)
