"""A trial's recording -> `TrialEvidence`, the input of a verdict."""

from __future__ import annotations

from farm.evidence.from_recording import trial_evidence

__all__ = [
    "trial_evidence",
]
