"""Writes exports of a run into files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, get_args

import polars as pl

from farm.attribution import any_passed
from farm.model.page_address import app_address
from farm.model.webrtc_stats import STATS_TYPES
from farm.recording.durable_file import beside, recording_error, sweep
from farm.recording.file_inside import open_inside
from farm.recording.parquet_parts import WHOLE, Damage, read_table
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from reports.exports.junit import junit
from reports.exports.rows import (
    MACHINES,
    TABLES,
    Choice,
    check_probe,
    rows,
    table_folder,
    write_csv,
)
from reports.exports.told_rows import EVENTS
from reports.exports.webrtc_internals import dump
from reports.wording.file_names import file_name_part

Format = Literal["csv", "parquet", "junit", "webrtc-internals"]
FORMATS: tuple[Format, ...] = get_args(Format)


def export(
    reader: RunReader,
    format: Format,
    trials: Sequence[TrialReader],
    choice: Choice,
    folder: Path,
) -> tuple[Path, ...]:
    """Write `trials` of a run into `folder`; returns the files. Raises BadInput, RecordingError.

    With a probe chosen, only its rows are written. Parquet holds whole tables as recorded.
    """
    if choice.probe is not None:
        for trial in trials:
            check_probe(trial, choice.probe)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (folder, *(folder / trial.plan.folder for trial in trials)):
            sweep(path)
        if format == "junit":
            return (write_junit(reader, folder / "junit.xml", trials),)
        files = {"csv": _csv, "parquet": _parquet, "webrtc-internals": _dumps}[format]
        return tuple(file for trial in trials for file in files(reader, trial, choice, folder))
    except OSError as error:
        raise recording_error(folder, error) from error


def write_junit(reader: RunReader, path: Path, trials: Sequence[TrialReader]) -> Path:
    """Write the verdicts of `trials` as JUnit XML. Raises OSError."""
    manifest = reader.manifest
    properties = {
        "run": reader.path.resolve().name,
        "commit": manifest.commit or "unknown",
        "chromium": manifest.chromium or "unknown",
        **{f"version.{name}": version for name, version in manifest.versions.items()},
    }
    content = junit(
        manifest.name or reader.path.resolve().name,
        manifest.scenario,
        [(trial.plan, trial.result) for trial in trials],
        reader.summary or {},
        properties,
        steps_work=any_passed(reader.results),
    )
    with beside(path) as to:
        to.write_bytes(content)
    return path


def _csv(_: RunReader, trial: TrialReader, choice: Choice, folder: Path) -> Iterator[Path]:
    tables = [table for table in TABLES if choice.probe is None or table not in MACHINES]
    for table in tables:
        frame = rows(trial, table, choice)
        if frame is not None:
            path = _trial_folder(folder, trial) / f"{table}.csv"
            with beside(path) as to, to.open("w", encoding="utf-8", newline="") as file:
                write_csv(frame, file)
            yield path


def _parquet(_: RunReader, trial: TrialReader, choice: Choice, folder: Path) -> Iterator[Path]:
    for table in TABLES:
        if choice.probe is not None or choice.last_s is not None or table == EVENTS:
            frame = None if table in MACHINES else rows(trial, table, choice)
            if frame is not None:
                yield _written(frame, table, folder, trial)
            continue
        source = table_folder(trial, table)
        if (source / WHOLE).exists():
            yield from _copied(source / WHOLE, table, folder, trial)
            continue
        frame, damage = read_table(source)  # still in parts: they become one file
        trial.note(damage)
        if frame is not None:
            yield _written(frame, table, folder, trial)


def _copied(whole: Path, table: str, folder: Path, trial: TrialReader) -> Iterator[Path]:
    """Copy a whole table; a symbolic link is not followed, for it leads out of the recording."""
    try:
        recorded = open_inside(trial.folder.run, whole)
    except OSError as error:
        trial.note([Damage(whole, str(error))])
        return
    path = _trial_folder(folder, trial) / f"{table}.parquet"
    with recorded, beside(path) as to, to.open("wb") as file:
        shutil.copyfileobj(recorded, file)
    yield path


def _written(frame: pl.DataFrame, table: str, folder: Path, trial: TrialReader) -> Path:
    path = _trial_folder(folder, trial) / f"{table}.parquet"
    with beside(path) as to:
        frame.write_parquet(to)
    return path


def _dumps(reader: RunReader, trial: TrialReader, choice: Choice, folder: Path) -> Iterator[Path]:
    manifest, app_url = reader.manifest, reader.manifest.settings.app.url
    probes = [probe.probe for probe in trial.plan.probes]
    for probe in probes if choice.probe is None else [choice.probe]:
        only = Choice(probe, choice.last_s)
        frames = {type: rows(trial, type, only) for type in STATS_TYPES}
        content = dump(
            probe,
            {type: frame for type, frame in frames.items() if frame is not None and frame.height},
            trial.events,
            started_wall_s=manifest.started_wall_s,
            page=None if app_url is None else app_address(app_url),
            chromium=manifest.chromium,
        )
        path = _trial_folder(folder, trial) / f"{file_name_part(probe)}.json"
        with beside(path) as to:
            to.write_text(json.dumps(content, indent=1), encoding="utf-8")
        yield path


def _trial_folder(folder: Path, trial: TrialReader) -> Path:
    """The folder of a trial's exports, made if it is missing."""
    path = folder / trial.plan.folder
    path.mkdir(exist_ok=True)
    return path
