"""The folders of a run and of its trials: the paths in them, and the lock of the run."""

from __future__ import annotations

import errno
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from farm.errors import RecordingError
from farm.files.file_lock import FileLock, Holder, holder, take
from farm.recording.durable_file import recording_error

_TRIAL = re.compile(r"\d{3,}-load-\d{3,}")
_SET_ASIDE = re.compile(r"\..+\.[0-9a-f]{8}\.removed")

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

Take = Callable[[Path, object], FileLock]
"""The type of `file_lock.take`; tests hand in one of a filesystem without locks."""


def run_name(wall_s: float, scenario: str) -> str:
    """`20261122T221500Z-one_to_one`."""
    return f"{datetime.fromtimestamp(wall_s, UTC):%Y%m%dT%H%M%SZ}-{scenario}"


@dataclass(frozen=True, slots=True)
class TrialFolder:
    """The folder of one trial."""

    path: Path

    @property
    def run(self) -> Path:
        """The folder of the trial's run."""
        return self.path.parents[1]

    @property
    def plan(self) -> Path:
        return self.path / "plan.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def result(self) -> Path:
        return self.path / "result.json"

    @property
    def screenshots(self) -> Path:
        return self.path / "screenshots"

    @property
    def hosts(self) -> Path:
        return self.path / "hosts"

    @property
    def server(self) -> Path:
        return self.path / "server"

    @property
    def kurento(self) -> Path:
        return self.path / "kurento"

    @property
    def janus(self) -> Path:
        return self.path / "janus"

    @property
    def top(self) -> Path:
        return self.server / "top.txt"

    def samples(self, type: str) -> Path:
        """The folder of the table of a W3C stats type, or of `poll`."""
        return self.path / "samples" / type


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @classmethod
    def create(cls, directory: Path, name: str) -> RunFolder:
        """Make a folder, `NAME-2`, `NAME-3` if the name is taken. Raises RecordingError."""
        return cls(new_folder(directory, name, parts=("logs", "trials")))

    @property
    def lock(self) -> Path:
        """The lock file, which the process that writes the run holds: see `taken`."""
        return self.path / "lock"

    @property
    def experiment(self) -> Path:
        return self.path / "experiment.yaml"

    @property
    def manifest(self) -> Path:
        return self.path / "manifest.json"

    @property
    def journal(self) -> Path:
        return self.path / "journal.jsonl"

    @property
    def clock(self) -> Path:
        return self.path / "clock.jsonl"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def trials(self) -> Path:
        return self.path / "trials"

    @property
    def summary(self) -> Path:
        return self.path / "summary.json"

    @property
    def judgements(self) -> Path:
        """The folder of verdicts under other criteria."""
        return self.path / "judgements"

    @property
    def report(self) -> Path:
        return self.path / "report"

    def taken(self, take: Take = take) -> FileLock:
        """Take the lock, which is needed to write or remove the run.

        Raises InUse, RecordingError.
        """
        try:
            return take(self.lock, self.path)
        except OSError as error:
            if error.errno in _NO_LOCKS:
                raise RecordingError(
                    f"{self.path}: this filesystem has no locks: choose another output.directory"
                ) from error
            raise recording_error(self.lock, error) from error

    @property
    def writer(self) -> Holder | None:
        """The process that writes the run now."""
        return holder(self.lock)

    def set_aside(self) -> Path:
        """Rename the folder before it is removed; returns its new path. Raises OSError.

        To be called with the lock taken. No other process then finds a run that is half removed.
        """
        name = f".{self.path.name}.{secrets.token_hex(4)}.removed"
        return self.path.rename(self.path.with_name(name))

    def remove_unused(self) -> None:
        """Remove the folder, whose lock is taken, unless a trial was begun in it."""
        if not self.trial_folders():
            with suppress(OSError):
                shutil.rmtree(self.set_aside())

    def trial(self, name: str) -> TrialFolder:
        return TrialFolder(self.trials / name)

    def trial_folders(self) -> list[TrialFolder]:
        """The folders of the trials, in order; those that were set aside are left out."""
        if not self.trials.is_dir():
            return []
        paths = [path for path in self.trials.iterdir() if _TRIAL.fullmatch(path.name)]
        return [TrialFolder(path) for path in sorted(paths, key=_trial_index)]


def new_folder(directory: Path, name: str, *, parts: Iterable[str]) -> Path:
    """Make a folder with empty folders in it, `NAME-2`, `NAME-3` if the name is taken.

    Raises RecordingError.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        number = 1
        while True:
            path = directory / (name if number == 1 else f"{name}-{number}")
            try:
                path.mkdir()
            except FileExistsError:
                number += 1
                continue
            for part in parts:
                (path / part).mkdir()
            return path
    except OSError as error:
        raise RecordingError(
            f"{directory}: cannot make a run folder there: {error.strerror}"
        ) from error


def is_set_aside(path: Path) -> bool:
    """Whether a folder has the name that `RunFolder.set_aside` gives."""
    return _SET_ASIDE.fullmatch(path.name) is not None


def _trial_index(path: Path) -> int:
    return int(path.name.split("-", 1)[0])
