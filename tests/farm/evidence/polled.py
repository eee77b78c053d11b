"""A trial in memory, built stream by stream: the polls of pages and the events of their hooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from benchmarks.made_streams import HOST
from benchmarks.made_trial import MadeTrial
from farm.model.experiment import Experiment, Receives, RoomMedia, Scenario, ScenarioKind
from farm.model.page_samples import EventKind, ProbeEvent
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_plan import TrialPlan
from farm.model.webrtc_stats import STATS_TYPES, MediaKind, columns
from farm.planning.trial_planning import plan_trial
from farm.recording.events import PhaseMark

HOLD_S, END_S = 10.0, 40.0
Span = tuple[float, float]
ALL: Span = (2.0, END_S)

Course = Callable[[float], float]
"""What an encoder has put out by a time, in bytes."""


def course(seed: int, bytes_per_s: float = 40_000.0) -> Course:
    """An encoder whose output varies from second to second as no other's does."""
    chance = np.random.default_rng(seed)
    at_s = np.arange(0.0, 61.0)
    total = np.concatenate([[0.0], np.cumsum(np.exp(chance.normal(0, 0.4, 60)))]) * bytes_per_s
    return lambda now_s: float(np.interp(now_s, at_s, total))


def at_times(of: Course, *spans: Span) -> Course:
    """An encoder that puts out the same, but in some spans only."""

    def total(now_s: float) -> float:
        return sum(
            of(min(now_s, end_s)) - of(begin_s) for begin_s, end_s in spans if now_s > begin_s
        )

    return total


def room(members: int = 3, *, media: RoomMedia | None = "forwarded", **receives: int) -> TrialPlan:
    """One room; `receives` limits what each member is owed."""
    return plan_of(
        Scenario(kind="group", members=members, media=media, receives=Receives(**receives)), members
    )


def plan(kind: ScenarioKind = "one_to_one", load: int = 2) -> TrialPlan:
    return plan_of(Scenario(kind=kind), load)


def plan_of(scenario: Scenario, load: int) -> TrialPlan:
    experiment = Experiment(scenario=scenario)
    return plan_trial(experiment, load, index=0, purpose="single", hosts=[HOST])


@dataclass
class Polled:
    """The parts of a trial, of which `trial` makes one. All times are run time.

    A stream is polled once a second in its `span`; nothing of it moves from `still_s` on.
    """

    plan: TrialPlan
    rows: defaultdict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    events: list[ProbeEvent] = field(default_factory=list)

    def sent(
        self,
        probe: str,
        of: Course,
        span: Span = ALL,
        *,
        kind: MediaKind = "video",
        connection: str = "pc1",
        mid: str | None = "0",
        ssrc: int = 100,
        track: str = "camera",
        rid: str | None = None,
        still_s: float = END_S,
        **members: Any,
    ) -> None:
        for now_s in _polls(span):
            payload = _since(of, span[0], min(now_s, still_s))
            self._row(
                *("outbound-rtp", probe, connection, f"OT{ssrc}", now_s),
                ssrc=ssrc,
                kind=kind,
                mid=mid,
                rid=rid,
                mediaSourceId=f"S{track}",
                packetsSent=payload // 1000,
                bytesSent=payload,
                framesEncoded=_frames(kind, min(now_s, still_s) - span[0]),
                **members,
            )
            self._row(
                *("media-source", probe, connection, f"S{track}", now_s),
                kind=kind,
                trackIdentifier=track,
            )

    def received(
        self,
        probe: str,
        of: Course,
        span: Span = ALL,
        *,
        kind: MediaKind = "video",
        connection: str = "pc1",
        mid: str | None = "1",
        ssrc: int = 500,
        track: str = "remote",
        still_s: float = END_S,
        lag_s: float = 0.1,
        **members: Any,
    ) -> None:
        for now_s in _polls(span):
            payload = _since(of, span[0], min(now_s, still_s) - lag_s)
            self._row(
                *("inbound-rtp", probe, connection, f"IT{ssrc}", now_s),
                ssrc=ssrc,
                kind=kind,
                mid=mid,
                trackIdentifier=track,
                packetsReceived=payload // 1000,
                packetsLost=0,
                bytesReceived=payload,
                framesDecoded=_frames(kind, min(now_s, still_s) - span[0]),
                **members,
            )

    def reported(self, probe: str, now_s: float, *, ssrc: int = 100, **members: Any) -> None:
        """A receiver report of the server about a sent stream."""
        of = f"OT{ssrc}"
        self._row("remote-inbound-rtp", probe, "pc1", f"RI{of}", now_s, localId=of, **members)

    def tells(self, probe: str, kind: EventKind, at_s: float, data: Mapping[str, Any]) -> None:
        """An event of the probe's."""
        self.events.append(ProbeEvent(probe, kind, at_s, "", data))

    def gives(self, probe: str, at_s: float, **facts: Any) -> None:
        """The page gives a sender something else; what is not said is a live camera's."""
        self.tells(probe, "sender", at_s, {**CAMERA, **facts})

    def trial(self) -> MadeTrial:
        polls = [
            {"probe": probe.probe, "host": HOST, "late_s": 0.0, **_when(now_s)}
            for probe in self.plan.probes
            for now_s in _polls((1.0, END_S))
        ]
        tables = {"poll": self._with_counts(pl.DataFrame(polls))}
        for name, rows in self.rows.items():
            schema = {**_WHEN, **{m: _TYPES[t] for m, t in columns(STATS_TYPES[name]).items()}}
            tables[name] = pl.DataFrame(rows, schema=schema)
        joins = [JoinOutcome(p.probe, p.session, True, 1.5, at_s=1.5) for p in self.plan.probes]
        marks = [
            PhaseMark("ramp", 0.0),
            PhaseMark("settle", 5.0),
            PhaseMark("hold", HOLD_S),
            PhaseMark("leave", END_S),
            PhaseMark("done", END_S + 1),
        ]
        events = sorted(self.events, key=lambda event: event.host_monotonic_s)
        return MadeTrial(self.plan, tables, [*marks, *joins, *events])

    def _row(
        self, type: str, probe: str, connection: str, id: str, now_s: float, **members: Any
    ) -> None:
        whose = {"probe": probe, "host": HOST, "connection": connection, "id": id}
        self.rows[type].append({**whose, "timestamp": now_s * 1000, **_when(now_s), **members})

    def _with_counts(self, polls: pl.DataFrame) -> pl.DataFrame:
        """The polls with the number of streams that they had."""
        on = ["probe", "page_time_s"]
        for direction in ("inbound", "outbound"):
            rows = [(row[on[0]], row[on[1]]) for row in self.rows[f"{direction}-rtp"]]
            schema = {on[0]: pl.String(), on[1]: pl.Float64()}
            count = pl.DataFrame(rows, schema=schema, orient="row").group_by(on).len(direction)
            polls = polls.join(count, on=on, how="left")
        return polls.with_columns(pl.col("inbound", "outbound").fill_null(0).cast(pl.Int64))


CAMERA = {
    "connection": "pc1",
    "mid": "0",
    "kind": "video",
    "track": "camera",
    "source": "camera",
    "state": "live",
    "failed": False,
    "enabled": True,
    "frame_rate": 20.0,
    "direction": "sendrecv",
}

_WHEN = {
    **dict.fromkeys(("probe", "host", "connection"), pl.String()),
    **dict.fromkeys(("page_time_s", "host_monotonic_s", "run_s"), pl.Float64()),
}
_TYPES = {int: pl.Int64(), float: pl.Float64(), str: pl.String(), bool: pl.Boolean()}


def _polls(span: Span) -> list[float]:
    return [each + 0.5 for each in range(round(END_S)) if span[0] <= each + 0.5 <= span[1]]


def _when(now_s: float) -> dict[str, float]:
    return dict.fromkeys(("page_time_s", "host_monotonic_s", "run_s"), now_s)


def _since(of: Course, begin_s: float, now_s: float) -> int:
    return round(max(0.0, of(now_s) - of(begin_s)))


def _frames(kind: MediaKind, seconds: float) -> int | None:
    return round(20 * seconds) if kind == "video" else None
