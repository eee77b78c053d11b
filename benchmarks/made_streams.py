"""Recordings in memory of sessions of any shape, healthy or with one owed stream spoilt.

Calls, rooms that forward or mix, broadcasts; one connection a page, one for each partner, or one up
and one down; servers that keep a stream's names or give it others; simulcast, cameras beside screens,
senders that never send; streams that move to other connections, SSRCs that change, pages that are
loaded anew, pages that stop their camera. Every choice is made by a seed. Each sender's bytes vary
from second to second, as an encoder's do.
"""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from farm.experiment import Experiment, Media, Scenario
from farm.observations import ClockReading, HostSample, ProbeEvent
from farm.recording.clock_offsets import ClockOffsets
from farm.recording.parquet_parts import Damage
from farm.recording.reader import TrialReader
from farm.recording.events import PhaseMark
from farm.scenario import plan_trial
from farm.trial import JoinOutcome, ProbePlan, TrialPlan
from farm.webrtc_stats import STATS_TYPES, MediaKind, columns

Shape = Literal["call", "forwarded", "broadcast", "mixed"]
Spoil = Literal["never", "ends", "still", "slow", "thin"]

SHAPES: tuple[Shape, ...] = ("call", "forwarded", "forwarded", "broadcast", "mixed")
SPOILS: tuple[Spoil, ...] = ("never", "ends", "still", "slow", "thin")
"""It never comes; it ends; its picture stands still; few of its frames come; little of it comes."""

HOST = "here"
BEGIN_S, HOLD_S, END_S = 2.0, 10.0, 40.0
POLL_S = 1.0
FRAMES_PER_S = 10.0
STEP_S = 0.05
_STEPS = round((END_S + 4) / STEP_S)
_ZEROS = {"retransmittedBytesSent": 0, "retransmittedPacketsSent": 0, "packetsLost": 0}

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spoilt:
    """The owed stream that is broken: what a probe should receive of a sender (`""`: the mix)."""

    probe: str
    kind: MediaKind
    sender: str
    how: Spoil


@dataclass(frozen=True, slots=True)
class Made:
    """A recording of one trial, and what is wrong with it."""

    trial: MadeTrial
    spoilt: Spoilt | None


class MadeTrial(TrialReader):
    """A trial that is in memory; its rows come in the order of `shuffled`, a seed."""

    def __init__(
        self,
        plan: TrialPlan,
        tables: dict[str, pl.DataFrame],
        told: Sequence[Any],
        span: tuple[str, str] | None = None,
    ) -> None:
        self.plan = plan
        self.damage = []
        self.made_tables = tables
        self.made_told = told
        self._offsets = ClockOffsets([ClockReading(HOST, 0.0, 0.0, 0.0)])
        self._made_span = span

    def shuffled(self, seed: int) -> MadeTrial:
        """The same recording with its rows in another order."""
        tables = {
            name: table.sample(fraction=1.0, shuffle=True, seed=seed)
            for name, table in self.made_tables.items()
        }
        return MadeTrial(self.plan, tables, self.made_told)

    def of_probes(self, first: str, last: str) -> MadeTrial:
        return MadeTrial(self.plan, self.made_tables, self.made_told, (first, last))

    def samples(self, type: str, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        table = self.made_tables.get(type)
        if table is None:
            return None
        if self._made_span is not None:
            first, last = map(pl.lit, self._made_span)
            table = table.filter(pl.col("probe").is_between(first, last))
        wanted = [*(columns or table.columns), "host", "host_monotonic_s", "run_s"]
        return table.select(list(dict.fromkeys(wanted))) if table.height else None

    def polls(self, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        return self.samples("poll", columns)

    def is_damaged(self, type: str) -> bool:
        return False

    def note(self, damage: Iterable[Damage]) -> None:
        """Nothing of it is on disk."""

    def _told(self, cls: type[Any]) -> tuple[Any, ...]:
        return tuple(each for each in self.made_told if isinstance(each, cls))

    def host_samples(self) -> tuple[HostSample, ...]:
        return tuple(
            HostSample(HOST, float(s), 30.0, 0.0, "x", 9.0, 10**9, 0.0, run_s=float(s), udp_drops=0)
            for s in range(round(END_S) + 1)
        )

    def server_samples(self) -> tuple[Any, ...]:
        return ()

    def kurento_samples(self) -> tuple[Any, ...]:
        return ()


# ---------------------------------------------------------------- what is sent


@dataclass(slots=True)
class _Encoder:
    """What an encoder has put out by each step: bytes, frames (0 of audio)."""

    payload: Array
    frames: Array
    energy: Array
    width: int

    @classmethod
    def of(
        cls, chance: np.random.Generator, kind: MediaKind, bitrate_bps: float, width: int
    ) -> _Encoder:
        video = kind == "video"
        per_step = FRAMES_PER_S * STEP_S
        frames = np.floor(np.arange(1, _STEPS + 1) * per_step + 1e-9) if video else np.zeros(_STEPS)
        drift = np.interp(
            np.arange(_STEPS) * STEP_S,
            np.arange(0, END_S + 6),
            np.exp(chance.normal(0, 0.35, round(END_S) + 6)),
        )
        noise = np.exp(chance.normal(0, 0.2, _STEPS))
        moved = np.diff(frames, prepend=0.0) / per_step if video else np.ones(_STEPS)
        payload = np.cumsum(
            np.round(bitrate_bps / 8 * STEP_S * drift * noise * moved) + (not video)
        )
        energy = np.cumsum(chance.exponential(1e-3, _STEPS) * (chance.random(_STEPS) < 0.5))
        return cls(payload, frames, energy, width)


def _at(cumulative: Array, times: Array) -> Array:
    """The counter as it was at those times."""
    places = np.clip(np.floor(times / STEP_S).astype(int), 0, _STEPS - 1)
    return cumulative[places]


# ---------------------------------------------------------------- a trial


@dataclass(slots=True)
class _Sent:
    """A stream that a page sends in a part of its life; `rid` tells encodings of one apart."""

    probe: str
    kind: MediaKind
    connection: str
    mid: str | None
    ssrc: int
    rid: str | None
    source: str
    track: str
    encoder: _Encoder
    begin_s: float
    end_s: float
    stops_s: float
    active: bool = True


@dataclass(slots=True)
class _World:
    """One trial as it is made up."""

    chance: random.Random
    noise: np.random.Generator
    shape: Shape
    plan: TrialPlan
    has_mids: bool
    keeps_ssrc: bool
    keeps_track: bool
    has_acts: bool
    topology: str
    spoilt: Spoilt | None = None
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    told: list[Any] = field(default_factory=list)
    phases: dict[str, float] = field(default_factory=dict)
    ssrcs: int = 1000

    def ssrc(self) -> int:
        self.ssrcs += self.chance.randrange(1, 90)
        return self.ssrcs


def make(seed: int, *, spoil: bool) -> Made:
    """A trial of some shape; with `spoil` one owed stream of it is broken."""
    chance = random.Random(seed)  # noqa: S311
    shape = chance.choice(SHAPES)
    plan = _plan(shape, chance)
    topology = chance.choice(("one", "up_and_down", "per_partner", "mesh"))
    if shape in ("mixed", "broadcast") and topology in ("per_partner", "mesh"):
        topology = "up_and_down"
    world = _World(
        chance=chance,
        noise=np.random.default_rng(seed),
        shape=shape,
        plan=plan,
        has_mids=chance.random() < 0.85,
        keeps_ssrc=topology == "mesh" or chance.random() < 0.2,
        keeps_track=chance.random() < 0.2,
        has_acts=chance.random() < 0.8,
        topology=topology,
    )
    if spoil:
        world.spoilt = _chosen(world)
    _tell(world)
    for session in plan.sessions:
        _session(world, session.probes)
    marks = [each for each in world.told if not isinstance(each, ProbeEvent)]
    events = [each for each in world.told if isinstance(each, ProbeEvent)]
    events.sort(key=lambda event: event.host_monotonic_s)
    return Made(MadeTrial(plan, _tables(world), [*marks, *events]), world.spoilt)


def _plan(shape: Shape, chance: random.Random) -> TrialPlan:
    media = Media(frame_rate=round(FRAMES_PER_S))
    if shape == "call":
        scenario, load = Scenario(), 2 * chance.randint(1, 2)
    elif shape == "broadcast":
        scenario, load = Scenario(kind="broadcast"), chance.randint(2, 5)
    else:
        members = chance.randint(3, 5)
        media_of = "mixed" if shape == "mixed" else "forwarded"
        scenario = Scenario(kind="group", members=members, media=media_of)
        load = members * (chance.randint(1, 2) if members == 3 else 1)
    experiment = Experiment(scenario=scenario, media=media)
    return plan_trial(experiment, load, index=0, purpose="single", hosts=[HOST])


def _chosen(world: _World) -> Spoilt:
    owed = [
        (probe.probe, kind, sender)
        for session in world.plan.sessions
        for probe in session.probes
        for kind in dict.fromkeys(probe.receives)
        for sender in _senders(world, session.probes, probe, kind)
    ]
    probe, kind, sender = world.chance.choice(owed)
    hows = [
        how
        for how in SPOILS
        if (kind == "video" or how not in ("still", "slow"))
        # Nobody knows how much of a mix there should be.
        and (world.shape != "mixed" or how not in ("slow", "thin"))
    ]
    return Spoilt(probe, kind, sender, world.chance.choice(hows))


def _senders(
    world: _World, members: Sequence[ProbePlan], receiver: ProbePlan, kind: MediaKind
) -> list[str]:
    if world.shape == "mixed":
        return [""]
    return [each.probe for each in members if each is not receiver and kind in each.sends]


def _tell(world: _World) -> None:
    world.told += [
        PhaseMark("ramp", 0.0),
        PhaseMark("settle", 8.0),
        PhaseMark("hold", HOLD_S),
        PhaseMark("leave", END_S),
        PhaseMark("done", END_S + 1),
    ]
    for probe in world.plan.probes:
        world.phases[probe.probe] = world.chance.random()
        world.told += [
            JoinOutcome(probe.probe, probe.session, True, 1.5, at_s=1.5),
            ProbeEvent(probe.probe, "joining", 0.2),
        ]


# ---------------------------------------------------------------- one session


def _session(world: _World, members: Sequence[ProbePlan]) -> None:
    chance = world.chance
    sent: dict[tuple[str, MediaKind, str], list[_Sent]] = {}
    extras: list[_Sent] = []
    for probe in members:
        others = [each.probe for each in members if each is not probe]
        layered = chance.random() < 0.3 and world.has_mids
        for kind in dict.fromkeys(probe.sends):
            stops_s = END_S + 9.0
            spoilt = world.spoilt
            wanted = spoilt and (spoilt.sender, spoilt.kind) == (probe.probe, kind)
            if world.has_acts and world.has_mids and not wanted and chance.random() < 0.08:
                stops_s = chance.uniform(12.0, 35.0)  # of its own accord
            for partner in others if world.topology == "mesh" else [""]:
                sent[probe.probe, kind, partner] = _send(
                    world, probe, kind, partner, layered=layered, stops_s=stops_s
                )
        if probe.sends and world.has_mids and chance.random() < 0.2:
            extras.append(_screen(world, probe))
        if probe.sends and world.has_mids and chance.random() < 0.3:
            _unused(world, probe)
    for probe in members:
        for kind in dict.fromkeys(probe.receives):
            if world.shape == "mixed":
                mix = _Encoder.of(world.noise, kind, 400_000 if kind == "video" else 32_000, 800)
                _receive(world, probe, kind, "", [], mix)
                continue
            for sender in _senders(world, members, probe, kind):
                parts = sent[sender, kind, probe.probe if world.topology == "mesh" else ""]
                _receive(world, probe, kind, sender, parts, None)
        for extra in extras:
            if extra.probe != probe.probe and probe.receives:
                _receive(world, probe, "video", extra.probe, [extra], None, is_extra=True)


def _parts(world: _World) -> list[tuple[float, float]]:
    """A stream's lives one after the other: it is moved, or its page is loaded anew."""
    cuts = sorted(
        world.chance.uniform(4.0, 38.0) for _ in range(world.chance.choice((0, 0, 0, 1, 2)))
    )
    if len(cuts) == 2 and cuts[1] - cuts[0] < 4:
        cuts.pop()
    edges = [world.chance.uniform(BEGIN_S, 6.0), *(cut for cut in cuts if cut > 8.0), END_S + 9]
    gaps = [0.0, *(world.chance.uniform(-1.0, 0.3) for _ in edges[1:])]
    return [
        (begin_s + max(0.0, gap_s), end_s - min(0.0, gap_s))
        for begin_s, end_s, gap_s in zip(edges[:-1], edges[1:], gaps, strict=False)
    ]


def _send(
    world: _World, probe: ProbePlan, kind: MediaKind, partner: str, *, layered: bool, stops_s: float
) -> list[_Sent]:
    """The lives of what a page sends of its camera or microphone, to all or to one partner."""
    found: list[_Sent] = []
    layers: list[tuple[str | None, float, int, bool]] = [(None, 300_000.0, 640, True)]
    if kind == "audio":
        layers = [(None, 32_000.0, 0, True)]
    elif layered:
        layers = [
            ("q", 60_000.0, 160, True),
            ("h", 150_000.0, 320, world.chance.random() < 0.5),
            ("f", 400_000.0, 640, False),
        ]
    encoders = [_Encoder.of(world.noise, kind, bps, width) for _, bps, width, _ in layers]
    for number, (begin_s, end_s) in enumerate(_parts(world)):
        suffix = partner if world.topology == "mesh" else "up"
        where = "" if world.topology == "one" else f"-{suffix}"
        connection = f"{probe.probe}-{number}{where}"
        mid = str(("audio", "video").index(kind)) if world.has_mids else None
        track = f"{probe.probe}-{kind}"
        for (rid, _, _, active), encoder in zip(layers, encoders, strict=True):
            made = _Sent(
                *(
                    probe.probe,
                    kind,
                    connection,
                    mid,
                    world.ssrc(),
                    rid,
                    f"S{kind}",
                    track,
                    encoder,
                ),
                *(begin_s, end_s, stops_s, active),
            )
            found.append(made)
            _record_sent(world, made)
        _act(world, found[-1], "camera" if kind == "video" else "microphone")
    return found


def _screen(world: _World, probe: ProbePlan) -> _Sent:
    """A screen beside the camera, for some time: owed to nobody."""
    begin_s = world.chance.uniform(5.0, 25.0)
    end_s = begin_s + world.chance.uniform(3.0, 30.0)
    encoder = _Encoder.of(world.noise, "video", 200_000.0, 1280)
    mid = "7" if world.has_mids else None
    screen = _Sent(
        *(probe.probe, "video", f"{probe.probe}-screen", mid, world.ssrc(), None, "Sscreen"),
        *(f"{probe.probe}-screen", encoder, begin_s, end_s, END_S + 9),
    )
    _record_sent(world, screen)
    _act(world, screen, "screen")
    return screen


def _act(world: _World, sent: _Sent, source: str) -> None:
    """What the hooks say of a sender."""
    if not world.has_acts or sent.mid is None:
        return
    state = {
        "connection": sent.connection,
        "mid": sent.mid,
        "kind": sent.kind,
        "track": sent.track,
        "source": source,
        "state": "live",
        "failed": False,
        "enabled": True,
        "frame_rate": FRAMES_PER_S if source == "camera" else None,
        "direction": "sendrecv",
    }
    ended = {**state, "state": "ended"}
    is_off = sent.stops_s <= sent.begin_s
    given = ended if is_off else state
    world.told.append(ProbeEvent(sent.probe, "sender", sent.begin_s - 0.1, "", given))
    if source == "screen":
        gone = {**state, "state": "none"}
        world.told.append(ProbeEvent(sent.probe, "sender", sent.end_s, "", gone))
    if sent.begin_s < sent.stops_s < sent.end_s:
        world.told.append(ProbeEvent(sent.probe, "sender", sent.stops_s, "", ended))


def _unused(world: _World, probe: ProbePlan) -> None:
    """A sender that was negotiated and never sends."""
    for now_s in _polls(world, probe.probe, 2.0, END_S + 2):
        world.rows["outbound-rtp"].append(
            _row(
                *(probe.probe, f"{probe.probe}-0-up", "OTunused", now_s),
                ssrc=77,
                kind="video",
                mid="9",
                packetsSent=0,
                bytesSent=0,
                framesEncoded=0,
                **_ZEROS,
            )
        )


# ---------------------------------------------------------------- rows


def _polls(world: _World, probe: str, begin_s: float, end_s: float) -> Iterator[float]:
    first = world.phases[probe]
    for number in range(round(END_S) + 2):
        now_s = number * POLL_S + first
        if begin_s <= now_s < min(end_s, END_S + 1):
            yield now_s


def _row(probe: str, connection: str, id: str, now_s: float, **members: Any) -> dict[str, Any]:
    return {
        "probe": probe,
        "host": HOST,
        "connection": connection,
        "id": id,
        "timestamp": now_s * 1000,
        "page_time_s": now_s,
        "host_monotonic_s": now_s,
        "run_s": now_s,
        **members,
    }


def _record_sent(world: _World, sent: _Sent) -> None:
    times = np.array(list(_polls(world, sent.probe, sent.begin_s, sent.end_s)))
    if not len(times):
        return
    until = np.minimum(times, sent.stops_s)
    begin = np.full(len(times), sent.begin_s)
    on = float(sent.active)
    payload = on * (_at(sent.encoder.payload, until) - _at(sent.encoder.payload, begin))
    frames = on * (_at(sent.encoder.frames, until) - _at(sent.encoder.frames, begin))
    packets = _packets(sent.kind, payload)
    energy = _at(sent.encoder.energy, until)
    video = sent.kind == "video"
    for place, now_s in enumerate(times.tolist()):
        world.rows["outbound-rtp"].append(
            _row(
                *(sent.probe, sent.connection, f"OT{sent.ssrc}", now_s),
                ssrc=sent.ssrc,
                kind=sent.kind,
                mid=sent.mid,
                rid=sent.rid,
                mediaSourceId=sent.source,
                active=sent.active,
                packetsSent=int(packets[place]),
                bytesSent=int(payload[place]),
                framesEncoded=int(frames[place]) if video else None,
                frameWidth=sent.encoder.width if video and frames[place] else None,
                frameHeight=sent.encoder.width * 3 // 4 if video and frames[place] else None,
                **_ZEROS,
            )
        )
        world.rows["media-source"].append(
            _row(
                *(sent.probe, sent.connection, sent.source, now_s),
                kind=sent.kind,
                trackIdentifier=sent.track,
                frames=round(until[place] * FRAMES_PER_S) if video else None,
                totalAudioEnergy=None if video else float(energy[place]),
            )
        )


def _packets(kind: MediaKind, payload: Array) -> Array:
    return np.ceil(payload / (1000 if kind == "video" else 80))


def _receive(
    world: _World,
    probe: ProbePlan,
    kind: MediaKind,
    sender: str,
    parts: Sequence[_Sent],
    mix: _Encoder | None,
    *,
    is_extra: bool = False,
) -> None:
    """What a page receives of one sender, or of the mix; spoilt if it was chosen."""
    spoilt = world.spoilt
    mine = spoilt is not None and not is_extra
    mine = (
        mine
        and spoilt is not None
        and (spoilt.probe, spoilt.kind, spoilt.sender) == (*(probe.probe, kind, sender),)
    )
    how = spoilt.how if mine and spoilt is not None else None
    if how == "never":
        return
    chosen = [each for each in parts if each.active]
    lives: list[tuple[float, float, _Encoder, _Sent | None]] = []
    if mix is not None:
        lives = [(begin_s, end_s, mix, None) for begin_s, end_s in _parts(world)]
    else:
        best: dict[float, _Sent] = {}
        for each in chosen:
            best[each.begin_s] = each  # the largest of its encodings that is sent
        lives = [
            (each.begin_s + world.chance.uniform(0.05, 0.3), each.end_s, each.encoder, each)
            for each in best.values()
        ]
    wrong_s = world.chance.uniform(11.0, 26.0)
    lag_s = world.chance.uniform(0.02, 0.3)
    told = False
    for number, (begin_s, end_s, encoder, of) in enumerate(lives):
        if how == "ends" and begin_s >= wrong_s:
            continue
        stops_s = of.stops_s if of is not None else END_S + 9
        # A server that has nothing to forward may leave the stream there, or take it away.
        taken = how == "ends" and world.chance.random() < 0.5
        ends_s = min(end_s, wrong_s) if taken else end_s
        if how == "ends":
            stops_s = min(stops_s, wrong_s)
        connection = _connection(world, probe, sender, number)
        mid = None
        if world.has_mids:
            mid = f"{world.chance.randrange(3, 60)}"
        ssrc = of.ssrc if of is not None and world.keeps_ssrc else world.ssrc()
        track = of.track if of is not None and world.keeps_track else f"t{world.ssrc()}"
        times = np.array(list(_polls(world, probe.probe, begin_s, ends_s)))
        if not len(times):
            continue
        if not told:
            first = {"kind": kind, "track": track, "connection": connection, "setup_s": 0.4}
            world.told.append(ProbeEvent(probe.probe, "setup", begin_s + 0.4, "", first))
            told = True
        _record_received(
            world,
            probe.probe,
            kind,
            (connection, mid, ssrc, track),
            encoder,
            times,
            begin_s,
            np.minimum(times - lag_s, stops_s),
            how,
            wrong_s,
        )


def _connection(world: _World, probe: ProbePlan, sender: str, number: int) -> str:
    match world.topology:
        case "one":
            return f"{probe.probe}-{number}"
        case "up_and_down":
            return f"{probe.probe}-{number}-down"
        case "mesh":
            return f"{probe.probe}-{number}-{sender}"
        case _:
            return f"{probe.probe}-{number}-from-{sender}"


def _record_received(
    world: _World,
    probe: str,
    kind: MediaKind,
    name: tuple[str, str | None, int, str],
    encoder: _Encoder,
    times: Array,
    begin_s: float,
    until: Array,
    how: Spoil | None,
    wrong_s: float,
) -> None:
    begin = np.full(len(times), begin_s)
    payload = _at(encoder.payload, until) - _at(encoder.payload, begin)
    frames = _at(encoder.frames, until) - _at(encoder.frames, begin)
    at_wrong = np.full(len(times), max(wrong_s, begin_s))
    payload_then = _at(encoder.payload, at_wrong) - _at(encoder.payload, begin)
    frames_then = _at(encoder.frames, at_wrong) - _at(encoder.frames, begin)
    after = until > wrong_s
    if how == "still":
        frames = np.where(after, frames_then, frames)
    elif how == "slow":
        frames = np.where(after, frames_then + np.floor((frames - frames_then) * 0.3), frames)
    elif how == "thin":
        payload = np.where(after, payload_then + np.floor((payload - payload_then) * 0.3), payload)
    payload, frames = np.maximum(payload, 0), np.maximum(frames, 0)
    packets = _packets(kind, payload)
    energy = _at(encoder.energy, until)
    connection, mid, ssrc, track = name
    video = kind == "video"
    for place, now_s in enumerate(times.tolist()):
        world.rows["inbound-rtp"].append(
            _row(
                *(probe, connection, f"IT{ssrc}", now_s),
                ssrc=ssrc,
                kind=kind,
                mid=mid,
                trackIdentifier=track if world.has_mids else None,
                packetsReceived=int(packets[place]),
                packetsLost=0,
                bytesReceived=int(payload[place]),
                framesDecoded=int(frames[place]) if video else None,
                frameWidth=encoder.width if video and frames[place] else None,
                frameHeight=encoder.width * 3 // 4 if video and frames[place] else None,
                totalFreezesDuration=0.0 if video else None,
                totalPausesDuration=0.0 if video else None,
                totalAudioEnergy=None if video else float(energy[place]),
            )
        )


def _tables(world: _World) -> dict[str, pl.DataFrame]:
    found: dict[str, pl.DataFrame] = {}
    types = {int: pl.Int64(), float: pl.Float64(), str: pl.String(), bool: pl.Boolean()}
    when = dict.fromkeys(("page_time_s", "host_monotonic_s", "run_s"), pl.Float64())
    for name, cls in STATS_TYPES.items():
        rows = world.rows.get(name)
        if rows:
            schema = {
                **dict.fromkeys(("probe", "host", "connection"), pl.String()),
                **when,
                **{member: types[type] for member, type in columns(cls).items()},
            }
            found[name] = pl.DataFrame(rows, schema=schema)
    counts = {
        direction: pl.concat([found[name].select("probe", "page_time_s")])
        .group_by("probe", "page_time_s")
        .len(direction)
        for name, direction in (("inbound-rtp", "inbound"), ("outbound-rtp", "outbound"))
        if name in found
    }
    polls = pl.DataFrame(
        [
            {"probe": probe.probe, "host": HOST, "late_s": 0.0, **dict.fromkeys(when, now_s)}
            for probe in world.plan.probes
            for now_s in _polls(world, probe.probe, 1.0, END_S + 2)
        ]
    )
    for direction in ("inbound", "outbound"):
        if direction in counts:
            polls = polls.join(counts[direction], on=["probe", "page_time_s"], how="left")
            polls = polls.with_columns(pl.col(direction).fill_null(0).cast(pl.Int64))
        else:
            polls = polls.with_columns(pl.lit(0, pl.Int64).alias(direction))
    found["poll"] = polls
    return found
