"""Loads an experiment file, for `farm.open`."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from farm.drivers import with_room_media
from farm.experiment_file import load_experiment
from farm.model.experiment import Experiment


def load(path: str | PathLike[str]) -> Experiment:
    """Read and check an experiment's file (YAML); paths that it names are relative to its folder.

    Raises ExperimentError for the first fault, with its place and what is allowed:
    `calls.yaml:12: trial.hold: soon: expected a duration such as 30s, 4m or 3h`. A file that is not
    there is a BadInput.
    """
    return with_room_media(load_experiment(Path(path)))
