"""A plan of calls, for tests of a trial that need no experiment."""

from __future__ import annotations

from farm.model.trial_plan import ProbePlan, SessionPlan, TrialPlan

ROLES = ("callee", "caller")


def calls(sessions: int, apart_s: float = 1.0, *, recorded: bool = False) -> TrialPlan:
    """Calls between two on the host `here`, one begun every `apart_s` seconds.

    The first is s000, of p000 (callee) and p001 (caller).
    """
    return TrialPlan(
        index=0,
        load=2 * sessions,
        purpose="single",
        sessions=tuple(
            SessionPlan(
                f"s{number:03d}",
                number * apart_s,
                tuple(_probe(number, place, recorded) for place in range(len(ROLES))),
            )
            for number in range(sessions)
        ),
    )


def _probe(number: int, place: int, recorded: bool) -> ProbePlan:
    session, role = f"s{number:03d}", ROLES[place]
    return ProbePlan(
        probe=f"p{2 * number + place:03d}",
        session=session,
        role=role,
        host="here",
        poll_phase=0.0,
        variables={},
        sends=("audio", "video"),
        receives=("audio", "video"),
        recorded_as=f"{session}-{role}.webm" if recorded else None,
    )
