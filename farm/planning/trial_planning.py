"""Plans the trial of a load: sessions, roles, streams, hosts. Pure.

Names are stable: probes `p000`, `p001`, ... and sessions `s000`, ... in the order in which they
start, so that a probe has the same name and place in every trial of that load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import get_args

from farm.model.experiment import Experiment, Fidelity, Receives, Scenario, ScenarioKind
from farm.model.session_roles import SERVER, SentMedia, SessionRole, kind_of
from farm.model.setting import Size
from farm.model.trial_plan import ProbePlan, Purpose, SessionPlan, StreamGroup, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from farm.planning.access_links import access_link_of
from farm.planning.data_owed import with_data, with_data_of_roles
from farm.planning.load_steps import check_load, smallest_load
from farm.planning.placement import HostRoom, Placement
from farm.planning.roles import entrance_times_s, session_casts, session_starts_s, stays_whole
from farm.planning.streams_due import Session, StreamsDue
from farm.planning.witness_count import witness_count

CAMERAS: Mapping[ScenarioKind, Size] = {
    "one_to_one": Size(640, 480),
    "group": Size(640, 360),
    "broadcast": Size(640, 480),
    "custom": Size(640, 360),
}


MEDIA: tuple[SentMedia, ...] = get_args(SentMedia)
"""In the order of a probe's streams: screens are the last of its videos."""

NO_ROOMS: Mapping[str, HostRoom] = {}
"""All hosts carry equally much."""


CALL_DRIVER = "demo_one_to_one"
"""The only driver for which the farm knows the names of the server's recordings."""

WHIP_DRIVER = "whip"
"""The driver of our page for WHIP and WHEP."""


def driver_name(experiment: Experiment) -> str:
    """The driver of the experiment, else that of our page for the scenario.

    A Kurento mixes rooms; a Janus forwards them, or mixes those of audio alone.
    """
    if experiment.app.driver is not None:
        return experiment.app.driver
    if experiment.app.run == "whip":
        return WHIP_DRIVER
    scenario = experiment.scenario
    of_janus = experiment.server.janus is not None
    if scenario.kind == "group" and of_janus and scenario.media != "mixed":
        return "demo_group_forwarded"
    return f"demo_{experiment.scenario.kind}"


def camera_size(experiment: Experiment) -> Size:
    """The camera size of the experiment, else the scenario's."""
    return experiment.media.size or CAMERAS[experiment.scenario.kind]


def is_demo_driver(experiment: Experiment) -> bool:
    """Whether the driver is one of the demo app's."""
    return driver_name(experiment).startswith("demo_")


def streams_offered(scenario: Scenario, kind: MediaKind) -> int:
    """The most streams of a kind that there are for one receiver: one per partner, or the mix."""
    (cast, *_) = session_casts(scenario, smallest_load(scenario))
    session = Session(replace(scenario, receives=Receives(), last_n=None), cast)
    return max(sum(due.count for due in session.due(place, kind)) for place in range(len(cast)))


def plan_trial(
    experiment: Experiment,
    load: int,
    *,
    index: int,
    purpose: Purpose,
    hosts: Sequence[str],
    rooms: Mapping[str, HostRoom] = NO_ROOMS,
) -> TrialPlan:
    """The plan of a trial: everything that is decided before it begins.

    Calls and rooms stay whole on one host, in turn over `hosts` (names, at least one), so that a
    lost host ends only its own sessions; the probes of broadcasts, and of other sessions that are
    larger than a room, are spread one by one.
    Hosts carry as much as their `rooms` allow, equally much without them. Witnesses come first, and
    where there are several hosts they have the first one to themselves. Raises ExperimentError for
    a load that is not a whole number of sessions, or for which there is no room.
    """
    scenario = experiment.scenario
    check_load(scenario, load, "trial.load")
    casts = session_casts(scenario, load)
    pace = experiment.trial.sessions_per_second
    starts = session_starts_s(scenario, casts, pace)
    witnesses = witness_count(experiment, load)
    apart = hosts[:1] if witnesses and len(hosts) > 1 else ()
    loaded = hosts[len(apart) :]
    placement = Placement(hosts, rooms)
    sessions: list[SessionPlan] = []
    number = 0
    for at, (cast, start_s) in enumerate(zip(casts, starts, strict=True)):
        entrances = entrance_times_s(cast, scenario, pace)
        probes: list[ProbePlan] = []
        together = len(cast) if stays_whole(scenario, cast) else 1
        session = Session(scenario, cast)
        first = number
        for place, role in enumerate(cast):
            witness = number < witnesses
            if place % together == 0:
                host = placement.place(together, apart if apart and witness else loaded)
            probes.append(
                _probe(
                    experiment,
                    role,
                    due=tuple(due for media in MEDIA for due in session.due(place, media)),
                    first=first,
                    number=number,
                    load=load,
                    session=at,
                    place=place,
                    members=len(cast),
                    host=host,
                    fidelity="full" if witness else experiment.probes.fidelity,
                    start_s=entrances[place],
                    plays=",".join(f"p{first + each:03d}" for each in session.senders(place)),
                )
            )
            number += 1
        if scenario.data:
            probes = with_data(probes)
        elif scenario.kind == "custom":
            probes = with_data_of_roles(probes, cast)
        sessions.append(SessionPlan(f"s{at:03d}", start_s, tuple(probes)))
    return TrialPlan(
        index,
        load,
        purpose,
        tuple(sessions),
        mixed=scenario.kind == "group" and scenario.media == "mixed",
        media_assumed=scenario.kind == "group" and scenario.media is None,
        own_app=experiment.app.url is None,
        scenario=scenario.kind,
    )


def _probe(
    experiment: Experiment,
    role: SessionRole,
    *,
    due: Sequence[StreamsDue],
    first: int,
    number: int,
    load: int,
    session: int,
    place: int,
    members: int,
    host: str,
    fidelity: Fidelity,
    start_s: float,
    plays: str,
) -> ProbePlan:
    name, session_name = f"p{number:03d}", f"s{session:03d}"
    media = experiment.media
    kinds: tuple[MediaKind, ...] = ("video",) if media.audio == "none" else MEDIA_KINDS
    sends = tuple(each for each in role.sends if kind_of(each) in kinds)
    muted = set(map(kind_of, role.sends)).difference(kinds)  # what the server may answer it with
    due = [
        each
        for each in due
        if (kind_of(each.media) not in muted if each.of_server else kind_of(each.media) in kinds)
    ]
    size = camera_size(experiment)
    limit = media.max_video_send_bandwidth
    variables = {
        "session": session_name,
        "session_number": str(session + 1),
        "probe": name,
        "role": role.name,
        "index": str(place),
        "width": str(size.width),
        "height": str(size.height),
        "frame_rate": str(media.frame_rate),
        "record": str(int(experiment.scenario.record)),
        "members": str(members),
        "videos": str(sum(each.count for each in due if each.media != "audio")),
        "sends": ",".join(sends),
        "sends_video": str(int("video" in role.sends)),
        "max_video_send_bandwidth": "" if limit is None else str(limit),
        "publishers": plays,
    }
    return ProbePlan(
        probe=name,
        session=session_name,
        role=role.name,
        host=host,
        poll_phase=number / load,
        variables=variables,
        sends=tuple(map(kind_of, sends)),
        receives=tuple(kind_of(each.media) for each in due for _ in range(each.count)),
        sends_screen="screen" in sends,
        groups=tuple(_groups(due, first)),
        line=access_link_of(experiment.network, number),
        start_s=start_s,
        recorded_as=_recorded_as(experiment, session_name, role),
        fidelity=fidelity,
    )


def _groups(due: Sequence[StreamsDue], first: int) -> Iterator[StreamGroup]:
    """The groups of streams that are due; `first` is the number of the session's first probe."""
    for each in due:
        if each.of_server:
            yield StreamGroup(each.media, each.count, (SERVER,))
        elif each.places is not None:
            places = tuple(f"p{first + at:03d}" for at in each.places)
            yield StreamGroup(each.media, each.count, places)


def _recorded_as(experiment: Experiment, session: str, role: SessionRole) -> str | None:
    """The file name that the demo app gives a recording; None: not recorded, or not known.

    Of NAME.mjr a Janus writes two files: NAME-audio.mjr and NAME-video.mjr.
    """
    is_demo_call = experiment.app.url is None and driver_name(experiment) == CALL_DRIVER
    if not (is_demo_call and experiment.scenario.record):
        return None
    return f"{session}-{role.name}.{'webm' if experiment.server.janus is None else 'mjr'}"
