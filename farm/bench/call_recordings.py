"""The directory of recorded calls on the server, and the check that it has room."""

from __future__ import annotations

from dataclasses import replace

from farm.analysis.recorded_calls import projected_recordings_bytes
from farm.errors import BadInput
from farm.execution.steady_state import AT_MOST_S
from farm.model.experiment import Experiment
from farm.model.server_settings import Keep
from farm.model.trial_plan import TrialPlan
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import plan_trial
from farm.protocols import Observer, Server

TRIALS_KEPT: dict[Keep, int | None] = {"none": 1, "last": 2, "all": None}
"""Trials whose recordings exist at the same time; `None`: all of them."""


def with_recordings_of(experiment: Experiment, run: str) -> Experiment:
    """The experiment with a directory of its own for this run: names of calls repeat in runs."""
    recordings = experiment.server.recordings
    directory = f"{recordings.directory.rstrip('/')}/{run}"
    recordings = replace(recordings, directory=directory)
    return replace(experiment, server=replace(experiment.server, recordings=recordings))


def note_recordings(experiment: Experiment, observer: Observer) -> None:
    """Note where calls are recorded, or why recordings are not checked."""
    recordings, process = experiment.server.recordings, experiment.server.process
    if not experiment.scenario.record:
        return
    if not _records(_plan(experiment, smallest_load(experiment.scenario))):
        why = "app.url" if experiment.app.url is not None else "app.driver"
        observer.note(f"recordings are not checked: with {why} their names are unknown")
        return
    shared = f", which container {process.container} must share" if process.container else ""
    observer.note(f"recordings: {recordings.directory} on the server{shared}")


async def require_room(experiment: Experiment, server: Server, load: int, trials: int) -> None:
    """Raise BadInput if the server has no room for the recordings of trials of this load.

    Unknown room is no obstacle. Raises ServerError when the server cannot be asked.
    """
    plan = _plan(experiment, load)
    if server.recordings is None or not _records(plan):
        return
    settings, recordings = experiment.trial, experiment.server.recordings
    settle_s = AT_MOST_S if settings.settle_s is None else settings.settle_s
    lasts_s = plan.sessions[-1].start_s + settle_s + settings.hold_s
    count = TRIALS_KEPT[recordings.keep]
    needed = projected_recordings_bytes(plan, lasts_s) * (trials if count is None else count)
    free = await server.recordings.ready()
    if free is not None and needed > free:
        raise BadInput(
            f"server.recordings.directory: {recordings.directory}: recordings may take "
            f"{needed / 1e9:.1f} GB, only {free / 1e9:.1f} GB are free on the server"
            f" (server.recordings.keep: {recordings.keep})"
        )


def _plan(experiment: Experiment, load: int) -> TrialPlan:
    return plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))


def _records(plan: TrialPlan) -> bool:
    return any(probe.recorded_as is not None for probe in plan.probes)
