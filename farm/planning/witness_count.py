"""The number of witnesses: full probes in a load of light ones. Pure."""

from __future__ import annotations

import math

from farm.model.experiment import Experiment
from farm.planning.load_steps import smallest_load


def witness_count(experiment: Experiment, load: int) -> int:
    """The number of full probes with which a load of light ones begins.

    They are whole sessions, or the first broadcast's presenters and first viewers. Fewer where none
    would be light; 0 if all are full.
    """
    scenario, asked = experiment.scenario, experiment.probes.witnesses
    if experiment.probes.fidelity == "full" or asked == 0:
        return 0
    if scenario.kind == "broadcast":
        smallest = scenario.presenters + 1
        found = min(max(asked or 0, smallest), load - 1)
    else:
        smallest = smallest_load(scenario)
        found = min(math.ceil((asked or 1) / smallest) * smallest, load - smallest)
    return found if found >= smallest else 0
