"""The streams that pages never sent, of those that others never got. Pure."""

from __future__ import annotations

from collections.abc import Collection

from farm.model.trial_evidence import TrialEvidence
from farm.model.webrtc_stats import MediaKind

Sent = tuple[str, MediaKind, bool]
"""The probe and kind of what it sends, and whether that is a screen."""


def unsent_streams(lacking: Collection[Sent], evidence: TrialEvidence) -> Collection[Sent]:
    """What was never sent of what others never got (`lacking`).

    Of a page with a connection that never connected it is unknown whether it would have sent it.
    """
    seen: dict[Sent, bool] = {}
    for stream in evidence.streams:
        if stream.direction == "outbound" and stream.owed:
            sent = stream.probe, stream.kind, stream.screen
            seen[sent] = seen.get(sent, False) or stream.seen
    return {
        sent
        for sent in lacking
        if not seen.get(sent, True) and sent[0] not in evidence.never_connected
    }
