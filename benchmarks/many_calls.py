"""A made-up recording of thousands of calls, written by the farm's own recorder.

Every page polls once a second at a phase of its own and has four streams; the calls are steady
except for faults hidden in some, each in a span of the hold.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from farm.model.clock_reading import ClockReading
from farm.model.experiment import Experiment, TrialSettings
from farm.model.host_samples import HostSample
from farm.model.page_samples import ConnectionReport, PageReport, ProbeEvent
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_plan import TrialPlan
from farm.model.webrtc_stats import (
    CandidatePair,
    InboundRtp,
    MediaSource,
    OutboundRtp,
    RemoteInboundRtp,
)
from farm.planning.trial_planning import plan_trial
from farm.recording import RunRecording
from farm.recording.manifest import Manifest
from farm.recording.trial_recording import PART_S, TrialRecording

Hidden = Literal["loss", "silence", "freeze", "slow", "up", "absent"]
KINDS: tuple[Hidden, ...] = ("loss", "silence", "freeze", "slow", "up", "absent")
"""Packets lost; none arrive; frozen; few frames; packets lost on the way up; never joined."""

Array = NDArray[np.float64]

HOST = "here"
WALL_S = 1_795_000_000.0
MONOTONIC_S = 5_000.0
HOLD_S = 20.0
FAULT_S = (100.0, 160.0)
SETTINGS = Experiment(trial=TrialSettings(hold_s=280.0))

_VIDEO = ("video", 60.0, 1000)  # packets a second, bytes each
_AUDIO = ("audio", 50.0, 80)
_FRAMES_PER_S = 20.0
_SHARE = 0.05  # of packets lost
_SLOW = 0.6  # of frames missing


@dataclass(frozen=True, slots=True)
class HiddenFault:
    """A fault of the first probe of a session."""

    session: str
    probe: str
    what: Hidden


class RunTime:
    """Implements `protocols.Clock`: the run time of the recording."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def run_s(self) -> float:
        return self.now_s

    def wall_s(self) -> float:
        return WALL_S + self.now_s

    async def sleep_until(self, run_s: float) -> None:
        self.now_s = max(self.now_s, run_s)


def record(directory: Path, probes: int, seconds: int) -> Path:
    """Record one trial of `probes` pages for so long; returns the run."""
    return asyncio.run(_record(directory, probes, seconds))


async def _record(directory: Path, probes: int, seconds: int) -> Path:
    settings = replace(SETTINGS, trial=TrialSettings(hold_s=seconds - HOLD_S))
    plan = plan_trial(settings, probes, index=0, purpose="single", hosts=[HOST])
    faults = hidden_in(plan)
    clock = RunTime()
    manifest = Manifest(WALL_S, "one_to_one", settings, name=f"{probes} probes")
    text = "format: 1\nscenario: {kind: one_to_one}\n"
    with RunRecording.create(directory, f"{probes}-probes", text, manifest, clock) as run:
        async with run.trial(plan) as trial:
            trial.clock(ClockReading(HOST, -MONOTONIC_S, 0.001, 0.0))
            trial.phase("ramp", 0.0)
            _joins(trial, plan, {fault.probe for fault in faults if fault.what == "absent"})
            trial.phase("settle", 5.0)
            trial.phase("hold", HOLD_S)
            pages = _Pages(plan, faults)
            for number, start_s in enumerate(np.arange(0.0, seconds, PART_S)):
                for second in range(int(start_s), min(int(start_s + PART_S), seconds)):
                    trial.host_sample(_host(second))
                    trial.server_sample(_server(second, probes))
                for report in pages.polls(start_s, min(start_s + PART_S, seconds)):
                    trial.page_report(report)
                # The next part is due: reports so far are written.
                clock.now_s = start_s + PART_S
                trial.server_sample(_server(clock.now_s - 0.5, probes))
                await _written(trial, number)
            trial.phase("leave", float(seconds))
            trial.phase("done", seconds + 1.0)
        run.write_summary({"format": 1, "scenario": "one_to_one", "state": "recorded"})
    return run.path


def hidden_in(plan: TrialPlan) -> tuple[HiddenFault, ...]:
    """Two faults of each kind, one in a small trial; no session has more than one."""
    each = 2 if len(plan.sessions) >= 20 * len(KINDS) else 1
    chosen = random.Random(plan.load).sample(plan.sessions, each * len(KINDS))  # noqa: S311
    return tuple(
        HiddenFault(session.session, session.probes[0].probe, what)
        for session, what in zip(chosen, KINDS * each, strict=True)
    )


def _joins(trial: TrialRecording, plan: TrialPlan, absent: set[str]) -> None:
    for probe in plan.probes:
        if probe.probe in absent:
            why = "no answer to the offer within 15 s"
            trial.join(JoinOutcome(probe.probe, probe.session, False, None, "timeout", why, 15.0))
            continue
        trial.join(JoinOutcome(probe.probe, probe.session, True, 1.5, at_s=2.0))
        for kind in probe.receives:
            data = {"kind": kind, "setup_s": 0.8}
            trial.event(ProbeEvent(probe.probe, "setup", MONOTONIC_S + 2, "", data))


async def _written(trial: TrialRecording, part: int) -> None:
    """Wait for the disk, which in a real trial is faster than the reports."""
    path = trial.folder.samples("poll") / f"part-{part:06d}.parquet"
    while not path.exists():
        await asyncio.sleep(0.01)


class _Pages:
    """All pages of a trial; counters are closed forms of time, columns of probes x seconds."""

    def __init__(self, plan: TrialPlan, faults: tuple[HiddenFault, ...]) -> None:
        probes = plan.probes
        count = len(probes)
        place = {probe.probe: i for i, probe in enumerate(probes)}
        self._names = [probe.probe for probe in probes]
        self._phase = np.array([probe.poll_phase for probe in probes])
        # Calls differ a little from each other, the two directions of one do not.
        busy = {session.session: 1 + 0.02 * (i % 7 - 3) for i, session in enumerate(plan.sessions)}
        self._busy = np.array([busy[probe.session] for probe in probes])[:, None]
        self._has = {kind: np.zeros((count, 1)) for kind in KINDS}
        for fault in faults:
            self._has[fault.what][place[fault.probe]] = 1.0
        # Packets that one loses on the way up, or never sends, do not reach the other.
        partner = {
            one.probe: other.probe
            for session in plan.sessions
            for one, other in (session.probes, reversed(session.probes))
        }
        self._partner = np.array([place[partner[name]] for name in self._names])

    def polls(self, start_s: float, end_s: float) -> Iterator[PageReport]:
        """The reports of polls, in the order of their arrival."""
        seconds = np.arange(start_s, end_s)
        at_s = seconds[None, :] + self._phase[:, None]
        video, audio = self._streams(at_s, *_VIDEO[1:]), self._streams(at_s, *_AUDIO[1:])
        frames, decoded, frozen = (values.tolist() for values in self._pictures(at_s))
        absent = self._has["absent"][:, 0] > 0
        times = at_s.tolist()
        order = np.argsort(at_s, axis=None, kind="stable")
        for probe_place, second in zip(*np.unravel_index(order, at_s.shape), strict=True):
            i, j = int(probe_place), int(second)
            if absent[i]:
                continue
            ms = (WALL_S + times[i][j]) * 1000
            stats = (
                *_rtp(ms, "audio", audio, i, j),
                *_rtp(ms, "video", video, i, j, (frames[i][j], decoded[i][j], frozen[i][j])),
                CandidatePair(
                    id="CP1",
                    timestamp=ms,
                    state="succeeded",
                    nominated=True,
                    currentRoundTripTime=0.04,
                ),
            )
            wall_s = WALL_S + times[i][j]
            connection = ConnectionReport("pc1", "connected", WALL_S, (), stats)
            yield PageReport(
                self._names[i],
                wall_s,
                MONOTONIC_S + times[i][j] + 0.004,
                wall_s + 0.004,
                0.0,
                (connection,),
            )

    def _streams(self, at_s: Array, packets_per_s: float, size: int) -> dict[str, list[list[int]]]:
        """Both directions of one kind: the counters at that time."""
        hidden_s = np.clip(at_s - FAULT_S[0], 0, FAULT_S[1] - FAULT_S[0])
        rate = packets_per_s * self._busy
        again = np.floor(rate * hidden_s * _SHARE * self._has["up"])
        sent = np.floor(rate * at_s) + again
        lost_up = np.floor(rate * hidden_s * _SHARE * self._has["up"])
        came_s = at_s - hidden_s * self._has["silence"]
        came_s = came_s * (1 - self._has["absent"][self._partner])
        lost = np.floor(rate * hidden_s * _SHARE * self._has["loss"])
        received = np.maximum(np.floor(rate * came_s) - lost - lost_up[self._partner], 0)
        silent = (at_s > FAULT_S[0]) & (at_s < FAULT_S[1]) & (self._has["silence"] > 0)
        last_ms = np.where(silent, FAULT_S[0], at_s) * 1000
        return {
            "sent": _whole(sent),
            "again": _whole(again),
            "sent_bytes": _whole(sent * size),
            "again_bytes": _whole(again * size),
            "received": _whole(received),
            "received_bytes": _whole(received * size),
            "lost": _whole(lost),
            "lost_up": _whole(lost_up),
            "last_ms": _whole(last_ms),
        }

    def _pictures(self, at_s: Array) -> tuple[NDArray[np.int64], NDArray[np.int64], Array]:
        """Frames of the camera, frames decoded, seconds of freezes that are over."""
        hidden_s = np.clip(at_s - FAULT_S[0], 0, FAULT_S[1] - FAULT_S[0])
        still = self._has["freeze"] + self._has["silence"]
        seen_s = at_s - hidden_s * (still + _SLOW * self._has["slow"])
        seen_s = seen_s * (1 - self._has["absent"][self._partner])
        frozen_s = np.where(at_s >= FAULT_S[1], FAULT_S[1] - FAULT_S[0], 0.0) * still
        return (
            np.floor(at_s * _FRAMES_PER_S).astype(np.int64),
            np.floor(seen_s * _FRAMES_PER_S).astype(np.int64),
            frozen_s,
        )


def _whole(values: Array) -> list[list[int]]:
    return values.astype(np.int64).tolist()  # type: ignore[no-any-return]


def _rtp(  # noqa: PLR0917
    ms: float,
    kind: Literal["audio", "video"],
    counted: dict[str, list[list[int]]],
    i: int,
    j: int,
    pictures: tuple[int, int, float] | None = None,
) -> Iterator[InboundRtp | OutboundRtp | MediaSource | RemoteInboundRtp]:
    frames, decoded, frozen_s = pictures or (None, None, None)
    ssrc = 10 * i + (1 if kind == "audio" else 2)
    width, height = (640, 480) if pictures else (None, None)
    yield InboundRtp(
        id=f"IT{kind}",
        timestamp=ms,
        ssrc=ssrc,
        kind=kind,
        packetsReceived=counted["received"][i][j],
        packetsLost=counted["lost"][i][j],
        bytesReceived=counted["received_bytes"][i][j],
        lastPacketReceivedTimestamp=WALL_S * 1000 + counted["last_ms"][i][j],
        jitter=0.003,
        nackCount=0,
        framesDecoded=decoded,
        frameWidth=width,
        frameHeight=height,
        totalFreezesDuration=frozen_s,
        totalPausesDuration=None if frozen_s is None else 0.0,
    )
    yield OutboundRtp(
        id=f"OT{kind}",
        timestamp=ms,
        ssrc=ssrc + 5,
        kind=kind,
        mediaSourceId=f"S{kind}",
        packetsSent=counted["sent"][i][j],
        bytesSent=counted["sent_bytes"][i][j],
        retransmittedPacketsSent=counted["again"][i][j],
        retransmittedBytesSent=counted["again_bytes"][i][j],
        targetBitrate=500_000.0 if pictures else 32_000.0,
        framesEncoded=frames,
        framesSent=frames,
        frameWidth=width,
        frameHeight=height,
        qualityLimitationReason="none" if pictures else None,
    )
    yield MediaSource(id=f"S{kind}", timestamp=ms, kind=kind, frames=frames)
    yield RemoteInboundRtp(
        id=f"RI{kind}",
        timestamp=ms,
        ssrc=ssrc + 5,
        kind=kind,
        localId=f"OT{kind}",
        packetsLost=counted["lost_up"][i][j],
        jitter=0.002,
        roundTripTime=0.05,
    )


def _host(second: float) -> HostSample:
    return HostSample(
        host=HOST,
        host_monotonic_s=MONOTONIC_S + second,
        cpu_percent=40.0,
        steal_percent=0.0,
        busiest_thread="chromium/VideoDecoder",
        busiest_thread_percent=12.5,
        memory_available_bytes=8_000_000_000,
        loop_late_s=None,
    )


def _server(second: float, probes: int) -> ServerSample:
    return ServerSample(
        received_s=second,
        uptime_s=1000.0 + second,
        cpu_percent=25.0 + second % 5,
        process_cpu_percent=90.0,
        process_rss_bytes=200_000_000 + 1000 * probes,
        process_threads=20,
        process_descriptors=60 + 4 * probes,
        received_bps=5e5 * probes,
        sent_bps=5e5 * probes,
    )
