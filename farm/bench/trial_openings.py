"""How the pages of each trial are opened, with what the user's command gives its probes."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

from farm.bench.exec_command import ExecCommand
from farm.bench.page_opening import page_opening
from farm.model.experiment import Experiment
from farm.model.page_opening import PageOpening
from farm.model.trial_plan import TrialPlan
from farm.processes import Processes


class TrialOpenings:
    """`beside` is as of `driver_of`."""

    def __init__(self, experiment: Experiment, processes: Processes, beside: Path) -> None:
        self._experiment, self._beside = experiment, beside
        settings = experiment.app.exec
        self._command = None if settings is None else ExecCommand(settings, processes)

    async def of(self, plan: TrialPlan) -> PageOpening:
        """The opening of a trial's pages; tokens are new for each trial.

        Raises BadInput, or GeneratorError for a command that has worked before.
        """
        opening = await asyncio.to_thread(page_opening, self._experiment, plan, self._beside)
        if self._command is None:
            return opening
        given = await self._command.values(plan, opening)
        own = {probe: {**opening.own.get(probe, {}), **values} for probe, values in given.items()}
        return replace(opening, own=own)
