"""What a room's server does with its streams, where the experiment leaves it to the driver."""

from __future__ import annotations

from dataclasses import replace

from farm.drivers.reading import read_driver
from farm.experiment import Experiment
from farm.scenario import driver_name


def with_room_media(experiment: Experiment) -> Experiment:
    """The experiment with its driver's `media`.

    It stays `None` where neither says anything. Raises BadInput for a driver that cannot be read.
    """
    scenario = experiment.scenario
    if scenario.kind != "group" or scenario.media is not None:
        return experiment
    media = read_driver(driver_name(experiment)).media
    return replace(experiment, scenario=replace(scenario, media=media))
