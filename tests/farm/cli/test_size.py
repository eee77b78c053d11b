"""What `farm size` ends with: an answer, below what was asked, or none."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from farm.cli.__main__ import main
from farm.cli.size import exit_code
from farm.search.capacity_estimate import CapacityEstimate, Interval, State


def estimate(
    state: State, probes: int | None = 16, interval: Interval = (12, 20)
) -> CapacityEstimate:
    return CapacityEstimate(
        probes=probes,
        interval=interval,
        recommended=interval[0],
        breaking=None,
        trials_used=9,
        state=state,
        reliability=0.9,
        confidence=0.9,
    )


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("converged", 0),
        ("ceiling_passed", 0),
        ("floor_failed", 1),
        ("driver_failed", 3),
        ("generator_ran_out", 3),
        ("out_of_trials", 3),
        ("server_lost", 3),
        ("drift", 3),
        ("searching", 3),
    ],
)
def test_a_search_without_an_answer_is_inconclusive(state: State, code: int) -> None:
    assert exit_code(estimate(state), None) == code


def test_an_answer_is_held_against_what_was_asked() -> None:
    assert exit_code(estimate("converged"), 16) == 0
    assert exit_code(estimate("converged"), 18) == 1
    assert exit_code(estimate("ceiling_passed"), 16) == 0
    assert exit_code(estimate("ceiling_passed"), 18) == 3  # it may hold more than was allowed
    assert exit_code(estimate("floor_failed", None, (None, 2)), 2) == 1


@pytest.mark.parametrize("state", ["generator_ran_out", "out_of_trials"])
def test_a_search_that_ended_early_passes_by_what_it_is_sure_of(state: State) -> None:
    assert exit_code(estimate(state), 12) == 0
    assert exit_code(estimate(state), 16) == 3  # the likeliest answer, but it may be 12
    assert exit_code(estimate(state, 16, (None, None)), 2) == 3


@pytest.mark.parametrize("state", sorted({*get_args(State)} - {"converged", "ceiling_passed"}))
@pytest.mark.parametrize("fail_under", [14, 16, 40])
def test_no_other_state_passes_for_its_likeliest_answer(state: State, fail_under: int) -> None:
    assert exit_code(estimate(state), fail_under) != 0


@pytest.mark.parametrize("state", ["server_lost", "drift", "searching"])
def test_a_server_that_was_lost_or_changed_never_passes(state: State) -> None:
    assert exit_code(estimate(state), 1) == 3


@pytest.mark.parametrize("number", ["0", "-3", "many", "1.5", "9" * 5000])
def test_fewer_than_one_probe_is_refused(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["size", "calls.yaml", f"--fail-under={number}"])
    assert end.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert f"--fail-under: {number}: expected a number of probes, 1 or more" in said


@pytest.mark.parametrize(
    ("search", "largest"),
    [("maximum: 9", "8 is tried (search.maximum)"), ("loads: [4, 6]", "6 is")],
)
def test_more_than_is_ever_tried_is_refused_at_once(
    search: str, largest: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls.yaml"
    calls.write_text(f"search: {{{search}}}\nprobes: {{chromium: {tmp_path / 'none'}}}\n")
    assert main(["size", str(calls), "--fail-under=10"]) == 2
    assert f"--fail-under: 10: no load above {largest}" in capsys.readouterr().err
