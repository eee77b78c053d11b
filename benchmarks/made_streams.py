"""Made-up recordings of sessions of any shape, healthy or with one owed stream spoilt.

Calls, rooms that forward or mix, with members of audio alone, broadcasts of one presenter or of
several, sessions of hosts and guests, of users to whom the server answers with media of its own or
with what they sent; one connection a page, one for each partner, or one up and
one down; servers that keep a stream's names or change them; simulcast, cameras beside screens,
senders that never send; streams that move to other connections, SSRCs that change, pages that are
reloaded, pages that stop their camera. Every choice is made by a seed.

    made_trial      the recording, as the farm reads it
    made_rows       its rows and tables of W3C stats
    made_encoder    bytes and frames of an encoder over time
    made_draft      how the trial's pages and its server behave
    made_senders    the streams that a page sends
    made_reports    the server's receiver reports on these
    made_receivers  the streams that a page receives, and how they are spoilt
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.made_draft import NEVER_S, TOPOLOGIES, Behaviour, Draft
from benchmarks.made_encoder import FRAMES_PER_S
from benchmarks.made_receivers import (
    MIX,
    SPOILS,
    Spoil,
    receive_forwarded,
    receive_mix,
    receive_own,
)
from benchmarks.made_rows import StatsRows
from benchmarks.made_senders import Sent, negotiate_unused, send, send_screen
from benchmarks.made_trial import END_S, HOLD_S, HOST, MadeTrial
from farm.model.experiment import Experiment, MediaSettings, Scenario
from farm.model.page_samples import ProbeEvent
from farm.model.session_roles import SERVER, RoleStreams, SessionRole
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.model.webrtc_stats import MediaKind
from farm.planning.owed_slots import owed_slots
from farm.planning.trial_planning import plan_trial
from farm.recording.events import PhaseMark, TrialEvent

Shape = Literal["call", "forwarded", "broadcast", "mixed", "webinar", "panel", "answered"]

SHAPES: tuple[Shape, ...] = (
    *("call", "forwarded", "forwarded", "broadcast", "mixed"),
    *("webinar", "panel", "answered"),
)

ANSWERS = (RoleStreams(SERVER, "audio"), RoleStreams(SERVER, "video"))
"""What the server itself sends each user."""

PANELS = (
    (RoleStreams("host", "audio"), RoleStreams("host", "video")),
    (RoleStreams("host", "video"), RoleStreams("guest", "audio")),
    None,
)
"""What guests of a panel are owed."""

ALL = ""
"""The partner of a page that sends one stream to all, as without a mesh."""


@dataclass(frozen=True, slots=True)
class Spoilt:
    """The owed stream that is spoilt: by receiver and sender (`""`: the mix)."""

    probe: str
    kind: MediaKind
    sender: str
    how: Spoil

    @property
    def stream(self) -> tuple[str, MediaKind, str]:
        """Receiver, kind and sender."""
        return self.probe, self.kind, self.sender


@dataclass(frozen=True, slots=True)
class Made:
    """A recording of one trial, and the stream that is spoilt in it."""

    trial: MadeTrial
    spoilt: Spoilt | None


def make(seed: int, *, spoil: bool) -> Made:
    """A trial of some shape; with `spoil` one owed stream of it is spoilt."""
    chance = random.Random(seed)  # noqa: S311
    shape = chance.choice(SHAPES)
    plan = _plan(shape, chance)
    behaviour = _behaviour(shape, chance)
    spoilt = _spoilt(plan, chance) if spoil else None
    draft = Draft(
        chance=chance,
        noise=np.random.default_rng(seed),
        plan=plan,
        behaviour=behaviour,
        rows=StatsRows({probe.probe: chance.random() for probe in plan.probes}),
        events=[ProbeEvent(probe.probe, "joining", 0.2) for probe in plan.probes],
    )
    for session in plan.sessions:
        _hold_session(draft, session.probes, spoilt)
    events = sorted(draft.events, key=lambda event: event.host_monotonic_s)
    return Made(MadeTrial(plan, draft.rows.tables(), [*_marks(plan), *events]), spoilt)


# ---------------------------------------------------------------- the trial


def _plan(shape: Shape, chance: random.Random) -> TrialPlan:
    media = MediaSettings(frame_rate=round(FRAMES_PER_S))
    match shape:
        case "call":
            scenario, load = Scenario(), 2 * chance.randint(1, 2)
        case "broadcast":
            scenario, load = Scenario(kind="broadcast"), chance.randint(2, 5)
        case "webinar":
            presenters, sessions = chance.randint(2, 3), chance.randint(1, 2)
            scenario = Scenario(kind="broadcast", presenters=presenters, sessions=sessions)
            load = sessions * (presenters + chance.randint(1, 3))
        case "panel":
            hosts = SessionRole("host", ("audio", "video"), count=chance.randint(1, 2))
            guests = SessionRole("guest", ("audio",), chance.randint(2, 3), chance.choice(PANELS))
            scenario = Scenario(kind="custom", roles=(hosts, guests))
            load = hosts.count + guests.count
        case "answered":
            others = (RoleStreams("user", "audio"), RoleStreams("user", "video"))
            users, receives = chance.choice(((1, ANSWERS), (2, ANSWERS), (3, (*ANSWERS, *others))))
            user = SessionRole("user", ("audio", "video"), users, receives)
            scenario = Scenario(kind="custom", roles=(user,))
            load = user.count * chance.randint(1, 2)
        case "forwarded" | "mixed":
            members = chance.randint(3, 5)
            silent = chance.choice((0, 0, 1, 2))
            scenario = Scenario(kind="group", members=members, media=shape, audio_only=silent)
            load = members * (chance.randint(1, 2) if members == 3 else 1)
    experiment = Experiment(scenario=scenario, media=media)
    return plan_trial(experiment, load, index=0, purpose="single", hosts=[HOST])


def _behaviour(shape: Shape, chance: random.Random) -> Behaviour:
    topology = chance.choice(TOPOLOGIES)
    by_server = shape in ("mixed", "broadcast", "webinar", "answered")
    if by_server and topology in ("per_partner", "mesh"):
        topology = "up_and_down"
    return Behaviour(
        topology=topology,
        has_mids=chance.random() < 0.85,
        keeps_ssrc=topology == "mesh" or chance.random() < 0.2,
        keeps_track=chance.random() < 0.2,
        has_acts=chance.random() < 0.8,
        sends_back=shape == "answered" and chance.random() < 0.5,
    )


def _spoilt(plan: TrialPlan, chance: random.Random) -> Spoilt:
    owed = [
        (probe.probe, kind, sender)
        for session in plan.sessions
        for probe in session.probes
        for kind, sender in _owed(plan, probe)
    ]
    probe, kind, sender = chance.choice(owed)
    is_answered = {each.probe: bool(each.kinds_of_server) for each in plan.probes}
    hows = [
        how
        for how in SPOILS
        if (kind == "video" or how not in ("still", "slow"))
        # How much there should be of a mix is not known, nor where the server sends media of its
        # own, which may be taken for it.
        and (not (sender == MIX or is_answered[probe]) or how not in ("slow", "thin"))
    ]
    return Spoilt(probe, kind, sender, chance.choice(hows))


def _owed(plan: TrialPlan, receiver: ProbePlan) -> Iterator[tuple[MediaKind, str]]:
    """The kind and the sender of each stream that a member of a session should receive."""
    slots = owed_slots(plan)
    for kind in dict.fromkeys(receiver.receives):
        for slot in slots[receiver.probe, kind]:
            yield kind, MIX if plan.mixed else slot.senders[0]


def _marks(plan: TrialPlan) -> list[TrialEvent]:
    """The phases of the trial, and that all probes joined."""
    return [
        PhaseMark("ramp", 0.0),
        PhaseMark("settle", 8.0),
        PhaseMark("hold", HOLD_S),
        PhaseMark("leave", END_S),
        PhaseMark("done", END_S + 1),
        *(JoinOutcome(each.probe, each.session, True, 1.5, at_s=1.5) for each in plan.probes),
    ]


# ---------------------------------------------------------------- one session


def _hold_session(draft: Draft, members: Sequence[ProbePlan], spoilt: Spoilt | None) -> None:
    """Let the members send, then let each receive its owed streams, and screens beside them."""
    is_mesh = draft.behaviour.topology == "mesh"
    sent: dict[tuple[str, MediaKind, str], list[Sent]] = {}
    screens: list[Sent] = []
    for probe in members:
        partners = [each.probe for each in members if each is not probe] if is_mesh else [ALL]
        layered = draft.chance.random() < 0.3 and draft.behaviour.has_mids
        for kind in dict.fromkeys(probe.sends):
            stops_s = _stops_s(draft, probe.probe, kind, spoilt)
            for partner in partners:
                sent[probe.probe, kind, partner] = send(
                    draft, probe.probe, kind, partner, layered=layered, stops_s=stops_s
                )
        if probe.sends and draft.behaviour.has_mids:
            if draft.chance.random() < 0.2 and not probe.kinds_of_server:
                screens.append(send_screen(draft, probe.probe))
            if draft.chance.random() < 0.3:
                negotiate_unused(draft, probe.probe)
    for probe in members:
        for kind, sender in _owed(draft.plan, probe):
            how = spoilt.how if spoilt and spoilt.stream == (probe.probe, kind, sender) else None
            if sender == MIX:
                receive_mix(draft, probe.probe, kind, how)
            elif sender == SERVER and not draft.behaviour.sends_back:
                receive_own(draft, probe.probe, kind, how)
            else:
                of = probe.probe if sender == SERVER else sender
                parts = sent[of, kind, probe.probe if is_mesh else ALL]
                receive_forwarded(draft, probe.probe, parts, how)
        others = [screen for screen in screens if screen.probe != probe.probe and probe.receives]
        for screen in others:
            receive_forwarded(draft, probe.probe, [screen], None)


def _stops_s(draft: Draft, probe: str, kind: MediaKind, spoilt: Spoilt | None) -> float:
    """When a page stops its camera or microphone; never one of which a stream is spoilt."""
    is_needed = spoilt is not None and (
        (spoilt.sender, spoilt.kind) == (probe, kind)
        or (spoilt.probe, spoilt.sender, spoilt.kind) == (probe, SERVER, kind)
    )
    behaviour = draft.behaviour
    if not (behaviour.has_acts and behaviour.has_mids) or is_needed:
        return NEVER_S
    return draft.chance.uniform(12.0, 35.0) if draft.chance.random() < 0.08 else NEVER_S
