"""When which probe does which of its steps in the hold."""

from __future__ import annotations

import pytest

from farm.model.driver import HoldSteps, Press, RoleSteps
from farm.model.trial_plan import ProbePlan, SessionPlan
from farm.planning.hold_times import hold_times

STEPS = (Press("m"),)


def room(members: int, session: str = "s000", first: int = 0) -> SessionPlan:
    return SessionPlan(
        session,
        0.0,
        tuple(
            ProbePlan(f"p{first + n:03d}", session, "member", "here", 0.0, {}, (), ())
            for n in range(members)
        ),
    )


def times(hold_s: float, *sessions: SessionPlan, out: str = "", **steps: object) -> list[str]:
    """`5 p000` for each time at which a probe acts."""
    at_s = steps.pop("at_s", steps.get("every_s"))
    roles = {"member": RoleSteps((), after_join=(HoldSteps(STEPS, at_s, **steps),))}  # type: ignore[arg-type]
    inside = {probe.probe for session in sessions for probe in session.probes} - {out}
    return [f"{e.at_s:g} {e.probe.probe}" for e in hold_times(sessions, roles, inside, hold_s)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ({"at_s": 5.0}, ["5 p000", "5 p001", "5 p002"]),
        ({"at_s": 0.0, "only": (1,)}, ["0 p001"]),
        ({"at_s": 60.0}, []),
        ({"every_s": 20.0, "only": (0, 2)}, ["20 p000", "20 p002", "40 p000", "40 p002"]),
        ({"every_s": 10.0, "in_turn": True}, [f"{10 * n + 10} p00{n % 3}" for n in range(5)]),
        (
            {"at_s": 5.0, "every_s": 25.0, "in_turn": True, "only": (1, 2)},
            ["5 p001", "30 p002", "55 p001"],
        ),
    ],
)
def test_steps_are_due_at_their_times(steps: dict[str, object], expected: list[str]) -> None:
    assert times(60, room(3), **steps) == expected


def test_sessions_have_turns_of_their_own_and_those_outside_have_none() -> None:
    two = room(2), room(2, "s001", 2)
    assert times(25, *two, out="p002", every_s=10.0, in_turn=True) == [
        *("10 p000", "10 p003"),
        *("20 p001", "20 p003"),
    ]
