"""Takes from the driver whether a room's server mixes or forwards, if the experiment leaves it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from farm.drivers.of_experiment import driver_of
from farm.experiment_file.checks import check_scenario
from farm.model.experiment import Experiment


def with_room_media(experiment: Experiment, beside: Path = Path()) -> Experiment:
    """The experiment with its driver's `media`.

    It stays `None` if neither sets it; `beside` is as of `read_driver`. Raises BadInput
    for a driver that cannot be read, or whose rooms have fewer streams than `scenario.receives`.
    """
    scenario = experiment.scenario
    if scenario.kind != "group" or scenario.media is not None:
        return experiment
    media = driver_of(experiment, beside).media
    completed = replace(experiment, scenario=replace(scenario, media=media))
    check_scenario(completed)
    return completed
