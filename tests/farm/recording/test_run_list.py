"""The list of runs: oldest first, what is no run left out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from farm.recording.run_list import list_runs
from farm.testing import WALL_S
from tests.farm.recording.made_runs import DAY_S, make_run


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
