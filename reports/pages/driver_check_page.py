"""Writes the page of a checked driver: each step's picture beside its lines of YAML."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2

from farm.results.checked_steps import CheckedStep
from farm.results.driver_check import CheckedProbe, CheckedTrial
from reports.text.driver_check import probe_lines

FOLDER = "check"


@dataclass(frozen=True, slots=True)
class StepPicture:
    """A step with the address of its picture, relative to the page; `None`: there is none."""

    step: CheckedStep
    picture: str | None


@dataclass(frozen=True, slots=True)
class ProbePart:
    """One probe: its steps with pictures, and what came of it in lines."""

    probe: CheckedProbe
    steps: tuple[StepPicture, ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckPage:
    """The content of the page; `outcome` is `pass`, `fail` or `invalid`."""

    title: str
    outcome: str
    answer: str
    problems: tuple[str, ...]
    hints: tuple[str, ...]
    source: str
    probes: tuple[ProbePart, ...]
    notes: tuple[str, ...]


def write_check_page(run: Path, page: CheckPage) -> Path:
    """Write it into a run's folder; returns its path."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("reports.pages"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    path = run / FOLDER / "index.html"
    path.parent.mkdir(exist_ok=True)
    path.write_text(templates.get_template("driver_check.html.j2").render(page=page))
    return path


def probe_parts(run: Path, trial_folder: str, checked: CheckedTrial) -> tuple[ProbePart, ...]:
    """The probes of a trial with the pictures that are in its folder."""
    shots = run / "trials" / trial_folder / "screenshots"
    return tuple(
        ProbePart(
            probe,
            tuple(StepPicture(step, _address(shots, trial_folder, step)) for step in probe.steps),
            tuple(probe_lines(probe)),
        )
        for probe in checked.probes
    )


def _address(shots: Path, trial_folder: str, step: CheckedStep) -> str | None:
    if step.picture is None or not (shots / step.picture).is_file():
        return None
    return f"../trials/{trial_folder}/screenshots/{step.picture}"
