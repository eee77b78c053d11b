"""The default observer of a bench: it ignores everything."""

from __future__ import annotations

from pathlib import Path

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Progress


class SilentObserver:
    """An `Observer` that does nothing; derive from it and override the calls you need."""

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
