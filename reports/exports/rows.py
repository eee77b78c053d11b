"""Reads the rows of a recording that a report's numbers come from, and writes them as CSV."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import polars as pl

from farm.errors import BadInput
from farm.model.webrtc_stats import STATS_TYPES
from farm.recording.parquet_parts import has_files
from farm.recording.sample_tables import POLL
from farm.recording.trial_reader import TrialReader
from reports.exports.told_rows import EVENTS, TRIALS, event_rows

MACHINES = ("hosts", "server", "kurento", "janus")
TABLES = (*STATS_TYPES, POLL, *MACHINES, EVENTS)
"""Tables of a trial: W3C stats types, polls, samples of machines, events."""

OF_A_RUN = (TRIALS,)
"""Tables of a whole run."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rows to read: of one probe (`None`: all), of the last seconds of the trial."""

    probe: str | None = None
    last_s: float | None = None


def rows(trial: TrialReader, table: str, choice: Choice) -> pl.DataFrame | None:
    """Rows of a table in order of time, with `run_s`; `None` when there are none.

    Raises BadInput for an unknown table or probe.
    """
    frame = _read(trial, table, choice.probe)
    if frame is None:
        return None
    if choice.last_s is not None:
        frame = frame.filter(pl.col("run_s") >= trial_end_s(trial) - choice.last_s)
    return frame.sort("run_s", maintain_order=True, nulls_last=True)


def has_rows(trial: TrialReader, table: str) -> bool:
    """Whether a table was recorded, judged by its files."""
    return table == EVENTS or has_files(table_folder(trial, table))


def table_folder(trial: TrialReader, table: str) -> Path:
    """The folder with the parts of a table; events have none."""
    machines = {
        "hosts": trial.folder.hosts,
        "server": trial.folder.server,
        "kurento": trial.folder.kurento,
        "janus": trial.folder.janus,
    }
    return machines.get(table) or trial.folder.samples(table)


def trial_end_s(trial: TrialReader) -> float:
    """The end of a trial in run time: of its phases, or, where it was cut short, its last poll."""
    phases = trial.phases
    for end_s in (phases.leave_s, phases.done_s):
        if end_s is not None:
            return end_s
    polls = trial.polls(())
    last_s = None if polls is None else polls["run_s"].max()
    return 0.0 if last_s is None else float(last_s)  # type: ignore[arg-type]


def write_csv(frame: pl.DataFrame, to: TextIO) -> None:
    """Write a frame as CSV; lists and structures become JSON."""
    nested = [
        name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List | pl.Struct)
    ]
    plain = frame.with_columns(
        pl.Series(name, [_json(value) for value in frame[name].to_list()], pl.String)
        for name in nested
    )
    to.write(plain.write_csv())


def check_probe(trial: TrialReader, probe: str) -> None:
    """Raise BadInput if the trial has no such probe."""
    names = [each.probe for each in trial.plan.probes]
    if probe not in names:
        raise BadInput(
            f"--probe: trial {trial.plan.index} has no probe {probe}; "
            f"it has {names[0]} to {names[-1]}"
        )


def _read(trial: TrialReader, table: str, probe: str | None) -> pl.DataFrame | None:
    if table not in TABLES:
        raise BadInput(f"--rows: there is no table {table}; there are {', '.join(TABLES)}")
    if table == EVENTS:
        events = event_rows(trial.events, trial.joins, trial.faults, trial.phases, trial.topology)
        if probe is None:
            return events
        check_probe(trial, probe)
        return events.filter(pl.col("probe") == probe)
    if table in MACHINES:
        if probe is not None:
            raise BadInput(f"--probe: rows of {table} do not belong to probes")
        machines = {
            "hosts": trial.hosts,
            "server": trial.server,
            "kurento": trial.kurento,
            "janus": trial.janus,
        }
        return machines[table]()
    if probe is None:
        return trial.samples(table)
    check_probe(trial, probe)
    return trial.of_probes(probe, probe).samples(table)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
