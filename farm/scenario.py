"""From a load to a plan: sessions, roles, who sends what, which probe on which host.

Names are stable: probes `p000`, `p001`, ... and sessions `s000`, ... in the order in which they
start, so that a probe has the same name and place in every trial of that load.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from farm.errors import BadExperiment
from farm.experiment import Experiment, Fidelity, Scenario, ScenarioKind, Search, Size
from farm.network_profiles import line_of
from farm.placement import Placement, Room
from farm.ramp import start_times_s
from farm.trial import ProbePlan, Purpose, SessionPlan, TrialPlan
from farm.webrtc_stats import MediaKind

NOUNS: Mapping[ScenarioKind, str] = {
    "one_to_one": "call",
    "group": "room",
    "broadcast": "broadcast",
}
CAMERAS: Mapping[ScenarioKind, Size] = {
    "one_to_one": Size(640, 480),
    "group": Size(640, 360),
    "broadcast": Size(640, 480),
}


NO_ROOMS: Mapping[str, Room] = {}
"""All hosts carry alike."""


@dataclass(frozen=True, slots=True)
class Role:
    """What a probe of this role does."""

    name: str
    sends: bool
    receives: bool


CALLEE = Role("callee", sends=True, receives=True)
CALLER = Role("caller", sends=True, receives=True)
MEMBER = Role("member", sends=True, receives=True)
PRESENTER = Role("presenter", sends=True, receives=False)
VIEWER = Role("viewer", sends=False, receives=True)


@dataclass(frozen=True, slots=True)
class Ladder:
    """The loads that a search may try: `minimum`, then every `step`, up to `maximum`.

    `chosen` are those of a list that the user gave, ascending; then the others describe it.
    """

    minimum: int
    maximum: int
    step: int
    chosen: tuple[int, ...] | None = None

    @property
    def loads(self) -> tuple[int, ...]:
        return self.chosen or tuple(range(self.minimum, self.maximum + 1, self.step))


CALL_DRIVER = "demo_one_to_one"
"""The only driver of which the farm knows what the server calls its recordings."""


def driver_name(experiment: Experiment) -> str:
    """The driver asked for, else the demo app's for the scenario."""
    return experiment.app.driver or f"demo_{experiment.scenario.kind}"


def camera_size(experiment: Experiment) -> Size:
    """The camera's size asked for, else the scenario's."""
    return experiment.media.size or CAMERAS[experiment.scenario.kind]


def ours(experiment: Experiment) -> bool:
    """Whether the driver is one of our demo app's."""
    return driver_name(experiment).startswith("demo_")


def streams_offered(scenario: Scenario) -> int:
    """How many streams of a kind there are for a receiver: its partners', or the mix."""
    forwarded = scenario.kind == "group" and scenario.media != "mixed"
    return scenario.members - 1 if forwarded else 1


def smallest_load(scenario: Scenario) -> int:
    """One session; of a broadcast, a presenter and one viewer."""
    return scenario.members if scenario.kind == "group" else 2


def ladder(experiment: Experiment) -> Ladder:
    """The search's loads; `maximum` is rounded down to one that can be run.

    The default step is one session, in a broadcast one viewer. Raises BadExperiment for a smallest
    load or a step that is no whole number of sessions, or a range without a load.
    """
    scenario, search = experiment.scenario, experiment.search
    if search.loads is not None:
        return _chosen(scenario, search, search.loads)
    smallest = smallest_load(scenario)
    minimum = search.minimum if search.minimum is not None else smallest
    check_load(scenario, minimum, "search.minimum")
    per_viewer = scenario.kind == "broadcast"
    step = search.step if search.step is not None else (1 if per_viewer else smallest)
    if not per_viewer and step % smallest:
        raise BadExperiment(
            f"search.step: {step} is no whole number of {NOUNS[scenario.kind]}s of {smallest}: "
            f"use {_neighbours(step, smallest)}"
        )
    if minimum > search.maximum:
        raise BadExperiment(
            f"search.maximum: {search.maximum} is below search.minimum, {minimum}: "
            f"use {minimum} or more"
        )
    return Ladder(minimum, search.maximum - (search.maximum - minimum) % step, step)


def _chosen(scenario: Scenario, search: Search, loads: tuple[int, ...]) -> Ladder:
    """The user's own list; its step is the smallest gap in it."""
    for key, value in (("minimum", search.minimum), ("step", search.step)):
        if value is not None:
            raise BadExperiment(f"search.{key}: {value}: expected null beside search.loads")
    for at, load in enumerate(loads):
        check_load(scenario, load, f"search.loads[{at}]")
    chosen = tuple(sorted(set(loads)))
    gaps = [above - below for below, above in pairwise(chosen)]
    return Ladder(chosen[0], chosen[-1], min(gaps, default=smallest_load(scenario)), chosen)


def check_load(scenario: Scenario, load: int, setting: str) -> None:
    """Raises BadExperiment, with `setting` in front, if `load` is no whole number of sessions."""
    smallest = smallest_load(scenario)
    if scenario.kind == "broadcast":
        if load < smallest:
            raise BadExperiment(
                f"{setting}: load {load} is no broadcast, which has 1 presenter and at least "
                f"1 viewer: use {smallest} or more"
            )
    elif load < 1 or load % smallest:
        raise BadExperiment(
            f"{setting}: load {load} is no whole number of {NOUNS[scenario.kind]}s of {smallest}: "
            f"use {_neighbours(load, smallest)}"
        )


def plan_trial(
    experiment: Experiment,
    load: int,
    *,
    index: int,
    purpose: Purpose,
    hosts: Sequence[str],
    rooms: Mapping[str, Room] = NO_ROOMS,
) -> TrialPlan:
    """Everything that is decided about a trial before it begins.

    Calls and rooms stay whole on one host, in turn over `hosts` (names, at least one), so that a
    lost host takes only its own sessions along; the viewers of a broadcast are spread one by one.
    Hosts carry as much as their `rooms` say, alike where those say nothing.
    Witnesses come first, and where there are several hosts the first one is theirs alone.
    Raises BadExperiment for a load that is no whole number of sessions, or for which is no room.
    """
    scenario = experiment.scenario
    check_load(scenario, load, "trial.load")
    casts = _casts(scenario, load)
    pace = experiment.trial.sessions_per_second
    starts = start_times_s(len(casts), pace)
    witnesses = witness_count(experiment, load)
    apart = hosts[:1] if witnesses and len(hosts) > 1 else ()
    loaded = hosts[len(apart) :]
    placement = Placement(hosts, rooms)
    sessions: list[SessionPlan] = []
    number = 0
    for at, (cast, start_s) in enumerate(zip(casts, starts, strict=True)):
        entrances = _entrances(cast, pace)
        probes: list[ProbePlan] = []
        together = 1 if scenario.kind == "broadcast" else len(cast)
        for place, role in enumerate(cast):
            witness = number < witnesses
            if place % together == 0:
                host = placement.place(together, apart if apart and witness else loaded)
            probes.append(
                _probe(
                    experiment,
                    role,
                    number=number,
                    load=load,
                    session=f"s{at:03d}",
                    place=place,
                    host=host,
                    fidelity="full" if witness else experiment.probes.fidelity,
                    start_s=entrances[place],
                )
            )
            number += 1
        sessions.append(SessionPlan(f"s{at:03d}", start_s, tuple(probes)))
    return TrialPlan(
        index,
        load,
        purpose,
        tuple(sessions),
        mixed=scenario.kind == "group" and scenario.media == "mixed",
        media_assumed=scenario.kind == "group" and scenario.media is None,
        own_app=experiment.app.url is None,
    )


def witness_count(experiment: Experiment, load: int) -> int:
    """How many full probes a load of light ones begins with: whole sessions, or a broadcast's
    presenter and first viewers. Fewer where none would be light; 0 if all are full."""
    scenario, asked = experiment.scenario, experiment.probes.witnesses
    if experiment.probes.fidelity == "full" or asked == 0:
        return 0
    smallest = smallest_load(scenario)
    if scenario.kind == "broadcast":
        found = min(max(asked or 0, smallest), load - 1)
    else:
        found = min(math.ceil((asked or 1) / smallest) * smallest, load - smallest)
    return found if found >= smallest else 0


def _casts(scenario: Scenario, load: int) -> list[tuple[Role, ...]]:
    """The roles of each session."""
    match scenario.kind:
        case "one_to_one":
            return [(CALLEE, CALLER)] * (load // 2)
        case "group":
            return [(MEMBER,) * scenario.members] * (load // scenario.members)
        case "broadcast":
            return [(PRESENTER, *(VIEWER,) * (load - 1))]


def _entrances(cast: tuple[Role, ...], pace: float) -> tuple[float, ...]:
    """When each of a session may join, from its start: at once, but viewers are paced."""
    if VIEWER not in cast:
        return (0.0,) * len(cast)
    return (0.0, *start_times_s(len(cast) - 1, pace))


def _probe(
    experiment: Experiment,
    role: Role,
    *,
    number: int,
    load: int,
    session: str,
    place: int,
    host: str,
    fidelity: Fidelity,
    start_s: float,
) -> ProbePlan:
    name = f"p{number:03d}"
    media = experiment.media
    kinds: tuple[MediaKind, ...] = ("video",) if media.audio == "none" else ("audio", "video")
    size = camera_size(experiment)
    limit = media.max_video_send_bandwidth
    variables = {
        "session": session,
        "probe": name,
        "role": role.name,
        "index": str(place),
        "width": str(size.width),
        "height": str(size.height),
        "frame_rate": str(media.frame_rate),
        "record": str(int(experiment.scenario.record)),
        "members": str(experiment.scenario.members),
        "max_video_send_bandwidth": "" if limit is None else str(limit),
    }
    return ProbePlan(
        probe=name,
        session=session,
        role=role.name,
        host=host,
        poll_phase=number / load,
        variables=variables,
        sends=kinds if role.sends else (),
        receives=_receives(experiment.scenario, kinds) if role.receives else (),
        line=line_of(experiment.network, number),
        start_s=start_s,
        recorded_as=_recorded_as(experiment, session, role),
        fidelity=fidelity,
    )


def _receives(scenario: Scenario, kinds: Sequence[MediaKind]) -> tuple[MediaKind, ...]:
    """The kind of each stream that is owed to a receiver."""
    offered, asked = streams_offered(scenario), scenario.receives
    counts = {
        "audio": offered if asked.audio is None else asked.audio,
        "video": offered if asked.video is None else asked.video,
    }
    return tuple(kind for kind in kinds for _ in range(counts[kind]))


def _recorded_as(experiment: Experiment, session: str, role: Role) -> str | None:
    """As our demo app names it; what another app does is not known."""
    ours = experiment.app.url is None and driver_name(experiment) == CALL_DRIVER
    return f"{session}-{role.name}.webm" if ours and experiment.scenario.record else None


def _neighbours(load: int, whole: int) -> str:
    below = max(0, load // whole * whole)
    above = below + whole
    return f"{below} or {above}" if below >= whole else f"{above}"
