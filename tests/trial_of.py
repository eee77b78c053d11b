"""`farm run --absolute` in this process, without its report."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from farm.cli.run import one_trial
from farm.experiment_file import load_experiment
from farm.model.verdict import Outcome
from farm.protocols import Observer


async def trial_of(
    text: str, folder: Path, observer: Observer, *, load: int
) -> tuple[Path, Outcome]:
    """The run, in `folder`, of one trial of the experiment of this text, and its outcome."""
    file = folder / "experiment.yaml"
    file.write_text(text)
    experiment = load_experiment(file)
    output = replace(experiment.output, directory=folder / "runs")
    experiment = replace(experiment, output=output)
    return await one_trial(experiment, text, folder, observer, load=load)
