"""Compares two runs: their capacities, settings and facts. Pure.

Each run's trials give a probability of each capacity; the two are assumed to be independent. What a
run measures (its scenario, its limits, its hold) must be the same in both for the comparison to
mean anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from farm.model.page_address import without_passwords
from farm.model.wording import counted, percent, plural

Array = npt.NDArray[np.float64]
Kind = Literal["question", "subject", "setting"]
Conclusion = Literal["worse", "not_worse", "unknown"]

QUESTION = (
    "scenario.",
    "app.",
    "media.",
    "network.",
    "criteria.",
    "trial.hold",
    "trial.window",
    "trial.churn",
    "search.reliability",
    "probes.fidelity",
)
"""Settings that define what is measured: runs with other values cannot be compared."""

SUBJECT = ("server.", "hosts", "inventory", "places")
"""Settings of the system under test, and of the machines that measure it."""

APART = ("format", "name", "output.", "watch.", "trial.load")
"""Settings that no capacity depends on."""

GRID = 400


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting or a fact that differs, with its value in each run; None: unknown there."""

    what: str
    kind: Kind
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """Probabilities that B's capacity is lower, higher, lower by more than `tolerance`.

    `ratio` is the median of B's capacity divided by A's; it lies in `interval` with probability
    `confidence`.
    """

    lower: float
    higher: float
    worse: float
    tolerance: float
    ratio: float
    interval: tuple[float, float]
    confidence: float


@dataclass(frozen=True, slots=True)
class CapacityDistribution:
    """The capacities that a run's trials allow, `weighted` by their probabilities.

    `unusable` is why the trials say nothing of it (else empty). `passed` is the largest load that
    passed and `failed` the smallest that failed, None: none did, and then only the prior bounds
    the capacity on that side.
    """

    weighted: Sequence[tuple[float, float]]
    passed: int | None
    failed: int | None
    unusable: str = ""

    @property
    def bounded(self) -> bool:
        return not self.unusable and self.passed is not None and self.failed is not None

    def within_tried_loads(self) -> Sequence[tuple[float, float]]:
        """The same, with capacities clipped to the tried loads: to the largest that passed where
        none failed, to the smallest that failed where none passed."""
        low = 0.0 if self.passed is not None else float(self.failed or 0)
        high = float("inf") if self.failed is not None else float(self.passed or 0)
        return [(min(max(load, low), high), weight) for load, weight in self.weighted]


def conclude(
    a: CapacityDistribution,
    b: CapacityDistribution,
    *,
    tolerance: float,
    certainty: float,
    confidence: float,
) -> tuple[Conclusion, str]:
    """Whether B is worse than A by more than `tolerance`, and that in words.

    The capacity may be anywhere beyond the loads that a run tried: where that could change the
    conclusion it is unknown.
    """
    for name, side in (("A", a), ("B", b)):
        if side.unusable:
            return "unknown", f"{name}: {side.unusable}: nothing is concluded"
    if a.passed is None and b.passed is None:
        return "unknown", "no load passed on A or B: nothing is concluded"
    within = a.within_tried_loads(), b.within_tried_loads()
    comparison = compare(*within, tolerance=tolerance, confidence=confidence)
    return _conclusion(
        a, b, f"by more than {percent(tolerance)}", worse=comparison.worse >= certainty
    )


def _conclusion(
    a: CapacityDistribution, b: CapacityDistribution, more: str, *, worse: bool
) -> tuple[Conclusion, str]:
    """The conclusion, `worse` being that of the tried loads."""
    if not worse and a.failed is None and b.failed is None:
        return "not_worse", (
            f"B is not worse than A {more} as far as both were tried: A passed {a.passed} "
            f"{plural(a.passed or 0, 'probe')}, B {b.passed}, and no load failed"
        )
    name, side = ("B", b) if worse else ("A", a)
    if side.failed is None:
        return "unknown", (
            f"no load failed on {name}, whose capacity may be above "
            f"{counted(side.passed or 0, 'probe')}: whether B is worse {more} is not known"
        )
    if worse:
        return "worse", f"B is worse than A {more}"
    return "not_worse", f"B is not worse than A {more}"


def compare(
    a: Sequence[tuple[float, float]],
    b: Sequence[tuple[float, float]],
    *,
    tolerance: float,
    confidence: float,
) -> Comparison:
    """The comparison of two distributions: capacities (probes) with weights of any sum."""
    (loads_a, weights_a), (loads_b, weights_b) = _grid(a), _grid(b)
    pairs = weights_b[:, None] * weights_a[None, :]
    apart = loads_b[:, None] - loads_a[None, :]
    lower = float(pairs[apart < 0].sum() + pairs[apart == 0].sum() / 2)
    worse = float(pairs[loads_b[:, None] < (1 - tolerance) * loads_a[None, :]].sum())
    ratios = loads_b[:, None] / np.maximum(loads_a, 1e-9)[None, :]
    order = np.argsort(ratios, axis=None)
    sorted_ratios, seen = ratios.ravel()[order], np.cumsum(pairs.ravel()[order])

    def at(share: float) -> float:
        return float(sorted_ratios[min(int(np.searchsorted(seen, share)), seen.size - 1)])

    tail = (1 - confidence) / 2
    return Comparison(
        lower, 1 - lower, worse, tolerance, at(0.5), (at(tail), at(1 - tail)), confidence
    )


def setting_differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Settings that differ, by their names in an experiment file; `a` and `b` are whole files."""
    one, other = dict(_flat(a, "")), dict(_flat(b, ""))
    differences = []
    for key in dict.fromkeys([*one, *other]):
        was, now = one.get(key), other.get(key)
        if was != now and not key.startswith(APART):
            kind: Kind = "setting"
            if key.startswith(QUESTION):
                kind = "question"
            elif key.startswith(SUBJECT):
                kind = "subject"
            differences.append(Difference(key, kind, _shown(was), _shown(now)))
    return tuple(differences)


def fact_differences(
    a: Mapping[str, str | None], b: Mapping[str, str | None]
) -> tuple[Difference, ...]:
    """Facts that differ: the media server's version, machines, browsers."""
    return tuple(
        Difference(name, "subject", a.get(name), b.get(name))
        for name in dict.fromkeys([*a, *b])
        if a.get(name) != b.get(name)
    )


def _shown(value: Any) -> Any:
    """A setting's value without the password that an address may hold."""
    return without_passwords(value) if isinstance(value, str) else value


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _grid(weighted: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    """At most `GRID` capacities with weights that add up to 1."""
    loads, weights = np.array(sorted(weighted), dtype=np.float64).T
    weights = weights / weights.sum()
    if loads.size <= GRID:
        return loads, weights
    # Cells of about equal weight, each at its mean load.
    middle = np.cumsum(weights) - weights / 2
    cells = np.minimum((middle * GRID).astype(np.int64), GRID - 1)
    mass: Array = np.bincount(cells, weights, minlength=GRID).astype(np.float64)
    moment: Array = np.bincount(cells, weights * loads, minlength=GRID).astype(np.float64)
    held = mass > 0
    return moment[held] / mass[held], mass[held]
