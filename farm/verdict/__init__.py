"""`TrialEvidence` + criteria -> `Verdict` with reasons: who suffered, who is to blame."""

from __future__ import annotations

from farm.verdict.judgement import judge

__all__ = [
    "judge",
]
