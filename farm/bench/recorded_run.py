"""A run read back from its folder: its trials, their evidence and samples, its baseline."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from os import PathLike
from pathlib import Path

import polars as pl

from farm.evidence import trial_evidence
from farm.model.experiment import Experiment
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome
from farm.recording.reader import RunReader
from farm.verdict.baseline import Baseline, baseline_of

WATCH = "watch"
"""The journal's kind that begins a watch."""


class RecordedRun(RunReader):
    """A `RunReader` that also computes what trials were judged by. Made by `farm.read`.

    `results` are the verdicts and figures of the judged trials, `trials` their recordings, also of
    those that were never judged; `summary` is the answer, `None` where the run broke off. Files are
    read when asked for: what cannot be read is left out, and listed in `damage`.
    """

    @property
    def settings(self) -> Experiment:
        """The experiment as it was run, every setting with its value."""
        return self.manifest.settings

    @property
    def is_watch(self) -> bool:
        """Whether `farm watch` or `Bench.watch` made it."""
        return any(entry.kind == WATCH for entry in self.journal)

    def evidence(self, index: int) -> TrialEvidence:
        """All that the verdict on trial `index` was made of, computed anew from the recording.

        It takes seconds for hundreds of probes. Raises RecordingError if there is no such trial.
        """
        settings = self.settings.trial
        return trial_evidence(self.trial(index), window_s=settings.window_s, poll_s=settings.poll_s)

    def baselines(self) -> list[TrialEvidence]:
        """The evidence of the baseline trials that it made and that passed."""
        return [
            self.evidence(result.index)
            for result in self.results
            if result.purpose == "baseline" and result.verdict.outcome is Outcome.PASS
        ]

    @cached_property
    def baseline(self) -> Baseline | None:
        """The baseline made of its passed trials of the smallest load, for other runs.

        `None` if none passed, or those that did do not agree.
        """
        passed = [result for result in self.results if result.verdict.outcome is Outcome.PASS]
        smallest = min((result.load for result in passed), default=None)
        evidences = [self.evidence(each.index) for each in passed if each.load == smallest]
        return baseline_of(evidences, at_least=1)

    def samples(self, type: str, columns: Iterable[str] | None = None) -> pl.DataFrame | None:
        """The `getStats()` samples of a W3C stats type (`inbound-rtp`), of all trials.

        A row per stats object and poll, with W3C's names for columns, `probe`, `host`, `run_s`
        (seconds of run time) and first of all the trial's `trial` and `load`. `columns` are those
        wanted of W3C's: fewer take less time and memory. `None` where nothing was recorded.
        """
        wanted = None if columns is None else ["probe", *columns]
        frames = [
            frame.select(
                pl.lit(trial.plan.index).alias("trial"), pl.lit(trial.plan.load).alias("load"), "*"
            )
            for trial in self.trials
            if (frame := trial.samples(type, wanted)) is not None
        ]
        return pl.concat(frames, how="diagonal_relaxed") if frames else None


def read(path: str | PathLike[str]) -> RecordedRun:
    """The run in a folder such as `runs/20260101-120000-group`, also one that is under way.

    Raises RecordingError if there is none, or one of a newer format.
    """
    return RecordedRun.open(Path(path))
