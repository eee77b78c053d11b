"""How much a run may be at most, and whether the disk has room for it."""

from __future__ import annotations

from dataclasses import dataclass

from farm.execution.steady_state import AT_MOST_S
from farm.execution.trials import BASELINES, BASELINES_AT_MOST
from farm.execution.watch import Timetable
from farm.model.experiment import Experiment, SearchSettings
from farm.planning.load_steps import ladder, smallest_load
from farm.recording.disk_use import free_bytes, projected_bytes, require_space


@dataclass(frozen=True, slots=True)
class Extent:
    """The number of trials and the largest load, at most."""

    largest_load: int
    trials: int


def single_extent(experiment: Experiment) -> Extent:
    """The extent of one trial, of `trial.load` or the smallest load."""
    return Extent(experiment.trial.load or smallest_load(experiment.scenario), 1)


def search_extent(experiment: Experiment, done: int = 0) -> Extent:
    """The extent of a search in a run with `done` trials, with the last check for drift."""
    trials = trials_at_most(experiment.search) + 1
    return Extent(ladder(experiment).maximum, max(1, trials - done))


def watch_extent(experiment: Experiment, load: int, done: int = 0) -> Extent:
    """The extent of a watch in a run with `done` trials."""
    turns = Timetable(0.0, experiment.watch.every_s, experiment.watch.for_s).turns
    return Extent(load, max(1, turns + BASELINES_AT_MOST - done))


def trials_at_most(settings: SearchSettings) -> int:
    """`max_trials` and the checks for drift between them."""
    every = settings.drift_every
    searched = max(0, settings.max_trials - BASELINES)
    return settings.max_trials + (0 if every is None else searched // every)


def check_space(experiment: Experiment, load: int, trials: int) -> str:
    """What so many trials of that load need and what there is, in words. Raises BadInput."""
    settings, directory = experiment.trial, experiment.output.directory
    lasts_s = (
        load / settings.sessions_per_second
        + (AT_MOST_S if settings.settle_s is None else settings.settle_s)
        + settings.hold_s
    )
    needed = projected_bytes(load, lasts_s, trials=trials, poll_s=settings.poll_s)
    free = free_bytes(directory)
    require_space(directory, needed, free)
    return f"at most {needed / 1e6:.0f} MB of {free / 1e6:.0f} MB free"
