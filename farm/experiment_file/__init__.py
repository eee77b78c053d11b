"""Reads YAML into an `Experiment`, validated by `schema` and `checks`; `template` writes one."""

from __future__ import annotations

from farm.experiment_file.checks import check
from farm.experiment_file.paths import MADE_HERE
from farm.experiment_file.places import placed
from farm.experiment_file.reading import (
    as_yaml,
    effective,
    load_experiment,
    load_inventory,
    parse_experiment,
)

__all__ = [
    "MADE_HERE",
    "as_yaml",
    "check",
    "effective",
    "load_experiment",
    "load_inventory",
    "parse_experiment",
    "placed",
]
