"""Run folders: their names, the list of them, and those that are old enough to go."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from farm.errors import InUse, RecordingError
from farm.files.file_lock import FileLock
from farm.model.json_values import to_text
from farm.recording.folder import RunFolder, list_runs, run_name
from farm.recording.pruning import prune_runs
from farm.recording.reader import RunReader
from tests.synthetic import WALL_S, manifest

DAY_S = 86_400.0


def make_run(directory: Path, name: str, age_s: float = 0.0, summary: object = None) -> Path:
    folder = RunFolder.create(directory, name)
    folder.manifest.write_text(to_text(replace(manifest(), started_wall_s=WALL_S - age_s)))
    if summary is not None:
        folder.summary.write_text(json.dumps(summary))
    return folder.path


def test_a_run_is_named_by_time_and_scenario() -> None:
    moment = datetime(2026, 11, 22, 22, 15, tzinfo=UTC)
    assert run_name(moment.timestamp(), "one_to_one") == "20261122T221500Z-one_to_one"


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    names = [RunFolder.create(tmp_path / "runs", "call").path.name for _ in range(3)]
    assert names == ["call", "call-2", "call-3"]


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match=r"file: cannot make a run folder there: "):
        RunFolder.create(tmp_path / "file", "call")


def test_runs_are_listed_oldest_first_with_what_they_found(tmp_path: Path) -> None:
    make_run(tmp_path, "under way")
    make_run(tmp_path, "searched", 2 * DAY_S, {"state": "converged", "capacity": {"probes": 18}})
    make_run(tmp_path, "single", DAY_S, {"state": "pass", "load": 4})
    (tmp_path / "notes").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "single")
    damaged = make_run(tmp_path, "damaged", 3 * DAY_S, {"state": "converged"})
    (damaged / "manifest.json").write_text("{")

    for at, none in enumerate(("1e999", "1e300", "NaN", "-1e12", "1e17", "1" + "0" * 400)):
        other = make_run(tmp_path, f"began never {at}")
        (other / "manifest.json").write_text(f'{{"format": 1, "started_wall_s": {none}}}')

    runs = list_runs(tmp_path)
    assert [(run.path.name, run.state, run.probes) for run in runs] == [
        ("searched", "converged", 18),
        ("single", "pass", 4),
        ("under way", "unfinished", None),
    ]
    assert runs[0].when == datetime.fromtimestamp(WALL_S - 2 * DAY_S, UTC)
    assert runs[0].scenario == "one_to_one"


def test_a_directory_that_is_not_there_has_no_runs(tmp_path: Path) -> None:
    assert list_runs(tmp_path / "none") == []


def test_only_old_runs_are_pruned_and_nothing_else(tmp_path: Path) -> None:
    old, new = make_run(tmp_path, "old", 31 * DAY_S), make_run(tmp_path, "new", 29 * DAY_S)
    (tmp_path / "notes").mkdir()
    now = datetime.fromtimestamp(WALL_S, UTC)
    pruned = prune_runs(tmp_path, timedelta(days=30), now)
    assert [run.path for run in pruned.removed] == [old]
    assert pruned.kept == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "notes"]
    assert new.is_dir()


def test_a_run_under_way_is_listed_as_such_and_kept(tmp_path: Path) -> None:
    live, old = make_run(tmp_path, "live", 31 * DAY_S), make_run(tmp_path, "old", 32 * DAY_S)
    with RunFolder(live).taken():
        assert [(run.state, run.writer is None) for run in list_runs(tmp_path)] == [
            ("unfinished", True),
            ("under_way", False),
        ]
        pruned = prune_runs(tmp_path, timedelta(days=30), datetime.fromtimestamp(WALL_S, UTC))
        assert [run.path for run in pruned.removed] == [old]
        (kept,) = pruned.kept
        assert str(kept).startswith(f"{live}: another farm writes it: pid {os.getpid()} on ")
        assert (live / "manifest.json").exists()
    assert [run.state for run in list_runs(tmp_path)] == ["unfinished"]


def test_two_farms_that_prune_remove_each_run_once(tmp_path: Path) -> None:
    runs = [make_run(tmp_path, f"run-{number}", 31 * DAY_S) for number in range(40)]
    now = datetime.fromtimestamp(WALL_S, UTC)
    with ThreadPoolExecutor(2) as farms:
        both = [farms.submit(prune_runs, tmp_path, timedelta(days=30), now) for _ in range(2)]
    removed = [run.path for pruned in both for run in pruned.result().removed]
    assert sorted(removed) == sorted(runs)
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_is_not_removed_to_its_end_is_said_and_goes_with_the_next(
    tmp_path: Path,
) -> None:
    def refused(path: Path) -> None:
        (path / "journal.jsonl").unlink(missing_ok=True)
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path / "trials"))

    make_run(tmp_path, "old", 31 * DAY_S)
    now = datetime.fromtimestamp(WALL_S, UTC)
    for _ in range(2):  # the second time it is there already
        with pytest.raises(
            RecordingError, match=r"cannot remove .*/\.old\.[0-9a-f]{8}\.removed: .*Permission den"
        ):
            prune_runs(tmp_path, timedelta(days=30), now, refused)
        assert list_runs(tmp_path) == []
        assert len(list(tmp_path.iterdir())) == 1
    assert prune_runs(tmp_path, timedelta(days=30), now).removed == []
    assert list(tmp_path.iterdir()) == []


def test_a_filesystem_without_locks_is_named_as_such(tmp_path: Path) -> None:
    def take(path: Path, of: object) -> FileLock:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    with pytest.raises(
        RecordingError, match=r"run: this filesystem has no locks: choose another output\.directory"
    ):
        RunFolder.create(tmp_path, "run").taken(take)


def test_a_run_is_resumed_or_removed_and_never_both(tmp_path: Path) -> None:
    now = datetime.fromtimestamp(WALL_S, UTC)
    with ThreadPoolExecutor(2) as farms:
        for number in range(100):
            run = RunFolder(make_run(tmp_path, f"run-{number}", 31 * DAY_S))
            pruning = farms.submit(prune_runs, tmp_path, timedelta(days=30), now)
            try:
                with run.taken():
                    assert run.manifest.exists()
                    assert [kept.by for kept in pruning.result().kept] != []
                    assert run.manifest.exists()
            except (InUse, RecordingError):
                assert [each.path for each in pruning.result().removed] == [run.path]
                assert not run.path.exists()
            prune_runs(tmp_path, timedelta(days=30), now)
    assert list(tmp_path.iterdir()) == []


def test_a_newer_format_is_refused_an_older_one_read(tmp_path: Path) -> None:
    path = make_run(tmp_path, "run")
    data = json.loads((path / "manifest.json").read_text())
    (path / "manifest.json").write_text(json.dumps({**data, "format": 2}))
    with pytest.raises(RecordingError, match=r"has format 2, this version reads up to 1: use a n"):
        RunReader.open(path)
    (path / "manifest.json").write_text(json.dumps({**data, "format": 0}))
    assert RunReader.open(path).manifest.name == "synthetic"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "is no run folder: it has no manifest"),
        ("{", "cannot read .*manifest"),
        ("[]", "names no format"),
        ('{"format": 1}', "cannot read .*manifest.*started_wall_s"),
    ],
)
def test_what_is_no_run_is_refused(tmp_path: Path, content: str | None, message: str) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content)
    with pytest.raises(RecordingError, match=message):
        RunReader.open(tmp_path)
