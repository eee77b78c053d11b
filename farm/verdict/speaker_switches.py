"""Received videos whose sender the server may change, and the wait that a change may cost. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from farm.model.trial_evidence import StreamIdentity
from farm.model.trial_plan import TrialPlan
from farm.planning.owed_slots import OwedSlot, owed_slots

SWITCH_S = 1.0
"""How long a video may stand still until the key frame of another sender comes in its place."""

SWITCHING_AT_MOST = 0.2
"""The share of a window that all its switches may take."""


def switching_ratio(key_frames: int | None, window_s: float) -> float:
    """The share of a window in which such a video may wait for the key frames that it decoded."""
    return min(SWITCH_S * (key_frames or 0) / window_s, SWITCHING_AT_MOST)


class SwitchingVideos:
    """The videos that a plan owes by number: a receiver gets fewer than there are senders."""

    def __init__(self, plan: TrialPlan) -> None:
        self._slots: Mapping[str, Collection[OwedSlot]] = {
            probe: fewer
            for (probe, kind), slots in owed_slots(plan).items()
            if kind == "video" and (fewer := _fewer_than_senders(slots))
        }

    def __contains__(self, stream: StreamIdentity) -> bool:
        return (
            (stream.direction, stream.kind) == ("inbound", "video")
            and bool(stream.senders)
            and any(
                slot.is_screen == stream.screen and set(stream.senders) <= set(slot.senders)
                for slot in self._slots.get(stream.probe, ())
            )
        )


def _fewer_than_senders(slots: Collection[OwedSlot]) -> Collection[OwedSlot]:
    return {each for each, count in Counter(slots).items() if count < len(each.senders)}
