"""An experiment from its file, as `farm.open` takes it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from farm.drivers import with_room_media
from farm.experiment_file import load_experiment
from farm.model.experiment import Experiment


def load(path: str | PathLike[str]) -> Experiment:
    """Read and check an experiment's file (YAML); files that it names are looked up beside it.

    Raises ExperimentError for the first thing that is wrong, with its place and what is allowed:
    `calls.yaml:12: trial.hold: soon: expected a duration such as 30s, 4m or 3h`. A file that is not
    there is a BadInput.
    """
    return with_room_media(load_experiment(Path(path)))
