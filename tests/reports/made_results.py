"""Results of trials and summaries of searches, made up for tests of what is said about them."""

from __future__ import annotations

from typing import Any

from farm.model.trial_evidence import Phases
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason, Verdict, WorstSession
from tests.synthetic import call_plan

PHASES = Phases(ramp_s=0.0, settle_s=4.0, hold_s=14.0, leave_s=254.0, done_s=256.0)
PLAN = call_plan(2)


def result(
    outcome: Outcome = Outcome.PASS, *, index: int = 0, load: int = 4, reasons: int = 0
) -> TrialResult:
    verdict = Verdict(
        outcome,
        tuple(Reason("loss", f"reason number {number}") for number in range(reasons)),
        units=2,
        units_failed=1 if outcome is Outcome.FAIL else 0,
        established=4,
        worst_session=WorstSession("s001", 0.021, 312_000.0, 15.23),
    )
    return TrialResult(
        index, load, "search", verdict, PHASES, 27.4, 55.0, 61.0, 487e3, 0.0, 19.9, 0.84, 1.26
    )


def summary(state: str = "converged", **capacity: Any) -> dict[str, Any]:
    return {
        "state": state,
        "capacity": {
            "probes": 18,
            "sessions": 9,
            "viewers": None,
            "interval_probes": [16, 20],
            "interval_if_sharp_probes": [18, 20],
            "interval_if_slow_probes": [12, 20],
            "confidence": 0.9,
            "reliability": 0.9,
            "recommended_probes": 16,
            "breaking_probes": 22,
            "hold_s": 240,
            **capacity,
        },
        "limited_by": {"resource": "cpu_thread", "evidence": "one thread at 97 %."},
    }
