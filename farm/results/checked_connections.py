"""The peer connections of a checked driver's pages: where they are, how they connected. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from farm.recording.events import SeenEvent
from farm.recording.trial_reader import TrialReader

CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class CheckedConnection:
    """One `RTCPeerConnection` of a page.

    `tab` is 0 in the probe's own tab, `None` where unknown; `frame` is empty in a tab's document.
    `states` are W3C's, as they followed each other. `route` are the selected pair's candidates,
    `host udp 10.0.0.1 -> srflx 203.0.113.7`; empty: no pair was ever selected.
    """

    connection: str
    tab: int | None
    frame: str
    states: tuple[str, ...]
    closed_by_page: bool
    route: str


def checked_connections(trial: TrialReader) -> Mapping[str, tuple[CheckedConnection, ...]]:
    """The connections of each probe that have a state or samples, in the order of their events."""
    events: defaultdict[tuple[str, str], list[SeenEvent]] = defaultdict(list)
    for seen in trial.events:
        if seen.event.kind == "connection":
            events[seen.event.probe, str(seen.event.data.get("connection"))].append(seen)
    routes = _routes(trial)
    made: defaultdict[str, list[CheckedConnection]] = defaultdict(list)
    for probe, name in dict.fromkeys([*events, *routes]):
        of = events[probe, name]
        data: Mapping[str, Any] = of[0].event.data if of else {}
        made[probe].append(
            CheckedConnection(
                name,
                data.get("tab"),
                str(data.get("frame") or ""),
                tuple(str(each.event.data.get("state")) for each in of),
                any(each.event.data.get("by_page") is True for each in of),
                routes.get((probe, name), ""),
            )
        )
    return {probe: tuple(of) for probe, of in made.items()}


def open_at_the_end(trial: TrialReader, probe: str) -> int | None:
    """How many connections of a probe were not closed in its last poll; `None`: no poll."""
    polls = trial.polls(("probe", "states"))
    if polls is None:
        return None
    own = polls.filter(polls["probe"] == probe).sort("run_s")
    if not len(own):
        return None
    states: list[str] | None = own["states"].to_list()[-1]
    return sum(state != CLOSED for state in states or ())


def _routes(trial: TrialReader) -> Mapping[tuple[str, str], str]:
    """The last selected pair of each connection in words."""
    selected: dict[tuple[str, str], str] = {}
    for row in _rows(trial, "transport", ("selectedCandidatePairId",)):
        pair = row["selectedCandidatePairId"]
        selected[row["probe"], row["connection"]] = pair or ""
    pairs = _by_id(trial, "candidate-pair", ("localCandidateId", "remoteCandidateId"))
    local = _by_id(trial, "local-candidate", ("candidateType", "protocol", "address"))
    remote = _by_id(trial, "remote-candidate", ("candidateType", "protocol", "address"))
    routes = {}
    for (probe, connection), name in selected.items():
        pair = pairs.get((probe, connection, name))
        if pair is None:
            routes[probe, connection] = ""
            continue
        here = local.get((probe, connection, pair["localCandidateId"] or ""))
        there = remote.get((probe, connection, pair["remoteCandidateId"] or ""))
        routes[probe, connection] = f"{_end(here)} -> {_end(there)}"
    return routes


def _end(candidate: Mapping[str, Any] | None) -> str:
    if candidate is None:
        return "?"
    words = (candidate["candidateType"], candidate["protocol"], candidate["address"])
    return " ".join(word for word in words if word) or "?"


def _by_id(
    trial: TrialReader, type: str, columns: tuple[str, ...]
) -> Mapping[tuple[str, str, str], Mapping[str, Any]]:
    rows = _rows(trial, type, columns)
    return {(row["probe"], row["connection"], row["id"]): row for row in rows}


def _rows(trial: TrialReader, type: str, columns: tuple[str, ...]) -> list[dict[str, Any]]:
    """The rows of a table, the oldest first; empty where nothing is recorded."""
    frame = trial.samples(type, ("probe", "connection", "id", *columns))
    return [] if frame is None else frame.sort("run_s").to_dicts()
