"""Why media did not connect: how far ICE and DTLS of each connection of a probe came. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from farm.model.page_samples import ConnectionProgress, ConnectionReport, PageReport, ProbeEvent
from farm.model.webrtc_stats import (
    Candidate,
    CandidatePair,
    InboundRtp,
    LocalCandidate,
    RemoteCandidate,
    Transport,
)
from farm.model.wording import counted

MOST_PAIRS = 4
MOST_CONNECTIONS = 4
MOST_REMEMBERED = 50
T = TypeVar("T")

ICE_DONE = ("connected", "completed")

UNREACHABLE = "the server announces an address that this probe cannot reach"
NO_REMOTE = "the server has no address to announce, or its candidates are not passed on"
NO_LOCAL = "this probe's machine has no network that the browser may use"
NO_DTLS = "a firewall passes small packets alone, or the certificate is not the one of the answer"
NO_PACKET = "no participant sends to this connection, or a firewall drops what is sent"


@dataclass(slots=True)
class MediaTrouble:
    """The states of a probe's connections, by its polls and events, until they have media."""

    _connections: tuple[ConnectionReport, ...] = ()
    _pairs: dict[str, dict[str, str]] = field(default_factory=dict)
    _errors: dict[str, str] = field(default_factory=dict)

    def polled(self, report: PageReport) -> None:
        """Note a poll; Chromium forgets the pairs of a connection that failed, this does not."""
        self._connections = report.connections
        for connection in report.connections:
            if connection.progress is not None:
                pairs = self._pairs.setdefault(connection.connection, {})
                for name, line in _pairs(connection):
                    if name in pairs or len(pairs) < MOST_REMEMBERED:
                        pairs[name] = line

    def candidate_error(self, event: ProbeEvent) -> None:
        """Note a `candidate_error`; the last of each connection counts."""
        self._errors[str(event.data.get("connection"))] = event.message

    def describe(self) -> str | None:
        """How far each connection without media came, and the usual cause; `None`: not known."""
        stuck = [
            (each.connection, how)
            for each in self._connections
            if each.state != "closed" and (how := self._how_far(each)) is not None
        ]
        if not stuck:
            return None
        states = [f"connection {name}: {how}" for name, (how, _cause) in stuck[:MOST_CONNECTIONS]]
        if len(stuck) > MOST_CONNECTIONS:
            states.append(f"and {len(stuck) - MOST_CONNECTIONS} more")
        causes = " or ".join(dict.fromkeys(cause for _name, (_how, cause) in stuck))
        return f"media did not connect: {', '.join(states)}; usual cause: {causes}"

    def _how_far(self, connection: ConnectionReport) -> tuple[str, str] | None:
        progress = connection.progress
        if progress is None or not progress.answered:
            return None
        if progress.ice in ICE_DONE:
            return _after_ice(connection, progress)
        gathered = f"gathering {progress.gathering}"
        error = self._errors.get(connection.connection)
        seen = f"ICE {progress.ice} ({gathered}{f', {error}' if error else ''}"
        pairs = list(self._pairs.get(connection.connection, {}).values())
        if pairs:
            more = f", and {len(pairs) - MOST_PAIRS} more" if len(pairs) > MOST_PAIRS else ""
            tried = f"checked {counted(len(pairs), 'pair')}: {', '.join(pairs[:MOST_PAIRS])}{more}"
            return f"{seen}, {tried})", UNREACHABLE
        if progress.remote_candidates == 0:
            return f"{seen}, the server sent no candidate)", NO_REMOTE
        if progress.local_candidates == 0:
            return f"{seen}, no local candidate)", NO_LOCAL
        return f"{seen}, no pair of candidates to check)", UNREACHABLE


def _after_ice(
    connection: ConnectionReport, progress: ConnectionProgress
) -> tuple[str, str] | None:
    dtls = {stat.dtlsState for stat in _of(connection, Transport)} - {None, "connected"}
    if dtls:
        return f"ICE {progress.ice}, but DTLS {' and '.join(sorted(map(str, dtls)))}", NO_DTLS
    came = any(stat.packetsReceived for stat in _of(connection, InboundRtp))
    if progress.receives and not came:
        return f"ICE {progress.ice}, DTLS connected, but no packet of media came", NO_PACKET
    return None


def _pairs(connection: ConnectionReport) -> Iterable[tuple[str, str]]:
    local = {stat.id: stat for stat in _of(connection, LocalCandidate)}
    remote = {stat.id: stat for stat in _of(connection, RemoteCandidate)}
    for pair in _of(connection, CandidatePair):
        here = local.get(pair.localCandidateId or "")
        there = remote.get(pair.remoteCandidateId or "")
        kind = f"{there.protocol or '?'} {there.candidateType or '?'}" if there else "?"
        yield pair.id, f"{_address(here)} -> {_address(there)} {kind} {pair.state or '?'}"


def _address(candidate: Candidate | None) -> str:
    if candidate is None or not candidate.address:
        return "?"
    host = candidate.address
    return f"{f'[{host}]' if ':' in host else host}:{candidate.port}"


def _of(connection: ConnectionReport, wanted: type[T]) -> list[T]:
    return [stat for stat in connection.stats if isinstance(stat, wanted)]
