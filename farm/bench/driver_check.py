"""Runs a driver on this machine: step by step with pictures, as `farm run` does, two at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm.bench.opening import open_bench
from farm.bench.recorded_run import RecordedRun
from farm.drivers import with_room_media
from farm.errors import FarmError
from farm.experiment_file import as_yaml
from farm.model.experiment import Experiment
from farm.planning.load_steps import smallest_load
from farm.protocols import Observer, StepsWatched
from farm.results.driver_check import CheckedTrial, DriverText, checked_trial
from farm.results.driver_hints import driver_hints
from farm.results.meeting_sessions import roles_alike

MOST_TOGETHER = 8
"""Probes of two sessions that a machine of a few cores carries."""


@dataclass(frozen=True, slots=True)
class DriverCheck:
    """What a check found; `as_run` is `None` where the trial with pictures showed problems.

    `folder` is the run of the trial with pictures, `run` that of the other, `beside` that of two
    sessions at the same time, of which there are hints alone.
    """

    folder: Path
    pictured: CheckedTrial
    run: Path | None
    as_run: CheckedTrial | None
    beside: Path | None
    hints: tuple[str, ...]

    @property
    def trials(self) -> tuple[CheckedTrial, ...]:
        return (self.pictured,) if self.as_run is None else (self.pictured, self.as_run)

    @property
    def works(self) -> bool:
        return all(trial.works for trial in self.trials)

    @property
    def unknown(self) -> bool:
        """Whether the generator was at fault, so that nothing can be concluded."""
        return any(trial.unknown is not None for trial in self.trials)


async def check_driver(
    experiment: Experiment,
    load: int,
    text: DriverText,
    observer: Observer,
    say: Callable[[str], None],
) -> DriverCheck:
    """Check the driver of an experiment by a trial of `load` probes with a picture of each step.

    Pictures take time, in which a page gets ready: where nothing is wrong, a second trial is made
    without any, and where no step has `{session}` a third one, of two sessions, to see whether they
    meet. Raises FarmError for what stands in the way of the first two.
    """
    experiment = with_room_media(experiment)
    scenario = experiment.scenario
    folder, pictured = await _trial(experiment, load, text, observer, steps_watched="pictured")
    if not pictured.works:
        hints = driver_hints(pictured, None, None, scenario, text)
        return DriverCheck(folder, pictured, None, None, None, hints)

    def named(name: str) -> Experiment:
        output = replace(experiment.output, name=f"{folder.name}-{name}")
        return replace(experiment, output=output)

    say("once more without pictures, at the pace of farm run")
    run, as_run = await _trial(named("as-run"), load, text, observer, steps_watched="timed")
    beside: Path | None = None
    together: CheckedTrial | None = None
    if as_run.works and _may_meet(experiment, load, text):
        say("two sessions at the same time, as no step has {session}: do they meet?")
        two = named("two-sessions")
        try:
            beside, together = await _trial(two, 2 * load, text, observer, steps_watched="timed")
        except FarmError as error:  # there is an answer without it
            say(f"two sessions at the same time: {error}")
    hints = driver_hints(pictured, as_run, together, scenario, text)
    return DriverCheck(folder, pictured, run, as_run, beside, hints)


def _may_meet(experiment: Experiment, load: int, text: DriverText) -> bool:
    """Whether it is to be seen if sessions meet: few enough probes, none with data of its own."""
    app, scenario = experiment.app, experiment.scenario
    return (
        bool(roles_alike(scenario.kind, text))
        and load == smallest_load(scenario)
        and 2 * load <= MOST_TOGETHER
        and app.data is None
        and app.exec is None
        and app.storage_state is None
    )


async def _trial(
    experiment: Experiment,
    load: int,
    text: DriverText,
    observer: Observer,
    *,
    steps_watched: StepsWatched,
) -> tuple[Path, CheckedTrial]:
    async with open_bench(
        experiment, observer=observer, text=as_yaml(experiment), steps_watched=steps_watched
    ) as bench:
        result = await bench.trial(load)
        folder = bench.folder
    run = RecordedRun.open(folder)
    evidence, criteria = run.evidence(result.index), experiment.criteria
    return folder, checked_trial(run.trial(result.index), evidence, criteria, result.verdict, text)
