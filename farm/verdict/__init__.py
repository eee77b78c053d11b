"""`TrialEvidence` + criteria -> `Verdict` with reasons: who suffered, who is to blame."""

from __future__ import annotations

from farm.verdict.judgement import NO_BASELINE, judge

__all__ = [
    "NO_BASELINE",
    "judge",
]
