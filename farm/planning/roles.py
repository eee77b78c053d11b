"""The roles of a scenario and of its sessions, and when each probe joins. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from farm.model.experiment import Scenario
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind


@dataclass(frozen=True, slots=True)
class Role:
    """A role: which kinds its probes send, and which they receive of the others that send them."""

    name: str
    sends: tuple[MediaKind, ...] = MEDIA_KINDS
    receives: tuple[MediaKind, ...] = MEDIA_KINDS


CALLEE = Role("callee")

CALLER = Role("caller")

MEMBER = Role("member")

AUDIO_MEMBER = Role("member", sends=("audio",))

PRESENTER = Role("presenter", receives=())

PRESENTER_ON_STAGE = Role("presenter")

VIEWER = Role("viewer", sends=())


def session_casts(scenario: Scenario, load: int) -> list[tuple[Role, ...]]:
    """The roles of each session."""
    match scenario.kind:
        case "one_to_one":
            return [(CALLEE, CALLER)] * (load // 2)
        case "group":
            silent = min(scenario.audio_only, scenario.members)
            room = (MEMBER,) * (scenario.members - silent) + (AUDIO_MEMBER,) * silent
            return [room] * (load // scenario.members)
        case "broadcast":
            return _broadcasts(scenario, load)


def _broadcasts(scenario: Scenario, load: int) -> list[tuple[Role, ...]]:
    """Broadcasts whose numbers of viewers differ by one at most."""
    meet = scenario.presenters > 1 and scenario.presenters_receive == "each_other"
    presenters = (PRESENTER_ON_STAGE if meet else PRESENTER,) * scenario.presenters
    viewers = load - scenario.sessions * scenario.presenters
    each, more = divmod(viewers, scenario.sessions)
    return [
        presenters + (VIEWER,) * (each + (number < more)) for number in range(scenario.sessions)
    ]


def streams_sent(cast: Collection[Role]) -> Mapping[MediaKind, int]:
    """How many probes of a session send each kind."""
    return {kind: sum(kind in role.sends for role in cast) for kind in MEDIA_KINDS}


def streams_owed(
    scenario: Scenario, role: Role, sent: Mapping[MediaKind, int]
) -> Mapping[MediaKind, int]:
    """How many streams of each kind a probe is owed, in a session in which so many send each."""
    is_mixed = scenario.kind == "group" and scenario.media == "mixed"
    most = {"audio": scenario.receives.audio, "video": scenario.receives.video}
    if scenario.last_n is not None:
        most["video"] = scenario.last_n
    owed: dict[MediaKind, int] = {}
    for kind in role.receives:
        offered = min(sent[kind], 1) if is_mixed else sent[kind] - (kind in role.sends)
        limit = most[kind]
        owed[kind] = offered if limit is None else min(offered, limit)
    return owed


def entrance_times_s(
    cast: tuple[Role, ...], scenario: Scenario, per_second: float
) -> tuple[float, ...]:
    """When each probe of a session joins, from its start: at once, but viewers at a pace.

    Viewers of several broadcasts at once come in turns, so that together they come at that pace.
    """
    viewers = sum(role is VIEWER for role in cast)
    at_once = len(cast) - viewers
    return (0.0,) * at_once + start_times_s(viewers, per_second / scenario.sessions)


def start_times_s(count: int, per_second: float) -> tuple[float, ...]:
    """Evenly spaced starts from the beginning of the ramp, the first at 0.

    `per_second` is greater than 0. Sessions arrive one by one, as bursts would measure a server's
    signalling instead of its media.
    """
    return tuple(index / per_second for index in range(count))
