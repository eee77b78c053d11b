"""Times of a trial in words. Pure."""

from __future__ import annotations

from farm.model.trial_evidence import Phases


def moment(at_s: float, phases: Phases) -> str:
    """A run time as steps in the hold and figures have it: `at 12 s of the hold`.

    Before it `9 s before the hold`, and in a trial without a hold `at 27 s of the run`.
    """
    if phases.hold_s is None:
        return f"at {at_s:.0f} s of the run"
    since_s = round(at_s - phases.hold_s)
    return f"at {since_s} s of the hold" if since_s >= 0 else f"{-since_s} s before the hold"
