"""The driver of an experiment, with the variables that its own data give it."""

from __future__ import annotations

from pathlib import Path

from farm.drivers.data_file import read_data_file
from farm.drivers.reading import read_driver
from farm.drivers.steps import TAKEN
from farm.errors import ExperimentError
from farm.model.data_file import DataFile
from farm.model.driver import Driver
from farm.model.experiment import Experiment
from farm.planning.trial_planning import driver_name


def driver_of(experiment: Experiment, beside: Path = Path()) -> Driver:
    """Read it; relative paths start at the directory `beside`.

    Raises BadInput as `read_driver` and `read_data_file` do.
    """
    return read_driver(driver_name(experiment), beside, own_names(experiment, beside))


def data_of(experiment: Experiment, beside: Path = Path()) -> DataFile | None:
    """The experiment's data file; `None` without one. Raises ExperimentError."""
    data = experiment.app.data
    return None if data is None else read_data_file(beside / data.expanduser())


def own_names(experiment: Experiment, beside: Path = Path()) -> tuple[str, ...]:
    """The names of variables that are not the farm's. Raises ExperimentError."""
    data, command = data_of(experiment, beside), experiment.app.exec
    columns = () if data is None else data.columns
    given = () if command is None else command.gives
    for at, name in enumerate(given):
        if name in TAKEN or name in columns:
            whose = "the farm's own" if name in TAKEN else "app.data's"
            raise ExperimentError(
                f"app.exec.gives[{at}]: {name}: a variable of {whose}: expected another name"
            )
    return (*columns, *given)
