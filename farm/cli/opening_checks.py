"""Checks of how an experiment's pages are opened, for `farm doctor`."""

from __future__ import annotations

from pathlib import Path

from farm.bench.page_opening import check_opening, opening_warnings
from farm.cli.findings import Check
from farm.errors import BadInput
from farm.experiment_file import placed
from farm.model.experiment import Experiment
from farm.planning.load_steps import ladder, smallest_load


def opening_checks(experiment: Experiment, file: Path) -> list[Check]:
    """Whether all is there that opens pages, for one trial and for a search, and of any use."""
    checks: list[Check] = []
    run = experiment.trial.load or smallest_load(experiment.scenario)
    for verb, load in (("farm run", run), ("farm size", ladder(experiment).maximum)):
        what = f"opening pages, {verb}"
        try:
            with placed(file, {}):
                opened = check_opening(experiment, load)
        except BadInput as error:
            return [*checks, Check(what, None, str(error), required=verb == "farm run")]
        if opened is not None:
            checks.append(Check(what, opened))
    warnings = opening_warnings(experiment)
    return checks + [Check("opening pages", None, each, required=False) for each in warnings]
