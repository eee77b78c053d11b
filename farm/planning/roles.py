"""The roles of a scenario and of its sessions, and when each probe joins. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.experiment import Scenario


@dataclass(frozen=True, slots=True)
class Role:
    """A role: whether its probes send, and whether they receive."""

    name: str
    sends: bool
    receives: bool


CALLEE = Role("callee", sends=True, receives=True)

CALLER = Role("caller", sends=True, receives=True)

MEMBER = Role("member", sends=True, receives=True)

PRESENTER = Role("presenter", sends=True, receives=False)

VIEWER = Role("viewer", sends=False, receives=True)


def session_casts(scenario: Scenario, load: int) -> list[tuple[Role, ...]]:
    """The roles of each session."""
    match scenario.kind:
        case "one_to_one":
            return [(CALLEE, CALLER)] * (load // 2)
        case "group":
            return [(MEMBER,) * scenario.members] * (load // scenario.members)
        case "broadcast":
            return [(PRESENTER, *(VIEWER,) * (load - 1))]


def entrance_times_s(cast: tuple[Role, ...], pace: float) -> tuple[float, ...]:
    """When each probe of a session joins, from its start: at once, but viewers at a pace."""
    if VIEWER not in cast:
        return (0.0,) * len(cast)
    return (0.0, *start_times_s(len(cast) - 1, pace))


def start_times_s(count: int, per_second: float) -> tuple[float, ...]:
    """Evenly spaced starts from the beginning of the ramp, the first at 0.

    `per_second` is greater than 0. Sessions arrive one by one, as bursts would measure a server's
    signalling instead of its media.
    """
    return tuple(index / per_second for index in range(count))
