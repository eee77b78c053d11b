"""The progress that is shown while a trial runs: evidence in, once a second a `Progress` out. Pure.

Figures are those of the newest two polls of each stream; verdicts are made of other figures
(`farm/evidence/`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from farm.analysis.aggregates import grown, known, mean_known
from farm.analysis.rates import missing_and_due
from farm.model.host_samples import HostSample
from farm.model.page_samples import PageReport
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_plan import Phase, TrialPlan
from farm.model.webrtc_stats import InboundRtp
from farm.protocols import Progress, RoleProgress

STALE_S = 5.0
"""Figures older than this are not shown."""

PROBATOR_MID = "probator"
"""The m-line of what mediasoup sends to probe for bandwidth: its client plays no video there."""

StreamId = tuple[str, str, int | None]


@dataclass(slots=True)
class _Page:
    """The newest two polls of a page's received streams."""

    former: dict[StreamId, InboundRtp] = field(default_factory=dict)
    newest: dict[StreamId, InboundRtp] = field(default_factory=dict)
    is_reported: bool = False
    received_s: float | None = None

    def see(self, report: PageReport) -> None:
        streams = {
            (connection.connection, stats.id, stats.ssrc): stats
            for connection in report.connections
            for stats in connection.stats
            if isinstance(stats, InboundRtp)
        }
        if _times(streams) != _times(self.newest):
            self.former, self.newest = self.newest, streams
        self.is_reported = False


@dataclass(frozen=True, slots=True)
class _Second:
    """The counters of one stream between its newest two polls; `None` is unknown."""

    probe: str
    bps: float | None
    lost: int | None
    received: int | None
    frame_rate: float | None


class ProgressMeter:
    """Makes the progress of one trial from its evidence; times are run time."""

    def __init__(self, plan: TrialPlan) -> None:
        self._plan = plan
        self._probes_by_role: dict[str, set[str]] = {}
        for probe in plan.probes:
            self._probes_by_role.setdefault(probe.role, set()).add(probe.probe)
        self._phase: Phase = "reset"
        self._phase_ends_s: float | None = None
        self._joined: set[str] = set()
        self._failed: set[str] = set()
        self._pages: dict[str, _Page] = {}
        self._hosts: dict[str, HostSample] = {}
        self._unreported_hosts: set[str] = set()
        self._hosts_received_s: dict[str, float] = {}
        self._server: ServerSample | None = None

    def phase(self, phase: Phase, ends_s: float | None) -> None:
        """A phase of the trial begins; `ends_s` is when it should end, if that is known."""
        self._phase = phase
        self._phase_ends_s = ends_s

    def join(self, outcome: JoinOutcome) -> None:
        (self._joined if outcome.joined else self._failed).add(outcome.probe)

    def page_report(self, report: PageReport) -> None:
        self._pages.setdefault(report.probe, _Page()).see(report)

    def host_sample(self, sample: HostSample) -> None:
        self._hosts[sample.host] = sample
        self._unreported_hosts.add(sample.host)

    def server_sample(self, sample: ServerSample) -> None:
        self._server = sample

    def progress(self, now_s: float) -> Progress:
        """The progress of the last second, at `now_s`."""
        seconds = list(self._seconds(now_s))
        cpu_percent_by_host = self._cpu_percent_by_host(now_s)
        return Progress(
            trial=self._plan.index,
            load=self._plan.load,
            phase=self._phase,
            joined=len(self._joined),
            failed=len(self._failed),
            received_bps=_sum(second.bps for second in seconds),
            loss_ratio=_loss_ratio(seconds),
            frame_rate=mean_known(second.frame_rate for second in seconds),
            server_cpu_percent=self._server_cpu_percent(now_s),
            host_cpu_percent=max(known(cpu_percent_by_host.values()), default=None),
            left_s=None if self._phase_ends_s is None else max(0.0, self._phase_ends_s - now_s),
            roles=tuple(self._roles(seconds)),
            cpu_percent_by_host=cpu_percent_by_host,
        )

    def _roles(self, seconds: Sequence[_Second]) -> Iterator[RoleProgress]:
        for role, probes in self._probes_by_role.items():
            yield RoleProgress(
                role,
                planned=len(probes),
                joined=len(probes & self._joined),
                failed=len(probes & self._failed),
                received_bps=_sum(second.bps for second in seconds if second.probe in probes),
            )

    def _seconds(self, now_s: float) -> Iterator[_Second]:
        for probe, page in self._pages.items():
            if not page.is_reported:
                page.is_reported, page.received_s = True, now_s
            if page.received_s is not None and now_s - page.received_s < STALE_S:
                for stream, newest in page.newest.items():
                    former = page.former.get(stream)
                    if former is not None and newest.timestamp > former.timestamp:
                        yield _second(probe, former, newest)

    def _cpu_percent_by_host(self, now_s: float) -> dict[str, float | None]:
        self._hosts_received_s.update(dict.fromkeys(self._unreported_hosts, now_s))
        self._unreported_hosts.clear()
        return {
            host: sample.cpu_percent
            for host, sample in self._hosts.items()
            if now_s - self._hosts_received_s[host] < STALE_S
        }

    def _server_cpu_percent(self, now_s: float) -> float | None:
        if self._server is None or now_s - self._server.received_s > STALE_S:
            return None
        return self._server.cpu_percent


def _second(probe: str, former: InboundRtp, newest: InboundRtp) -> _Second:
    seconds = (newest.timestamp - former.timestamp) / 1000
    payload_bytes = grown(former.bytesReceived, newest.bytesReceived)
    frames = grown(former.framesDecoded, newest.framesDecoded)
    if newest.mid == PROBATOR_MID:
        frames = None
    return _Second(
        probe,
        bps=None if payload_bytes is None else 8 * payload_bytes / seconds,
        # `packetsLost` may fall: a retransmitted packet comes back on its own SSRC.
        lost=_difference(former.packetsLost, newest.packetsLost),
        received=grown(former.packetsReceived, newest.packetsReceived),
        frame_rate=None if frames is None else frames / seconds,
    )


def _times(streams: dict[StreamId, InboundRtp]) -> dict[StreamId, float]:
    return {stream: stats.timestamp for stream, stats in streams.items()}


def _difference(former: int | None, newest: int | None) -> int | None:
    return None if former is None or newest is None else newest - former


def _loss_ratio(seconds: Iterable[_Second]) -> float | None:
    """The loss ratio of all streams; a late packet of one repairs no other."""
    counted = [
        (second.lost, second.received)
        for second in seconds
        if second.lost is not None and second.received is not None
    ]
    lost, received = np.array(counted, dtype=np.float64).reshape(-1, 2).T
    missing, due = (float(each.sum()) for each in missing_and_due(lost, received, received=True))
    return missing / due if due else None


def _sum(values: Iterable[float | None]) -> float | None:
    found = known(values)
    return sum(found) if found else None
