"""Judges the trials of a run again, with other criteria and the same evidence. Pure.

It does so in the order in which they were made, as the run would have: the baseline is made of
trials that pass by the new criteria, or there is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Verdict
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.capacity_search import CapacitySearch
from farm.search.from_experiment import count
from farm.verdict import judge
from farm.verdict.baseline import Baseline, baseline_of


@dataclass(frozen=True, slots=True)
class Rejudged:
    """One trial with its recorded result and the new verdict."""

    result: TrialResult
    now: Verdict

    @property
    def changed(self) -> bool:
        return self.now.outcome is not self.result.verdict.outcome


@dataclass(frozen=True, slots=True)
class ChangedLimit:
    """A setting of `criteria` or `invalid` that differs, by its name in an experiment file."""

    key: str
    was: Any
    now: Any


def rejudge(
    evidences: Iterable[TrialEvidence],
    results: Mapping[int, TrialResult],
    criteria: Criteria,
    invalid: InvalidLimits,
    *,
    baseline: Baseline | None = None,
    baselines: int = 2,
) -> Iterator[Rejudged]:
    """Each of `evidences`, in order, that has a result in `results`, by index.

    `baseline` is one that the run was given; else `baselines` trials of its own must agree. Only
    one trial's evidence is used at a time.
    """
    passed: list[TrialEvidence] = []
    for evidence in evidences:
        result = results.get(evidence.plan.index)
        if result is None:
            continue
        now = judge(evidence, criteria, invalid, baseline)
        if baseline is None and result.purpose == "baseline" and now.outcome is Outcome.PASS:
            passed.append(evidence)
            baseline = baseline_of(passed, baselines)
        yield Rejudged(result, now)


def changed_limits(
    was: Criteria | InvalidLimits, now: Criteria | InvalidLimits, section: str
) -> tuple[ChangedLimit, ...]:
    """What differs between two values of one section."""
    changed = []
    for field in fields(was):
        before, after = getattr(was, field.name), getattr(now, field.name)
        if before != after:
            key = field.metadata.get("key") or field.name
            changed.append(ChangedLimit(f"{section}.{key}", before, after))
    return tuple(changed)


def capacity_under(search: CapacitySearch, rejudged: Iterable[Rejudged]) -> CapacityEstimate:
    """The capacity by these verdicts; `search` has no trials yet.

    Its state is `searching` where the trials, chosen under other criteria, do not suffice.
    """
    for each in rejudged:
        count(search, replace(each.result, verdict=each.now))
    return search.estimate()
