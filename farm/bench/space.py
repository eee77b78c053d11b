"""Checks that the disk has room for a run."""

from __future__ import annotations

from farm.execution.steady_state import AT_MOST_S
from farm.model.experiment import Experiment
from farm.recording.disk_use import free_bytes, projected_bytes, require_space


def check_space(experiment: Experiment, load: int, trials: int) -> str:
    """Disk space needed and free, as text. Raises BadInput if it does not suffice."""
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
