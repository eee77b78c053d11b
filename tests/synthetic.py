"""Made-up calls: the page reports, plans and machines of a trial.

Each trouble is a span of seconds since the page began to poll, so that a test knows what the
figures must say. Everything is deterministic.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

from farm.model.clock_reading import ClockReading
from farm.model.experiment import Experiment
from farm.model.host_samples import HostSample
from farm.model.page_samples import ConnectionReport, PageReport
from farm.model.server_samples import ServerSample, ThreadSample
from farm.model.trial_plan import ProbePlan, SessionPlan, TrialPlan
from farm.model.webrtc_stats import (
    CandidatePair,
    InboundRtp,
    MediaKind,
    MediaSource,
    OutboundRtp,
    RemoteInboundRtp,
    RtcStats,
)
from farm.recording.manifest import Manifest
from farm.testing import WALL_S

HOST = "here"
MONOTONIC_S = 5_000.0
"""The host's monotonic clock when the pages begin to poll, at run time 0; `WALL_S` is its other."""

ARRIVAL_S = 0.004
STEP_S = 0.05
PACKETS_PER_S = 50
PACKET_BYTES = 1000
FRAMES_PER_S = 20

Span = tuple[float, float]


def manifest() -> Manifest:
    return Manifest(WALL_S, "one_to_one", Experiment(), name="synthetic")


def clock_reading() -> ClockReading:
    """The reading by which the host's clock becomes run time."""
    return ClockReading(HOST, offset_s=-MONOTONIC_S, error_s=0.001, at_s=0.0)


def call_plan(sessions: int = 1, index: int = 0) -> TrialPlan:
    """`one_to_one`: s000 is p000 (caller) and p001 (callee), and so on."""
    return TrialPlan(index, 2 * sessions, "single", tuple(_session(n) for n in range(sessions)))


def _session(number: int) -> SessionPlan:
    probes = tuple(
        ProbePlan(
            probe=f"p{2 * number + place:03d}",
            session=f"s{number:03d}",
            role=role,
            host=HOST,
            poll_phase=place / 2,
            variables={"name": role},
            sends=("audio", "video"),
            receives=("audio", "video"),
        )
        for place, role in enumerate(("caller", "callee"))
    )
    return SessionPlan(f"s{number:03d}", float(number), probes)


@dataclass(frozen=True)
class Page:
    """The troubles of one page. All times are seconds since it began to poll.

    Each stream, in both directions, is a steady 50 packets a second of 1000 bytes; video has 20
    frames a second, the network 40 ms. `loss` of what is sent to the page never comes, `repaired`
    is sent again on NACK, both ways. A receiver report comes every 5 s.
    """

    probe: str = "p000"
    seconds: float = 30.0
    poll_s: float = 1.0
    loss: float = 0.0
    repaired: float = 0.0
    padded: float = 0.0  # the share sent again without a NACK, to probe for bandwidth
    silent: tuple[Span, ...] = ()  # nothing arrives
    frozen: tuple[Span, ...] = ()  # packets arrive, no frame is decoded
    unpolled: tuple[Span, ...] = ()  # the page lives on, its polls get lost
    late: tuple[Span, ...] = ()  # polls come 0.8 s late
    repeated: tuple[Span, ...] = ()  # each poll comes twice
    stuck: tuple[Span, ...] = ()  # polls come, their figures are those of the poll before
    closed: tuple[Span, ...] = ()  # the page has no connection
    cpu_limited: tuple[Span, ...] = ()  # the encoder cannot keep up
    reloads: tuple[float, ...] = ()  # the page is reloaded: other connection, other SSRCs
    resets: tuple[float, ...] = ()  # counters restart at 0 under their old names
    wall_jumps: tuple[tuple[float, float], ...] = ()  # (when, how far) the wall clock is set


@dataclass
class _Counters:
    """The counters of a page since it was loaded."""

    sent: float = 0.0
    received: float = 0.0
    lost: float = 0.0
    decoded: float = 0.0
    encoded: float = 0.0
    repaired: float = 0.0
    padded: float = 0.0
    frozen_s: float = 0.0
    freezes: int = 0
    still_since_s: float | None = None
    last_packet_s: float = 0.0
    reported_s: float | None = None
    reported_lost: int = 0


@dataclass
class _Stack:
    page: Page
    generation: int = 1
    counted: _Counters = field(default_factory=_Counters)

    def live(self, begin_s: float, end_s: float) -> None:
        """Count what happens in one step."""
        page, counted = self.page, self.counted
        middle_s, seconds = (begin_s + end_s) / 2, end_s - begin_s
        packets = PACKETS_PER_S * seconds
        counted.sent += packets * (1 + page.repaired + page.padded)
        counted.padded += packets * page.padded
        counted.repaired += packets * page.repaired
        counted.encoded += FRAMES_PER_S * seconds
        silent = _within(middle_s, page.silent)
        if not silent:
            counted.received += packets * (1 - page.loss)
            counted.lost += packets * page.loss
            counted.last_packet_s = end_s
        if silent or _within(middle_s, page.frozen):
            if counted.still_since_s is None:
                counted.still_since_s = begin_s
        else:
            if counted.still_since_s is not None:
                counted.frozen_s += begin_s - counted.still_since_s
                counted.freezes += 1
                counted.still_since_s = None
            counted.decoded += FRAMES_PER_S * seconds
        if int(end_s / 5) > int(begin_s / 5):
            counted.reported_s = end_s
            counted.reported_lost = round(counted.sent * page.loss)

    def begin_anew(self, *, reloaded: bool) -> None:
        self.generation += reloaded
        self.counted = _Counters()

    def connection(self, now_s: float, wall_s: float) -> ConnectionReport:
        name = f"pc{self.generation}"
        stats = itertools.chain(
            self._rtp(now_s, wall_s, "audio"), self._rtp(now_s, wall_s, "video")
        )
        pair = CandidatePair(
            id="CP1",
            timestamp=wall_s * 1000,
            state="succeeded",
            nominated=True,
            currentRoundTripTime=0.04,
        )
        return ConnectionReport(name, "connected", WALL_S, (), (*stats, pair))

    def _rtp(self, now_s: float, wall_s: float, kind: MediaKind) -> Iterator[RtcStats]:
        counted, page = self.counted, self.page
        ssrc = self.generation * 1000 + (1 if kind == "audio" else 2)
        timestamp = wall_s * 1000
        video = kind == "video"
        yield InboundRtp(
            id=f"IT{ssrc}",
            timestamp=timestamp,
            ssrc=ssrc,
            kind=kind,
            packetsReceived=round(counted.received),
            packetsLost=round(counted.lost),
            bytesReceived=round(counted.received) * PACKET_BYTES,
            headerBytesReceived=round(counted.received) * 20,
            lastPacketReceivedTimestamp=timestamp - (now_s - counted.last_packet_s) * 1000,
            jitter=0.003,
            nackCount=round(counted.repaired) if video else None,
            framesDecoded=round(counted.decoded) if video else None,
            frameWidth=640 if video else None,
            frameHeight=480 if video else None,
            freezeCount=counted.freezes if video else None,
            totalFreezesDuration=counted.frozen_s if video else None,
            totalPausesDuration=0.0 if video else None,
        )
        yield OutboundRtp(
            id=f"OT{ssrc}",
            timestamp=timestamp,
            ssrc=ssrc + 500,
            kind=kind,
            mediaSourceId=f"S{kind}",
            packetsSent=round(counted.sent),
            bytesSent=round(counted.sent) * PACKET_BYTES,
            nackCount=round(counted.repaired),
            retransmittedPacketsSent=round(counted.repaired + counted.padded),
            retransmittedBytesSent=round(counted.repaired + counted.padded) * PACKET_BYTES,
            targetBitrate=400_000.0 if video else 32_000.0,
            framesEncoded=round(counted.encoded) if video else None,
            framesSent=round(counted.encoded) if video else None,
            frameWidth=640 if video else None,
            frameHeight=480 if video else None,
            qualityLimitationReason=(
                ("cpu" if _within(now_s, page.cpu_limited) else "none") if video else None
            ),
        )
        yield MediaSource(
            id=f"S{kind}",
            timestamp=timestamp,
            kind=kind,
            frames=round(counted.encoded) if video else None,
        )
        if counted.reported_s is not None:
            yield RemoteInboundRtp(
                id=f"RI{ssrc}",
                timestamp=timestamp - (now_s - counted.reported_s) * 1000,
                ssrc=ssrc + 500,
                kind=kind,
                localId=f"OT{ssrc}",
                packetsLost=counted.reported_lost,
                jitter=0.002,
                roundTripTime=0.05,
            )


def page_reports(page: Page) -> list[PageReport]:
    """The page's polls in the order of their arrival, the first at 0, the last at `seconds`."""
    stack = _Stack(page)
    breaks = sorted(
        [(at_s, True) for at_s in page.reloads] + [(at_s, False) for at_s in page.resets]
    )
    reports: list[PageReport] = []
    now_s = 0.0
    for number in range(round(page.seconds / page.poll_s) + 1):
        due_s = number * page.poll_s
        late_s = 0.8 if _within(due_s, page.late) else 0.0
        while now_s < due_s + late_s - STEP_S / 2:
            if breaks and breaks[0][0] <= now_s + STEP_S / 2:
                stack.begin_anew(reloaded=breaks.pop(0)[1])
            stack.live(now_s, now_s + STEP_S)
            now_s += STEP_S
        if _within(due_s, page.unpolled):
            continue
        wall_s = WALL_S + now_s + sum(far for at_s, far in page.wall_jumps if at_s <= now_s)
        if _within(due_s, page.closed):
            connections: tuple[ConnectionReport, ...] = ()
        elif not _within(due_s, page.stuck):
            connections = (stack.connection(now_s, wall_s),)
        report = PageReport(
            probe=page.probe,
            page_time_s=wall_s,
            host_monotonic_s=MONOTONIC_S + now_s + ARRIVAL_S,
            host_wall_s=wall_s + ARRIVAL_S,
            late_s=late_s,
            connections=connections,
        )
        reports += [report] * (2 if _within(due_s, page.repeated) else 1)
    return reports


def arrivals(*pages: Page) -> list[PageReport]:
    """The polls of several pages in the order of their arrival."""
    reports = itertools.chain.from_iterable(page_reports(page) for page in pages)
    return sorted(reports, key=lambda report: report.host_monotonic_s)


def host_sample(run_s: float, cpu_percent: float = 40.0) -> HostSample:
    return HostSample(
        host=HOST,
        host_monotonic_s=MONOTONIC_S + run_s,
        cpu_percent=cpu_percent,
        steal_percent=0.0,
        busiest_thread="chromium/VideoDecoder",
        busiest_thread_percent=12.5,
        memory_available_bytes=8_000_000_000,
        loop_late_s=None,
    )


def server_sample(run_s: float, cpu_percent: float = 25.0) -> ServerSample:
    return ServerSample(
        received_s=run_s,
        uptime_s=1000.0 + run_s,
        cpu_percent=cpu_percent,
        core_percent=(cpu_percent, cpu_percent),
        process_pid=77,
        process_cpu_percent=2 * cpu_percent,
        process_threads=2,
        threads=(ThreadSample(77, "kurento", 3.0), ThreadSample(78, "worker", 40.0)),
    )


def _within(now_s: float, spans: tuple[Span, ...]) -> bool:
    return any(begin_s <= now_s < end_s for begin_s, end_s in spans)
