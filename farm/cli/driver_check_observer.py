"""What a person sees while a driver is checked: a line a step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Progress


class DriverCheckObserver:
    """Implements `protocols.Observer`: notes of a trial under way, and its phases.

    Notes before, on the media server that is not sampled and the like, are of no use here.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._under_way = False
        self._phase = ""

    def note(self, text: str) -> None:
        if self._under_way:
            self._say(text)

    def run_folder(self, path: Path) -> None:
        """Nothing: the page is in it."""

    def trial_planned(self, plan: TrialPlan, _purpose: str) -> None:
        self._under_way = True
        roles = [f"{probe.probe} {probe.role} of {probe.session}" for probe in plan.probes]
        self._say(f"probes: {', '.join(roles)}")

    def progress(self, progress: Progress) -> None:
        if progress.phase != self._phase and progress.phase in ("settle", "hold", "leave"):
            self._say(_PHASES[progress.phase])
        self._phase = progress.phase

    def trial_ended(self, _result: TrialResult) -> None:
        self._under_way = False


_PHASES = {
    "settle": "all that could have joined: media settle",
    "hold": "in the call: each stream is looked at",
    "leave": "leaving",
}
