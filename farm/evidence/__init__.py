"""A trial's recording -> `TrialEvidence`, all that a verdict is made of."""

from __future__ import annotations

from farm.evidence.from_recording import trial_evidence

__all__ = [
    "trial_evidence",
]
