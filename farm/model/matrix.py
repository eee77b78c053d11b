"""A matrix: several experiments that differ in a few settings, made from one file. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.experiment import Experiment


@dataclass(frozen=True, slots=True)
class MatrixCell:
    """One experiment of a matrix; `values` has the value of each axis as a word or two.

    `folder` is the name of its run folder, and unique: `02-media.size-320x240`.
    """

    folder: str
    values: Mapping[str, str]
    experiment: Experiment

    @property
    def name(self) -> str:
        """`media.size 320x240, version 7.3`."""
        return ", ".join(f"{axis} {value}" for axis, value in self.values.items())
