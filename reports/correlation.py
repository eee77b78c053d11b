"""How the server's CPU and the quality that probes saw went together, in a number and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reports.grid import Array

FEWEST_SECONDS = 10
"""Fewer seconds than this say nothing."""

_STILL_CPU_PERCENT = 0.5  # a standard deviation below it is noise of the sampling
_STILL_QUALITY = 0.002  # of the mean
_WEAK, _MODERATE, _STRONG = 0.3, 0.5, 0.7


@dataclass(frozen=True, slots=True)
class Correlation:
    """Pearson's `r` of two series over `seconds`; `None` where it cannot be told.

    `finding` is the plain sentence. It never claims a cause.
    """

    quality: str
    r: float | None
    seconds: int
    finding: str

    @property
    def related(self) -> bool:
        return self.r is not None and abs(self.r) >= _needed(self.seconds)


def correlate(quality: str, cpu_percent: Array, values: Array) -> Correlation:
    """Server CPU against `values`, second by second; `quality` names them (`received bitrate`)."""
    both = np.isfinite(cpu_percent) & np.isfinite(values)
    seconds = int(both.sum())
    if seconds < FEWEST_SECONDS:
        words = f"{seconds} s of the hold are too few to set quality against server CPU"
        return Correlation(quality, None, seconds, words)
    cpu, seen = cpu_percent[both], values[both]
    if cpu.std() < _STILL_CPU_PERCENT:
        return Correlation(
            quality,
            None,
            seconds,
            "server CPU did not vary, so quality cannot be set against it",
        )
    if seen.std() <= _STILL_QUALITY * abs(seen.mean()):
        return Correlation(
            quality, None, seconds, f"{quality} did not vary while server CPU did: no relation seen"
        )
    r = float(np.corrcoef(cpu, seen)[0, 1])
    return Correlation(quality, r, seconds, _words(quality, r, seconds))


def strongest(correlations: tuple[Correlation, ...]) -> Correlation | None:
    """The one furthest from 0; `None` when none can be told."""
    told = [each for each in correlations if each.r is not None]
    return max(told, key=lambda each: abs(each.r or 0.0), default=None)


def _words(quality: str, r: float, seconds: int) -> str:
    figures = f"(r = {r:+.2f} over {seconds} s)".replace("-", "−")
    if abs(r) < _needed(seconds):
        return f"no relation seen between server CPU and {quality} {figures}"
    strength = next(
        word
        for word, least in (("strongly", _STRONG), ("moderately", _MODERATE), ("weakly", 0.0))
        if abs(r) >= least
    )
    direction = "rose" if r > 0 else "fell"
    return f"{quality} {direction} {strength} as server CPU rose {figures}"


def _needed(seconds: int) -> float:
    """How far from 0 `r` must be to count: chance reaches 2 / sqrt(n) one time in twenty."""
    return float(max(_WEAK, 2 / np.sqrt(seconds)))
