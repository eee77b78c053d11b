"""A room whose server forwards, made up: what each member sends and receives, recorded and judged.

Each page has one connection. All times are seconds since the pages began to poll.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from farm.analysis.trial_summary import summarise
from farm.evidence import trial_evidence
from farm.model.experiment import Experiment, Scenario, TrialSettings
from farm.model.page_samples import ConnectionReport, PageReport, ProbeEvent
from farm.model.trial_evidence import JoinOutcome, TrialEvidence
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.webrtc_stats import InboundRtp, MediaKind, MediaSource, OutboundRtp, RtcStats
from farm.planning.trial_planning import plan_trial
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.testing import WALL_S
from farm.verdict import judge
from tests.reports.made_run import HELD_S, HOLD_S, SETTLE_S, made_manifest, new_run
from tests.synthetic import ARRIVAL_S, HOST, MONOTONIC_S, clock_reading, host_sample, server_sample

END_S = HOLD_S + HELD_S
KINDS: tuple[MediaKind, ...] = ("audio", "video")
BYTES_PER_S = {"audio": 5_000.0, "video": 60_000.0}

Received = tuple[str, str, MediaKind]
"""Receiver, sender, kind."""


@dataclass(frozen=True)
class Room:
    """`ended`: when the last packet came; `gone`: and its statistics with it; `never`: none did.

    `frame_rates` are those of the senders' cameras, as their pages asked; `slow` those at which a
    receiver decodes; `stopped` is when a page stopped its own camera. Pages in `extra` receive a
    video that nobody plans. `anonymous`: nothing tells whose a received stream is. `layers` are the
    encodings of the first member's video.
    """

    members: int = 3
    ended: Mapping[Received, float] = field(default_factory=dict)
    gone: Mapping[Received, float] = field(default_factory=dict)
    never: frozenset[Received] = frozenset()
    frame_rates: Mapping[str, float] = field(default_factory=dict)
    slow: Mapping[Received, float] = field(default_factory=dict)
    stopped: Mapping[str, float] = field(default_factory=dict)
    extra: frozenset[str] = frozenset()
    anonymous: bool = False
    layers: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"p{number:03d}" for number in range(self.members))

    @property
    def experiment(self) -> Experiment:
        scenario = Scenario("group", members=self.members, media="forwarded")
        return Experiment(scenario=scenario, trial=TrialSettings(hold_s=HELD_S))

    @property
    def manifest(self) -> Manifest:
        return replace(made_manifest("room"), settings=self.experiment)

    @property
    def plan(self) -> TrialPlan:
        return plan_trial(self.experiment, self.members, index=0, purpose="single", hosts=[HOST])


async def record_room(directory: Path, room: Room) -> Path:
    """The run's folder; its trial 0 is judged."""
    run, clock = new_run(directory, room.manifest)
    with run:
        async with run.trial(room.plan) as trial:
            trial.clock(clock_reading())
            for phase, at_s in (("ramp", 0.0), ("settle", SETTLE_S), ("hold", HOLD_S)):
                trial.phase(phase, at_s)  # type: ignore[arg-type]
            for probe in room.names:
                trial.join(JoinOutcome(probe, "s000", True, 1.5, at_s=1.5))
            for event in _events(room):
                trial.event(event)
            for second in range(round(END_S) + 1):
                for probe in room.names:
                    clock.now_s = second + ARRIVAL_S
                    trial.page_report(_report(room, probe, float(second)))
                trial.host_sample(host_sample(float(second)))
                trial.server_sample(server_sample(float(second)))
            trial.phase("leave", END_S)
            trial.phase("done", END_S + 1)
    _, result = judged(run.path)
    trial.write_result(result)
    return run.path


def judged(run: Path) -> tuple[TrialEvidence, TrialResult]:
    """The evidence and the result of trial 0."""
    reader = RunReader.open(run)
    settings = reader.manifest.settings
    evidence = trial_evidence(reader.trial(0), window_s=settings.trial.window_s, poll_s=1.0)
    verdict = judge(evidence, settings.criteria, settings.invalid, None)
    return evidence, summarise(evidence, verdict)


def _events(room: Room) -> Iterator[ProbeEvent]:
    for probe in room.names:
        for sender in room.names:
            for kind in KINDS:
                if sender != probe and (probe, sender, kind) not in room.never:
                    data = {"kind": kind, "track": "t", "connection": "pc", "setup_s": 0.8}
                    yield ProbeEvent(probe, "setup", MONOTONIC_S + 1.5, "", data)
        rate = room.frame_rates.get(probe, 20.0)
        yield _sender(probe, 1.0, "live", rate)
        if probe in room.stopped:
            yield _sender(probe, room.stopped[probe], "ended", rate)


def _sender(probe: str, at_s: float, state: str, frame_rate: float) -> ProbeEvent:
    data = {
        "connection": "pc",
        "mid": "v",
        "kind": "video",
        "track": f"camera of {probe}",
        "source": "camera",
        "state": state,
        "failed": False,
        "enabled": True,
        "direction": "sendonly",
        "frame_rate": frame_rate,
    }
    return ProbeEvent(probe, "sender", MONOTONIC_S + at_s, "", data)


def _report(room: Room, probe: str, now_s: float) -> PageReport:
    stats = (*_sent(room, probe, now_s), *_received(room, probe, now_s))
    return PageReport(
        probe=probe,
        page_time_s=WALL_S + now_s,
        host_monotonic_s=MONOTONIC_S + now_s + ARRIVAL_S,
        host_wall_s=WALL_S + now_s + ARRIVAL_S,
        late_s=0.0,
        connections=(ConnectionReport("pc", "connected", WALL_S, (), stats),),
    )


def _sent(room: Room, probe: str, now_s: float) -> Iterator[RtcStats]:
    number = room.names.index(probe)
    rate = room.frame_rates.get(probe, 20.0)
    timestamp = (WALL_S + now_s) * 1000
    for kind in KINDS:
        sent_s = min(now_s, room.stopped.get(probe, now_s)) if kind == "video" else now_s
        layered = room.layers if kind == "video" and number == 0 else ()
        for place, rid in enumerate(layered or (None,)):
            ssrc = _ssrc(number, kind) + 5 * place
            video = kind == "video"
            yield OutboundRtp(
                id=f"OT{ssrc}",
                timestamp=timestamp,
                ssrc=ssrc,
                kind=kind,
                mid=kind[0],
                rid=rid,
                mediaSourceId=f"S{kind}",
                packetsSent=round(50 * sent_s),
                bytesSent=_bytes(room, number, kind, sent_s),
                retransmittedPacketsSent=0,
                retransmittedBytesSent=0,
                targetBitrate=8 * BYTES_PER_S[kind],
                framesEncoded=round(rate * sent_s) if video else None,
                frameWidth=320 * 2**place if video else None,
                frameHeight=180 * 2**place if video else None,
                qualityLimitationReason="none" if video else None,
            )
        if kind == "audio" or probe not in room.stopped or now_s <= room.stopped[probe]:
            yield MediaSource(
                id=f"S{kind}",
                timestamp=timestamp,
                kind=kind,
                trackIdentifier=f"{kind} of {probe}",
                frames=round(rate * sent_s) if kind == "video" else None,
            )


def _received(room: Room, probe: str, now_s: float) -> Iterator[RtcStats]:
    for number, sender in enumerate(room.names):
        for kind in KINDS if sender != probe else ():
            which = probe, sender, kind
            if which in room.never or now_s > room.gone.get(which, now_s):
                continue
            flowed_s = min(now_s, room.ended.get(which, now_s))
            rate = room.slow.get(which, room.frame_rates.get(sender, 20.0))
            if kind == "video":
                flowed_s = min(flowed_s, room.stopped.get(sender, now_s))
            ssrc = 9000 + number * 10 + KINDS.index(kind) if room.anonymous else None
            yield _inbound(room, ssrc or _ssrc(number, kind), number, kind, now_s, flowed_s, rate)
    if probe in room.extra:
        yield _inbound(room, 77_000, 7, "video", now_s, now_s, 4.0)


def _inbound(
    room: Room,
    ssrc: int,
    number: int,
    kind: MediaKind,
    now_s: float,
    flowed_s: float,
    frame_rate: float,
) -> InboundRtp:
    timestamp = (WALL_S + now_s) * 1000
    video = kind == "video"
    return InboundRtp(
        id=f"IT{ssrc}",
        timestamp=timestamp,
        ssrc=ssrc,
        kind=kind,
        mid=f"{number}{kind[0]}",
        trackIdentifier=f"track {ssrc}",
        packetsReceived=round(50 * flowed_s),
        packetsLost=0,
        bytesReceived=_bytes(room, number, kind, flowed_s),
        lastPacketReceivedTimestamp=timestamp - (now_s - flowed_s) * 1000,
        jitter=0.003,
        nackCount=0 if video else None,
        framesDecoded=round(frame_rate * flowed_s) if video else None,
        frameWidth=640 if video else None,
        frameHeight=360 if video else None,
        totalFreezesDuration=0.0 if video else None,
        totalPausesDuration=0.0 if video else None,
    )


def _ssrc(number: int, kind: MediaKind) -> int:
    return 1000 + number * 100 + KINDS.index(kind) * 50


def _bytes(room: Room, number: int, kind: MediaKind, at_s: float) -> int:
    """What flowed until then: no two senders' rates move alike, unless nothing is to tell them."""
    wave = 0.0 if room.anonymous else 0.3 * (1 - math.cos(at_s * (0.5 + 0.2 * number)))
    return round(BYTES_PER_S[kind] * (at_s + wave))
