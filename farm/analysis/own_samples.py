"""Whether samples of a media server's own view tell what a trial left behind. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample
from farm.model.trial_evidence import TrialEvidence


def tell_what_is_left(
    samples: Sequence[KurentoSample | JanusSample], evidence: TrialEvidence
) -> bool:
    """Whether the first is from before any probe joined, and the last from after all have left."""
    ramp_s, all_left_s = evidence.phases.ramp_s, evidence.all_left_s
    if not samples or ramp_s is None or all_left_s is None:
        return False
    return samples[0].received_s <= ramp_s and samples[-1].received_s >= all_left_s
