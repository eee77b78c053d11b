"""How much a run may be at most, so that there is room for it before it begins."""

from __future__ import annotations

from dataclasses import dataclass

from farm.execution.trials import BASELINES, BASELINES_AT_MOST
from farm.execution.watch import Timetable
from farm.model.experiment import Experiment, SearchSettings
from farm.planning.load_steps import ladder, smallest_load


@dataclass(frozen=True, slots=True)
class Extent:
    """So many trials at most, none of a larger load."""

    largest_load: int
    trials: int


def single_extent(experiment: Experiment) -> Extent:
    """Of one trial, of `trial.load` or the smallest."""
    return Extent(experiment.trial.load or smallest_load(experiment.scenario), 1)


def search_extent(experiment: Experiment, done: int = 0) -> Extent:
    """Of a search in a run that has so many trials; the look for drift at the end is one more."""
    trials = trials_at_most(experiment.search) + 1
    return Extent(ladder(experiment).maximum, max(1, trials - done))


def watch_extent(experiment: Experiment, load: int, done: int = 0) -> Extent:
    """Of a watch in a run that has so many trials."""
    turns = Timetable(0.0, experiment.watch.every_s, experiment.watch.for_s).turns
    return Extent(load, max(1, turns + BASELINES_AT_MOST - done))


def trials_at_most(settings: SearchSettings) -> int:
    """`max_trials` and the looks for drift between them."""
    every = settings.drift_every
    searched = max(0, settings.max_trials - BASELINES)
    return settings.max_trials + (0 if every is None else searched // every)
