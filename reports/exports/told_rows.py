"""Rows made of JSON lines: the events of a trial, the results of a run's trials. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from farm.model.json_values import to_jsonable
from farm.model.kurento_samples import KurentoTopology
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_result import TrialResult
from farm.recording.events import SeenEvent

EVENTS, TRIALS = "events", "trials"
"""Tables made of JSON: of the events of a trial, of `result.json` of every trial."""

_EVENT_SCHEMA: Mapping[str, pl.DataType] = {
    "run_s": pl.Float64(),
    "probe": pl.String(),
    "kind": pl.String(),
    "message": pl.String(),
    "data": pl.String(),
}


def event_rows(
    events: Iterable[SeenEvent],
    joins: Iterable[JoinOutcome],
    faults: Iterable[Fault],
    phases: Phases,
    topology: KurentoTopology | None = None,
) -> pl.DataFrame:
    """The events of a trial as rows; `data` is JSON.

    Beside the kinds of probes' events there are `join`, `fault`, `phase`, and `topology`: a
    pipeline as the media server built it.
    """
    rows: list[tuple[float | None, str | None, str, str, str]] = [
        (seen.run_s, seen.event.probe, seen.event.kind, seen.event.message, _json(seen.event.data))
        for seen in events
    ]
    for outcome in joins:
        plain = to_jsonable(outcome)
        data = {name: plain[name] for name in ("session", "joined", "join_s", "reason")}
        rows.append((outcome.at_s, outcome.probe, "join", outcome.message, _json(data)))
    for fault in faults:
        data = {"what": fault.what, "session": fault.session}
        rows.append((fault.at_s, None, "fault", fault.message, _json(data)))
    for name, at_s in to_jsonable(phases).items():
        if at_s is not None:
            rows.append((at_s, None, "phase", name.removesuffix("_s"), "{}"))
    if topology is not None:
        rows.append((phases.leave_s, None, "topology", "", _json(to_jsonable(topology))))
    return pl.DataFrame(rows, schema=_EVENT_SCHEMA, orient="row")


def trial_rows(results: Sequence[TrialResult], began_wall_s: Mapping[int, float]) -> pl.DataFrame:
    """A row for each judged trial, nested members flattened (`verdict_units`); lists are JSON.

    `began_wall_s` is when each trial began.
    """
    rows = [
        {"began_wall_s": began_wall_s.get(result.index), **_flat(to_jsonable(result), "")}
        for result in results
    ]
    return pl.DataFrame(rows, infer_schema_length=None)


def _flat(members: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, value in members.items():
        if isinstance(value, dict):
            row |= _flat(value, f"{prefix}{name}_")
        else:
            row[f"{prefix}{name}"] = _json(value) if isinstance(value, list) else value
    return row


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
