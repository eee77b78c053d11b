"""A fake observer: it keeps the arguments of each call."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Progress


@dataclass
class FakeObserver:
    """Implements `protocols.Observer`; each list is in the order of the calls."""

    notes: list[str] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    planned: list[tuple[TrialPlan, str]] = field(default_factory=list)
    seconds: list[Progress] = field(default_factory=list)
    results: list[TrialResult] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.notes.append(text)

    def run_folder(self, path: Path) -> None:
        self.folders.append(path)

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None:
        self.planned.append((plan, purpose))

    def progress(self, progress: Progress) -> None:
        self.seconds.append(progress)

    def trial_ended(self, result: TrialResult) -> None:
        self.results.append(result)
