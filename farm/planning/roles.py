"""The roles of a scenario and of its sessions, and when each probe joins. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.model.experiment import Scenario
from farm.model.session_roles import SessionRole

LARGEST_ROOM = 16
"""The members of a room come at once; of larger sessions the probes come one after the other."""

CALLEE = SessionRole("callee", sends=("audio", "video"))

CALLER = SessionRole("caller", sends=("audio", "video"))

MEMBER = SessionRole("member", sends=("audio", "video"))

AUDIO_MEMBER = SessionRole("member", sends=("audio",))

PRESENTER = SessionRole("presenter", sends=("audio", "video"), receives=())

PRESENTER_ON_STAGE = SessionRole("presenter", sends=("audio", "video"))

VIEWER = SessionRole("viewer", sends=())

Cast = tuple[SessionRole, ...]
"""The role of each probe of a session."""


def session_casts(scenario: Scenario, load: int) -> list[Cast]:
    """The casts of the sessions of a load."""
    match scenario.kind:
        case "one_to_one":
            return [(CALLEE, CALLER)] * (load // 2)
        case "group":
            silent = min(scenario.audio_only, scenario.members)
            room = (MEMBER,) * (scenario.members - silent) + (AUDIO_MEMBER,) * silent
            return [room] * (load // scenario.members)
        case "broadcast":
            return _broadcasts(scenario, load)
        case "custom":
            roles = scenario.roles or ()
            cast = tuple(role for role in roles for _ in range(role.count))
            return [cast] * (load // len(cast))


def _broadcasts(scenario: Scenario, load: int) -> list[Cast]:
    """Broadcasts whose numbers of viewers differ by one at most."""
    meet = scenario.presenters > 1 and scenario.presenters_receive == "each_other"
    presenters = (PRESENTER_ON_STAGE if meet else PRESENTER,) * scenario.presenters
    viewers = load - scenario.sessions * scenario.presenters
    each, more = divmod(viewers, scenario.sessions)
    return [
        presenters + (VIEWER,) * (each + (number < more)) for number in range(scenario.sessions)
    ]


def stays_whole(scenario: Scenario, cast: Cast) -> bool:
    """Whether a session's probes run on one host; those of many are spread one by one."""
    return scenario.kind != "broadcast" and len(cast) <= LARGEST_ROOM


def entrance_times_s(cast: Cast, scenario: Scenario, per_second: float) -> tuple[float, ...]:
    """When each probe of a session joins, from its start: at once, but viewers at a pace.

    Viewers of several broadcasts at once come in turns, so that together they come at that pace. So
    do all probes of a session of your own roles that is larger than a room.
    """
    if scenario.kind == "broadcast":
        viewers = sum(role is VIEWER for role in cast)
        at_once = (0.0,) * (len(cast) - viewers)
        return at_once + start_times_s(viewers, per_second / scenario.sessions)
    if not stays_whole(scenario, cast):
        return start_times_s(len(cast), per_second)
    return (0.0,) * len(cast)


def session_starts_s(
    scenario: Scenario, casts: Sequence[Cast], per_second: float
) -> tuple[float, ...]:
    """When each session starts: at the pace, and after the last probe of one that is large."""
    if scenario.kind == "custom" and casts and not stays_whole(scenario, casts[0]):
        return start_times_s(len(casts), per_second / len(casts[0]))
    return start_times_s(len(casts), per_second)


def start_times_s(count: int, per_second: float) -> tuple[float, ...]:
    """Evenly spaced starts from the beginning of the ramp, the first at 0.

    `per_second` is greater than 0. Sessions arrive one by one, as bursts would measure a server's
    signalling instead of its media.
    """
    return tuple(index / per_second for index in range(count))
