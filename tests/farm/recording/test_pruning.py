"""Runs that are old enough to go, and those under way, which stay."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from farm.errors import InUse, RecordingError
from farm.recording.pruning import prune_runs
from farm.recording.run_folder import RunFolder
from farm.recording.run_list import list_runs
from farm.testing import WALL_S
from tests.farm.recording.made_runs import DAY_S, make_run


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


def test_a_run_that_is_not_removed_to_its_end_is_reported_and_goes_with_the_next(
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
