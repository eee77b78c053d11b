"""Nobody is told how it goes: what a bench has for an observer unless it is given one."""

from __future__ import annotations

from pathlib import Path

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Progress


class SilentObserver:
    """An `Observer` that ignores all it is told; one of your own may override what it wants."""

    def note(self, text: str) -> None:
        """One line for the user."""

    def run_folder(self, path: Path) -> None:
        """Where this run is recorded."""

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None:
        """A trial is about to begin."""

    def progress(self, progress: Progress) -> None:
        """The last second of a trial."""

    def trial_ended(self, result: TrialResult) -> None:
        """A trial was judged."""
