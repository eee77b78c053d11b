"""The disk a run needs is known before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import BadInput
from farm.recording.disk_use import free_bytes, projected_bytes, require_space


def test_more_of_anything_takes_more() -> None:
    small = projected_bytes(2, 60)
    assert projected_bytes(4, 60) > small
    assert projected_bytes(2, 120) > small
    assert projected_bytes(2, 60, trials=2) > small
    assert projected_bytes(2, 60, poll_s=0.5) > small


def test_a_search_of_many_long_trials_is_gigabytes_not_more() -> None:
    assert 1e9 < projected_bytes(60, 320, trials=20) < 3e9


def test_too_little_is_bad_input_that_says_both_figures() -> None:
    require_space(Path("runs"), 1_000, 1_000)
    with pytest.raises(BadInput, match=r"output\.directory: runs: .* take 2\.5 GB, only 7 MB"):
        require_space(Path("runs"), 2_500_000_000, 7_000_000)


def test_a_directory_that_is_not_there_yet_has_its_parents_space(tmp_path: Path) -> None:
    assert free_bytes(tmp_path / "runs" / "of" / "today") > 0
