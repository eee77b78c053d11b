"""Writes the report of one probe: a figure, its numbers, and a table by window.

Only the rows of its session are read, so that it is quick in a trial of thousands of probes.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from farm.evidence.from_recording import probe_intervals
from farm.model.trial_plan import ProbePlan
from farm.model.wording import UNKNOWN
from farm.recording.durable_file import beside, recording_error, sweep
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from reports.exports.rows import Choice, check_probe, trial_end_s
from reports.figures.canvas import farm_style
from reports.figures.probe import probe_channels_figure
from reports.series.probe_frames import SessionChannels, hold_of
from reports.wording.file_names import file_name_part

FOLDER = "probes"
"""Folder in a run, apart from the bundle, which may be drawn again without removing it."""


_SHOWN = (
    "start_s",
    "direction",
    "kind",
    "track",
    "owed",
    "bitrate_bps",
    "frame_rate",
    "residual_loss_ratio",
    "repair_ratio",
    "stalled_ratio",
    "gap_s",
    "round_trip_time_s",
)


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """The files of a probe's report, and a table with a row for each stream and window."""

    probe: str
    figure: Path
    seconds: Path
    windows: Path
    table: pl.DataFrame

    def facts(self) -> dict[str, Any]:
        files = {"figure": self.figure, "seconds": self.seconds, "windows": self.windows}
        return {"probe": self.probe, **{name: str(path) for name, path in files.items()}}

    def text(self) -> str:
        """The table as text, and the paths of the files."""
        lines = [list(_SHOWN), *(map(_cell, row) for row in self.table.select(_SHOWN).iter_rows())]
        cells = [[str(cell) for cell in line] for line in lines]
        widths = [max(len(line[i]) for line in cells) for i in range(len(_SHOWN))]
        rows = [
            "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
            for line in cells
        ]
        if len(rows) == 1:
            rows = ["no window of a hold was recorded"]
        return "\n".join([*rows, f"figure: {self.figure}", f"seconds: {self.seconds}"])


def write_probe(reader: RunReader, trial: TrialReader, choice: Choice) -> ProbeReport:
    """Write the report of the probe in `choice` to `RUN/probes/`.

    Raises BadInput, RecordingError.
    """
    probe = choice.probe or ""
    check_probe(trial, probe)
    settings = reader.manifest.settings.trial
    since_s = None if choice.last_s is None else trial_end_s(trial) - choice.last_s
    table = probe_intervals(trial, probe, window_s=settings.window_s).frame
    session = next(each for each in trial.plan.sessions if probe in map(_name, each.probes))
    streams = SessionChannels(trial, session, hold_of(table), settings.poll_s)
    channels = streams.of(probe, since_s)
    if since_s is not None:
        table = table.filter(pl.col("end_s") > since_s)
    folder = reader.path / FOLDER
    stem = f"trial-{trial.plan.index:03d}-{file_name_part(probe)}"
    report = ProbeReport(
        probe,
        folder / f"{stem}.png",
        folder / f"{stem}-seconds.csv",
        folder / f"{stem}-windows.csv",
        table,
    )
    try:
        folder.mkdir(exist_ok=True)
        sweep(folder)
        with farm_style(), beside(report.figure) as to:
            probe_channels_figure(channels).savefig(to, format="png")
        with beside(report.windows) as to:
            table.write_csv(to)
        columns = channels.columns()
        with beside(report.seconds) as to, to.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(columns)
            for row in zip(*columns.values(), strict=True):
                writer.writerow(map(_plain, row))
    except OSError as error:
        raise recording_error(folder, error) from error
    return report


def _name(probe: ProbePlan) -> str:
    return probe.probe


def _plain(value: object) -> str:
    if isinstance(value, str):
        return value
    number = float(value)  # type: ignore[arg-type]
    return "" if np.isnan(number) else f"{number:.9g}"


def _cell(value: object) -> str:
    if value is None:
        return UNKNOWN
    return (
        f"{value:.4g}"
        if isinstance(value, float) and abs(value) < 1000
        else (f"{value:.0f}" if isinstance(value, float) else str(value))
    )
