"""How the server's CPU and the quality that probes saw went together, in a number and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from farm.attribution import FEWEST_S, Together, together
from reports.series.grid import Array

_STILL_CPU_PERCENT = 0.5  # a standard deviation below it is noise of the sampling
_STILL_QUALITY = 0.002  # of the mean
_MODERATE, _STRONG = 0.5, 0.7


@dataclass(frozen=True, slots=True)
class Correlation:
    """How `quality` went together with the server's CPU; `None` where it cannot be told.

    `finding` is the plain sentence. It never claims a cause.
    """

    quality: str
    told: Together | None
    finding: str

    @property
    def related(self) -> bool:
        return self.told is not None and self.told.sure


def correlate(quality: str, cpu_percent: Array, values: Array) -> Correlation:
    """Server CPU against `values`, second by second; `quality` names them (`received bitrate`)."""
    both = np.isfinite(cpu_percent) & np.isfinite(values)
    seconds = int(both.sum())
    if seconds < FEWEST_S:
        words = f"{seconds} s of the hold are too few to set quality against server CPU"
        return Correlation(quality, None, words)
    cpu, seen = cpu_percent[both], values[both]
    if cpu.std() < _STILL_CPU_PERCENT:
        return Correlation(
            quality,
            None,
            "server CPU did not vary, so quality cannot be set against it",
        )
    if seen.std() <= _STILL_QUALITY * abs(seen.mean()):
        return Correlation(
            quality, None, f"{quality} did not vary while server CPU did: no relation seen"
        )
    told = together(cpu, seen)
    if told is None:
        words = f"{quality} or server CPU hardly varied: no relation seen"
        return Correlation(quality, None, words)
    return Correlation(quality, told, _words(quality, told))


def strongest(correlations: tuple[Correlation, ...]) -> Correlation | None:
    """A relation that is sure before others, then the furthest from 0; `None`: none can be told."""
    known = [(each, each.told) for each in correlations if each.told is not None]
    best = max(known, key=lambda pair: (pair[1].sure, abs(pair[1].r)), default=None)
    return None if best is None else best[0]


def _words(quality: str, told: Together) -> str:
    if not told.sure:
        return f"no relation seen between server CPU and {quality} ({told.figures})"
    strength = next(
        word
        for word, least in (("strongly", _STRONG), ("moderately", _MODERATE), ("weakly", 0.0))
        if abs(told.r) >= least
    )
    direction = "rose" if told.r > 0 else "fell"
    return f"{quality} {direction} {strength} as server CPU rose ({told.figures})"
