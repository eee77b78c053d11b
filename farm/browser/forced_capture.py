"""What a page's getUserMedia is forced to give (`media.force`), for browser_scripts/. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.experiment import MediaSettings
from farm.model.trial_plan import ProbePlan


@dataclass(frozen=True, slots=True)
class ForcedCapture:
    """The camera that pages get, whatever they ask for, and whether they get a microphone."""

    width: int
    height: int
    frame_rate: int
    audio: bool


def forced_capture(media: MediaSettings, plan: ProbePlan) -> ForcedCapture | None:
    """`None`: pages get what they ask for. The size is the plan's: it may be the scenario's."""
    if not media.force:
        return None
    width, height = int(plan.variables["width"]), int(plan.variables["height"])
    return ForcedCapture(width, height, media.frame_rate, media.audio != "none")
