"""Writes the run folder: manifest, journal, clock readings, summary, and the trials.

What is on disk can be read at any time: small files are replaced in one step, lines are appended
and flushed. `recording.trial_recording` writes the trials, `recording.reader` reads all of it back.
One process at a time writes a run: it holds the folder's lock meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from farm.errors import RecordingError
from farm.files.file_lock import FileLock
from farm.model.clock_reading import ClockReading
from farm.model.json_values import to_text
from farm.model.trial_plan import TrialPlan
from farm.protocols import Clock
from farm.recording.durable_file import Replace, replace_file, write_text
from farm.recording.events import ReadingLine
from farm.recording.journal import JournalEntry
from farm.recording.json_lines import JsonLines
from farm.recording.manifest import Manifest
from farm.recording.run_folder import RunFolder
from farm.recording.trial_recording import TrialRecording


class RunRecording:
    """Writes the folder of a run that is under way. Its creator closes it, which frees `lock`."""

    def __init__(
        self, folder: RunFolder, clock: Clock, lock: FileLock, replace: Replace = replace_file
    ) -> None:
        self._folder = folder
        self._lock = lock
        self._clock = clock
        self._replace = replace
        with ExitStack() as undone:
            self._journal = undone.enter_context(JsonLines(folder.journal))
            self._readings = JsonLines(folder.clock)
            undone.pop_all()

    @classmethod
    def create(
        cls,
        directory: Path,
        name: str,
        experiment_text: str,
        manifest: Manifest,
        clock: Clock,
        *,
        replace: Replace = replace_file,
    ) -> RunRecording:
        """Make a run folder, with the experiment as it was given.

        Raises RecordingError, NoSpace.
        """
        folder = RunFolder.create(directory, name)
        with ExitStack() as undone:
            # Before there is a manifest, without which other processes do not see a run.
            lock = undone.enter_context(_taken_new(folder))
            undone.callback(folder.remove_unused)  # before the lock is given back
            write_text(folder.experiment, experiment_text, replace)
            write_text(folder.manifest, to_text(manifest), replace)
            recording = cls(folder, clock, lock, replace)
            undone.pop_all()
        return recording

    @classmethod
    def resume(cls, path: Path, clock: Clock, lock: FileLock | None = None) -> RunRecording:
        """Continue in the folder of a run that was interrupted: journal and clocks are appended to.

        `lock` is the folder's, if it is taken already. Raises InUse, RecordingError.
        """
        folder = RunFolder(path)
        lock = lock or folder.taken()
        try:
            return cls(folder, clock, lock)
        except BaseException:
            lock.release()
            raise

    @property
    def path(self) -> Path:
        return self._folder.path

    @property
    def folder(self) -> RunFolder:
        return self._folder

    def journal(self, kind: str, /, **facts: Any) -> None:
        """Record a decision and its reason; it survives a crash once this returns."""
        self._journal.append(
            JournalEntry(kind, self._clock.run_s(), self._clock.wall_s(), facts),
        )
        self._journal.sync()

    def clock(self, reading: ClockReading, trial: str | None = None) -> None:
        """Record a reading of a machine's clock; `trial` is the folder of the trial it is for."""
        self._readings.append(ReadingLine.of(reading, trial))

    def write_manifest(self, manifest: Manifest) -> None:
        """Write the manifest, or replace it once more is known."""
        write_text(self._folder.manifest, to_text(manifest), self._replace)

    def write_summary(self, summary: Mapping[str, Any]) -> None:
        """Write the answer of the run."""
        write_text(self._folder.summary, to_text(summary), self._replace)

    def trial(self, plan: TrialPlan) -> TrialRecording:
        """The recording of a trial, to be entered with `async with`.

        The folder of an earlier attempt at this trial that has no result is renamed first.
        """
        return TrialRecording(
            self._folder.trial(plan.folder),
            plan,
            self._clock,
            lambda reading: self.clock(reading, plan.folder),
            replace=self._replace,
        )

    def close(self) -> None:
        self._journal.close()
        self._readings.close()
        self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _taken_new(folder: RunFolder) -> FileLock:
    """Take the lock of a folder just made; where that is not possible the folder is removed."""
    try:
        return folder.taken()
    except RecordingError:
        folder.remove_unused()
        raise
