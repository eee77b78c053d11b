"""Reads a run folder back, also one that is incomplete after a crash, or damaged.

What is missing is `None` or empty; what cannot be read is left out and named in `damage`.
`farm/recording/trial_reader.py` reads each trial.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from farm.errors import RecordingError
from farm.model.clock_reading import ClockReading
from farm.model.json_values import from_jsonable, from_text
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.recording.clock_offsets import ClockOffsets
from farm.recording.events import ReadingLine
from farm.recording.file_inside import open_inside
from farm.recording.journal import JournalEntry
from farm.recording.json_file import read_json
from farm.recording.manifest import Manifest, check_format
from farm.recording.parquet_parts import Damage
from farm.recording.recorded_values import value_in, values_in_lines
from farm.recording.run_folder import RunFolder
from farm.recording.sample_reader import inode_of
from farm.recording.trial_reader import TrialReader


class RunReader:
    """A run folder, read. Files are read when asked for; `damage` grows as they are."""

    def __init__(self, folder: RunFolder, manifest: Manifest) -> None:
        self.folder = folder
        self.manifest = manifest
        self.damage: list[Damage] = []
        self._grows = folder.writer is not None

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a run folder. Raises RecordingError if there is none, or one of a newer format."""
        folder = RunFolder(path)
        try:
            data = read_json(folder.manifest)
            manifest = from_jsonable(Manifest, check_format(folder.manifest, data))
        except (FileNotFoundError, NotADirectoryError) as error:
            if not path.exists():
                raise RecordingError(f"{path}: there is no such folder") from error
            raise RecordingError(f"{path} is not a run folder: it has no manifest.json") from error
        except (OSError, ValueError) as error:
            raise RecordingError(f"cannot read {folder.manifest}: {error}") from error
        return cls(folder, manifest)

    @property
    def path(self) -> Path:
        return self.folder.path

    @property
    def experiment_text(self) -> str:
        """`experiment.yaml` as it was given; empty if it is missing."""
        try:
            with open_inside(self.path, self.folder.experiment) as file:
                return file.read().decode()
        except OSError as error:
            self.damage.append(Damage(self.folder.experiment, str(error)))
            return ""

    @cached_property
    def trials(self) -> tuple[TrialReader, ...]:
        """Every trial that was begun, in order, also one without a result."""
        trials = []
        summary = self.summary  # before the folders are listed: all that it names are there by now
        folders = self.folder.trial_folders()
        for folder in folders:
            inode = inode_of(folder.path)
            plan = value_in(TrialPlan, folder.plan, self.damage)
            if plan is not None:
                offsets = self._offsets(folder.path.name)
                trials.append(TrialReader(folder, plan, offsets, inode=inode, grows=self._grows))
            elif not folder.plan.exists():
                self.damage.append(Damage(folder.plan, "is missing; the trial is left out"))
        self._note_missing_trials({_index(folder.path.name) for folder in folders}, summary or {})
        return tuple(trials)

    def _note_missing_trials(self, there: set[int], summary: Mapping[str, Any]) -> None:
        """Note missing trials: they are numbered from 0, and the summary names the judged ones."""
        trials = summary.get("trials")
        named = [each.get("index") for each in trials or () if isinstance(each, dict)]
        known = [*there, *(index for index in named if isinstance(index, int))]
        for index in sorted(set(range(max(known, default=-1) + 1)) - there):
            path = self.folder.trials / f"{index:03d}-load-*"
            self.damage.append(Damage(path, "is missing: the recording of that trial is lost"))

    def trial(self, index: int) -> TrialReader:
        """The trial of that index. Raises RecordingError if there is none."""
        for trial in self.trials:
            if trial.plan.index == index:
                return trial
        raise RecordingError(f"{self.path} has no trial {index}")

    @property
    def results(self) -> tuple[TrialResult, ...]:
        """The results of the finished trials, in order, which a resumed run need not repeat."""
        return tuple(trial.result for trial in self.trials if trial.result is not None)

    @cached_property
    def journal(self) -> tuple[JournalEntry, ...]:
        """The decisions of the run, in order."""
        return tuple(values_in_lines(JournalEntry, self.folder.journal, self.damage, self._grows))

    @cached_property
    def summary(self) -> dict[str, Any] | None:
        """`summary.json`; `None` while the run is under way, or if it was interrupted."""
        if not self.folder.summary.exists():
            return None
        try:
            with open_inside(self.path, self.folder.summary) as file:
                data = from_text(file.read())
        except (OSError, ValueError) as error:
            self.damage.append(Damage(self.folder.summary, str(error)))
            return None
        if not isinstance(data, dict):
            self.damage.append(Damage(self.folder.summary, "is not a JSON object"))
            return None
        return data

    @cached_property
    def _readings(self) -> tuple[ReadingLine, ...]:
        return tuple(values_in_lines(ReadingLine, self.folder.clock, self.damage, self._grows))

    @property
    def clocks(self) -> tuple[ClockReading, ...]:
        """The readings of the clocks of server and hosts, in order."""
        return tuple(line.reading for line in self._readings)

    def _offsets(self, trial: str) -> ClockOffsets:
        own = [line.reading for line in self._readings if line.trial == trial]
        have = {reading.source for reading in own}
        general = [
            line.reading
            for line in self._readings
            if line.trial is None and line.source not in have
        ]
        return ClockOffsets(own + general)


def _index(folder: str) -> int:
    return int(folder.split("-", 1)[0])
