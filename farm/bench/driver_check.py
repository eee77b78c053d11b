"""Runs a driver twice on this machine: step by step with pictures, then as `farm run` does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from farm.bench.opening import open_bench
from farm.bench.recorded_run import RecordedRun
from farm.experiment_file import as_yaml
from farm.model.experiment import Experiment
from farm.protocols import Observer, StepsWatched
from farm.results.driver_check import CheckedTrial, DriverText, checked_trial
from farm.results.driver_hints import driver_hints


@dataclass(frozen=True, slots=True)
class DriverCheck:
    """What a check found; `as_run` is `None` where the trial with pictures showed problems.

    `folder` is the run of the trial with pictures, `run` that of the other.
    """

    folder: Path
    pictured: CheckedTrial
    run: Path | None
    as_run: CheckedTrial | None
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
    without any. Raises BadInput for what stands in the way of both.
    """
    folder, pictured = await _trial(experiment, load, text, observer, steps_watched="pictured")
    if not pictured.works:
        hints = driver_hints(pictured, None, experiment.scenario.kind, text)
        return DriverCheck(folder, pictured, None, None, hints)
    say("once more without pictures, at the pace of farm run")
    name = f"{folder.name}-as-run"
    again = replace(experiment, output=replace(experiment.output, name=name))
    run, as_run = await _trial(again, load, text, observer, steps_watched="timed")
    hints = driver_hints(pictured, as_run, experiment.scenario.kind, text)
    return DriverCheck(folder, pictured, run, as_run, hints)


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
