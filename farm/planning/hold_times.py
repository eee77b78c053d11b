"""When which probe executes which of its driver's `after_join` steps in the hold. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from farm.model.driver import HoldSteps, RoleSteps
from farm.model.trial_plan import ProbePlan, SessionPlan


@dataclass(frozen=True, slots=True)
class HoldTime:
    """Steps that are due `at_s` after the hold began: the `after_join` of that number."""

    at_s: float
    probe: ProbePlan
    number: int


def hold_times(
    sessions: Sequence[SessionPlan],
    roles: Mapping[str, RoleSteps],
    inside: Collection[str],
    hold_s: float,
) -> list[HoldTime]:
    """All steps of the probes that are inside, in the order of time; none at the hold's end."""
    due = [
        each
        for session in sessions
        for role in dict.fromkeys(probe.role for probe in session.probes)
        for number, steps in enumerate(roles[role].after_join)
        for each in _of_role(session, role, number, steps, inside=inside, hold_s=hold_s)
    ]
    return sorted(due, key=lambda each: each.at_s)


def _of_role(
    session: SessionPlan,
    role: str,
    number: int,
    steps: HoldSteps,
    *,
    inside: Collection[str],
    hold_s: float,
) -> Iterator[HoldTime]:
    probes = [
        probe
        for index, probe in enumerate(session.probes)
        if probe.role == role and probe.probe in inside and (not steps.only or index in steps.only)
    ]
    for turn, at_s in enumerate(_times_s(steps, hold_s)):
        due = probes[turn % len(probes) :][:1] if steps.in_turn and probes else probes
        yield from (HoldTime(at_s, probe, number) for probe in due)


def _times_s(steps: HoldSteps, hold_s: float) -> Iterator[float]:
    count = 0
    while (at_s := steps.at_s + count * (steps.every_s or 0.0)) < hold_s:
        yield at_s
        count += 1
        if steps.every_s is None:
            return
