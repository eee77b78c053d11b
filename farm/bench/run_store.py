"""The trials of a run under way, kept in its folder."""

from __future__ import annotations

from typing import Any

from farm.bench.recorded_run import RecordedRun
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.recording import RunRecording
from farm.recording.trial_recording import TrialRecording


class RunStore:
    """Implements `protocols.TrialStore` on a run folder."""

    def __init__(self, recording: RunRecording) -> None:
        self._recording = recording

    def record(self, plan: TrialPlan) -> TrialRecording:
        return self._recording.trial(plan)

    def evidence(self, plan: TrialPlan) -> TrialEvidence:
        return RecordedRun.open(self._recording.path).evidence(plan.index)

    def keep(self, plan: TrialPlan, result: TrialResult) -> None:
        self._recording.trial(plan).write_result(result)

    def journal(self, kind: str, /, **facts: Any) -> None:
        self._recording.journal(kind, **facts)
