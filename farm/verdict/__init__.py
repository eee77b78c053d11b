"""Judges a trial: `TrialEvidence` and criteria -> `Verdict`, with the reasons and their causes."""

from __future__ import annotations

from farm.verdict.judgement import NO_BASELINE, judge

__all__ = [
    "NO_BASELINE",
    "judge",
]
