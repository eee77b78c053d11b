"""The loads that a search may try: whole sessions, in steps. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from farm.errors import ExperimentError
from farm.model.experiment import Experiment, Scenario, ScenarioKind, SearchSettings
from farm.model.wording import counted

NOUNS: Mapping[ScenarioKind, str] = {
    "one_to_one": "call",
    "group": "room",
    "broadcast": "broadcast",
    "custom": "session",
}


@dataclass(frozen=True, slots=True)
class Ladder:
    """The loads that a search may try: `minimum`, then every `step`, up to `maximum`.

    `chosen` are those of a list that the user gave, ascending; the other fields then describe it.
    """

    minimum: int
    maximum: int
    step: int
    chosen: tuple[int, ...] | None = None

    @property
    def loads(self) -> tuple[int, ...]:
        return self.chosen or tuple(range(self.minimum, self.maximum + 1, self.step))


def smallest_load(scenario: Scenario) -> int:
    """The load of one session; of broadcasts, of all at once with one viewer each."""
    match scenario.kind:
        case "one_to_one":
            return 2
        case "group":
            return scenario.members
        case "broadcast":
            return scenario.sessions * (scenario.presenters + 1)
        case "custom":
            return sum(role.count for role in scenario.roles or ())


def ladder(experiment: Experiment) -> Ladder:
    """The search's loads; `maximum` is rounded down to one that can be run.

    The default step is one session, in broadcasts a viewer of each. Raises ExperimentError for a
    smallest load or a step that is not a whole number of sessions, or a range without a load.
    """
    scenario, search = experiment.scenario, experiment.search
    if search.loads is not None:
        return _chosen(scenario, search, search.loads)
    smallest = smallest_load(scenario)
    minimum = search.minimum if search.minimum is not None else smallest
    check_load(scenario, minimum, "search.minimum")
    per_viewer = scenario.kind == "broadcast"
    usual = scenario.sessions if per_viewer else smallest
    step = search.step if search.step is not None else usual
    if not per_viewer and step % smallest:
        raise ExperimentError(
            f"search.step: {step} is not a whole number of {NOUNS[scenario.kind]}s of {smallest}: "
            f"use {_neighbours(step, smallest)}"
        )
    if minimum > search.maximum:
        raise ExperimentError(
            f"search.maximum: {search.maximum} is below search.minimum, {minimum}: "
            f"use {minimum} or more"
        )
    return Ladder(minimum, search.maximum - (search.maximum - minimum) % step, step)


def _chosen(scenario: Scenario, search: SearchSettings, loads: tuple[int, ...]) -> Ladder:
    """The ladder of the user's own list; its step is the smallest gap in it."""
    for key, value in (("minimum", search.minimum), ("step", search.step)):
        if value is not None:
            raise ExperimentError(f"search.{key}: {value}: expected null beside search.loads")
    for at, load in enumerate(loads):
        check_load(scenario, load, f"search.loads[{at}]")
    chosen = tuple(sorted(set(loads)))
    gaps = [above - below for below, above in pairwise(chosen)]
    return Ladder(chosen[0], chosen[-1], min(gaps, default=smallest_load(scenario)), chosen)


def check_load(scenario: Scenario, load: int, setting: str) -> None:
    """Raises ExperimentError, which names `setting`, for no whole number of sessions."""
    smallest = smallest_load(scenario)
    if scenario.kind == "broadcast":
        if load < smallest:
            several = scenario.sessions > 1
            what = f"{scenario.sessions} broadcasts" if several else "a broadcast"
            has = "which have" if several else "which has"
            presenters = counted(scenario.presenters, "presenter")
            raise ExperimentError(
                f"{setting}: load {load} is not {what}, {has} {presenters} and at least "
                f"1 viewer{' each' if several else ''}: use {smallest} or more"
            )
    elif load < 1 or load % smallest:
        raise ExperimentError(
            f"{setting}: load {load} is not a whole number of {NOUNS[scenario.kind]}s of "
            f"{smallest}: use {_neighbours(load, smallest)}"
        )


def _neighbours(load: int, whole: int) -> str:
    below = max(0, load // whole * whole)
    above = below + whole
    return f"{below} or {above}" if below >= whole else f"{above}"
