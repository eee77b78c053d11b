"""The tables of a search: its result, and its trials. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from farm.model.experiment import ScenarioKind
from farm.model.trial_result import TrialResult
from farm.model.wording import counted
from reports.exports.row_commands import OF_TRIALS
from reports.text.capacity_words import capacity_text, interval_text
from reports.text.limits import limit_text
from reports.text.table import (
    Cell,
    Heading,
    Table,
    bitrate_cell,
    cpu_cell,
    first_few,
    frames_cell,
    lines_cell,
    number_cell,
    percent_cell,
)


def results_table(
    scenario: ScenarioKind, camera: str, summary: Mapping[str, Any], results: Sequence[TrialResult]
) -> Table:
    """The result of a search in one row: scenario, capacity, interval, limiting resource."""
    capacity = summary.get("capacity") or {}
    limited = summary.get("limited_by") or {}
    state = str(summary.get("state", "unfinished")).replace("_", " ")
    return Table(
        "Result",
        (
            Heading("scenario"),
            Heading("camera"),
            Heading("capacity"),
            Heading("interval"),
            Heading("recommended"),
            Heading("smallest failing"),
            Heading("limited by"),
            Heading("state"),
            Heading("trials", number=True),
        ),
        (
            (
                Cell(scenario.replace("_", " ")),
                Cell(camera),
                Cell(capacity_text(scenario, capacity, str(summary.get("state")))),
                Cell(interval_text(capacity)),
                _probes(capacity.get("recommended_probes")),
                _probes(capacity.get("breaking_probes")),
                Cell(limit_text(limited)),
                Cell(state),
                number_cell(len(results)),
            ),
        ),
        traced=OF_TRIALS,
    )


def trials_table(results: Sequence[TrialResult]) -> Table:
    """The table of trials in the order they ran, with verdicts and their reasons."""
    return Table(
        "Trials",
        (
            Heading("trial", number=True),
            Heading("load", number=True),
            Heading("purpose"),
            Heading("verdict"),
            Heading("established", number=True),
            Heading("post-repair loss", number=True),
            Heading("video", number=True),
            Heading("frames/s", number=True),
            Heading("server CPU", number=True),
            Heading("generator CPU", number=True),
            Heading("reasons"),
        ),
        tuple(_trial_row(result) for result in results),
        traced=OF_TRIALS,
    )


def _trial_row(result: TrialResult) -> tuple[Cell, ...]:
    verdict = result.verdict
    reasons = [reason.message for reason in verdict.reasons]
    return (
        Cell(str(result.index), float(result.index), link=f"#trial-{result.index:03d}"),
        number_cell(result.load),
        Cell(result.purpose, result.purpose),
        Cell(verdict.outcome.value, verdict.outcome.value, verdict.outcome),
        number_cell(verdict.established),
        percent_cell(result.residual_loss_ratio),
        bitrate_cell(result.video_bitrate_bps),
        frames_cell(result.frame_rate),
        cpu_cell(result.server_cpu_percent),
        cpu_cell(result.host_cpu_percent),
        lines_cell(first_few(reasons), len(reasons)),
    )


def _probes(value: Any) -> Cell:
    return Cell("not known") if value is None else Cell(counted(value, "probe"), float(value))
