"""Two runs side by side: is the capacity another, and what else is. Pure.

Each run's trials say how likely each capacity is; the two are taken to be independent. What a run
asked (its scenario, its limits, its hold) must be the same in both, or their answers are answers to
two questions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from farm.model.page_address import without_passwords
from farm.model.wording import percent

Array = npt.NDArray[np.float64]
Kind = Literal["question", "subject", "setting"]
Answer = Literal["worse", "not_worse", "unknown"]

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
"""Settings that say what is asked: another value asks something else."""

SUBJECT = ("server.", "hosts", "inventory", "places")
"""What is measured, and from where."""

APART = ("format", "name", "output.", "watch.", "trial.load")
"""What no capacity depends on."""

GRID = 400


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting or a fact, and what it was in each run; None: unknown there."""

    what: str
    kind: Kind
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class Comparison:
    """Probabilities that B's capacity is lower, higher, lower by more than `tolerance`.

    `ratio` is B's capacity by A's, in the middle; it lies in `interval` with probability
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
class Known:
    """What a run's trials say of a capacity, `weighed` by how likely each is.

    `unsound` is why they say nothing of it (else empty). `passed` is the largest load that passed
    and `failed` the smallest that failed, None: none did, and then nothing bounds the capacity on
    that side but what was believed beforehand.
    """

    weighed: Sequence[tuple[float, float]]
    passed: int | None
    failed: int | None
    unsound: str = ""

    @property
    def bounded(self) -> bool:
        return not self.unsound and self.passed is not None and self.failed is not None

    def within_what_was_tried(self) -> Sequence[tuple[float, float]]:
        """The same, no capacity farther out than the trials are: no larger than what passed where
        nothing failed, no smaller than what failed where nothing passed."""
        low = 0.0 if self.passed is not None else float(self.failed or 0)
        high = float("inf") if self.failed is not None else float(self.passed or 0)
        return [(min(max(load, low), high), weight) for load, weight in self.weighed]


def conclude(
    a: Known, b: Known, *, tolerance: float, certainty: float, confidence: float
) -> tuple[Answer, str]:
    """Whether B is worse than A by more than `tolerance`, and that in words.

    Only what the trials say counts. What a run did not try is as far from the other as it could be:
    where that would change the answer it is unknown.
    """
    for name, side in (("A", a), ("B", b)):
        if side.unsound:
            return "unknown", f"{name}: {side.unsound}: nothing is concluded"
    if a.passed is None and b.passed is None:
        return "unknown", "neither A nor B holds a load that was tried: nothing is concluded"
    within = a.within_what_was_tried(), b.within_what_was_tried()
    found = compare(*within, tolerance=tolerance, confidence=confidence)
    return _concluded(a, b, f"by more than {percent(tolerance)}", worse=found.worse >= certainty)


def _concluded(a: Known, b: Known, more: str, *, worse: bool) -> tuple[Answer, str]:
    """`worse` is by what was tried."""
    if not worse and a.failed is None and b.failed is None:
        return "not_worse", (
            f"B is not worse than A {more} as far as both were tried: A passed {a.passed} "
            f"probes, B {b.passed}, and no load failed"
        )
    name, side = ("B", b) if worse else ("A", a)
    if side.failed is None:
        return "unknown", (
            f"no load failed on {name}, which may hold more than {side.passed} probes: "
            f"whether B is worse {more} is not known"
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
    """`a` and `b` are capacities (probes) with their weights; weights need not add up to 1."""
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
    found = []
    for key in dict.fromkeys([*one, *other]):
        was, now = one.get(key), other.get(key)
        if was != now and not key.startswith(APART):
            kind: Kind = "setting"
            if key.startswith(QUESTION):
                kind = "question"
            elif key.startswith(SUBJECT):
                kind = "subject"
            found.append(Difference(key, kind, _shown(was), _shown(now)))
    return tuple(found)


def fact_differences(
    a: Mapping[str, str | None], b: Mapping[str, str | None]
) -> tuple[Difference, ...]:
    """Of what was found there: the media server's version, machines, browsers."""
    return tuple(
        Difference(name, "subject", a.get(name), b.get(name))
        for name in dict.fromkeys([*a, *b])
        if a.get(name) != b.get(name)
    )


def _shown(value: Any) -> Any:
    """Addresses may hold a password, which is nobody else's to read."""
    return without_passwords(value) if isinstance(value, str) else value


def _flat(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _flat(item, f"{path}.{key}" if path else str(key))
    else:
        yield path, value


def _grid(weighed: Sequence[tuple[float, float]]) -> tuple[Array, Array]:
    """At most so many capacities with their weights, which add up to 1: equal shares of it."""
    loads, weights = np.array(sorted(weighed), dtype=np.float64).T
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
