"""Where things are in a run folder, and which runs there are."""

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
from typing import Any

from farm.errors import RecordingError
from farm.files.file_lock import FileLock, Holder, holder, take
from farm.model.wall_time import utc
from farm.recording.durable_file import recording_error
from farm.recording.json_file import read_json

FORMAT = 1
"""Of the run folder. A newer one is refused, older ones are read."""

_TRIAL = re.compile(r"\d{3,}-load-\d{3,}")

_SET_ASIDE = re.compile(r"\..+\.[0-9a-f]{8}\.removed")
"""The name that `RunFolder.set_aside` gives."""

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

Take = Callable[[Path, object], FileLock]
"""The shape of `file_lock.take`; tests hand in one of a filesystem without locks."""


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
    def top(self) -> Path:
        return self.server / "top.txt"

    def samples(self, type: str) -> Path:
        """Of a W3C stats type, or `poll`."""
        return self.path / "samples" / type


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @classmethod
    def create(cls, directory: Path, name: str) -> RunFolder:
        """A new folder, `NAME-2`, `NAME-3` when the name is taken. Raises RecordingError."""
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
                folder = cls(path)
                folder.logs.mkdir()
                folder.trials.mkdir()
                return folder
        except OSError as error:
            raise RecordingError(
                f"{directory}: cannot make a run folder there: {error.strerror}"
            ) from error

    @property
    def lock(self) -> Path:
        """Held by whoever writes the run: see `taken`."""
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
        """Verdicts under other criteria."""
        return self.path / "judgements"

    @property
    def report(self) -> Path:
        return self.path / "report"

    def taken(self, take: Take = take) -> FileLock:
        """The right to write the run, or to remove it. Raises InUse, RecordingError."""
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
        """Who writes the run now."""
        return holder(self.lock)

    def set_aside(self) -> Path:
        """Rename the folder, to be removed by who has taken it; its path now. Raises OSError.

        In one step for all others: nobody finds half a run, or takes what is half removed.
        """
        name = f".{self.path.name}.{secrets.token_hex(4)}.removed"
        return self.path.rename(self.path.with_name(name))

    def remove_unused(self) -> None:
        """Remove the folder, for who has taken it, unless a trial was begun in it."""
        if not self.trial_folders():
            with suppress(OSError):
                shutil.rmtree(self.set_aside())

    def trial(self, name: str) -> TrialFolder:
        return TrialFolder(self.trials / name)

    def trial_folders(self) -> list[TrialFolder]:
        """In the order of the trials; folders that were set aside are left out."""
        if not self.trials.is_dir():
            return []
        paths = [path for path in self.trials.iterdir() if _TRIAL.fullmatch(path.name)]
        return [TrialFolder(path) for path in sorted(paths, key=_trial_index)]


def _trial_index(path: Path) -> int:
    return int(path.name.split("-", 1)[0])


def check_format(path: Path, data: Any) -> dict[str, Any]:
    """The manifest's object, if this version can read its format. Raises RecordingError."""
    number = data.get("format") if isinstance(data, dict) else None
    if not isinstance(number, int):
        raise RecordingError(f"{path} names no format: not the manifest of a run")
    if number > FORMAT:
        raise RecordingError(
            f"{path} has format {number}, this version reads up to {FORMAT}: use a newer farm"
        )
    return dict(data)


# ---------------------------------------------------------------- the runs of a directory


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A line of `farm runs`.

    `state` is the summary's, `unfinished` without one, `under_way` while `writer` writes it.
    `probes` is the capacity found, or the load of a single trial.
    """

    path: Path
    when: datetime
    name: str | None
    scenario: str
    state: str
    probes: int | None
    writer: Holder | None = None


def list_runs(directory: Path) -> list[RunEntry]:
    """The runs of a directory, oldest first; what is no run folder is left out."""
    entries = (
        _entry(RunFolder(path))
        for path in _folders_in(directory)
        if not _SET_ASIDE.fullmatch(path.name)
    )
    return sorted(
        (entry for entry in entries if entry is not None),
        key=lambda entry: (entry.when, entry.path.name),
    )


def runs_set_aside(directory: Path) -> list[Path]:
    """Those that are being removed, or were not removed to their end."""
    return [path for path in _folders_in(directory) if _SET_ASIDE.fullmatch(path.name)]


def runs_before(entries: Iterable[RunEntry], moment: datetime) -> list[RunEntry]:
    """Those that began before `moment`."""
    return [entry for entry in entries if entry.when < moment]


def _folders_in(directory: Path) -> list[Path]:
    """Links are left out."""
    if not directory.is_dir():
        return []
    return [path for path in directory.iterdir() if path.is_dir() and not path.is_symlink()]


def _entry(folder: RunFolder) -> RunEntry | None:
    manifest = _read_object(folder.manifest)
    started_wall_s = manifest.get("started_wall_s")
    began = utc(started_wall_s) if isinstance(started_wall_s, int | float) else None
    if began is None:
        return None
    summary = _read_object(folder.summary)
    capacity = summary.get("capacity")
    probes = capacity.get("probes") if isinstance(capacity, dict) else summary.get("load")
    writer = folder.writer
    return RunEntry(
        folder.path,
        began,
        manifest.get("name"),
        str(manifest.get("scenario")),
        "under_way" if writer is not None else str(summary.get("state", "unfinished")),
        probes if isinstance(probes, int) else None,
        writer,
    )


def _read_object(path: Path) -> dict[str, Any]:
    """The object in a file, empty when it is missing or damaged."""
    try:
        data = read_json(path)
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}
