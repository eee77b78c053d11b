"""A recording becomes arrays on run time that say what happened to the pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from farm.evidence import trial_evidence
from farm.recording.reader import RunReader
from reports.series.trial import TrialSeries
from reports.series.trial_arrays import trial_series
from reports.series.trial_frames import TrialFrames, trial_frames
from tests.reports.made_run import HELD_S, HOLD_S, new_run, pages, record_trial
from tests.synthetic import Page, call_plan

END_S = HOLD_S + HELD_S
PAYLOAD_BPS = 50 * 1000 * 8


async def series_of(directory: Path, some: list[Page], *, judged: bool = True) -> TrialSeries:
    run, clock = new_run(directory)
    with run:
        await record_trial(run, clock, some, judged=judged)
    trial = RunReader.open(run.path).trial(0)
    return trial_series(trial_frames(trial), trial_evidence(trial, window_s=10, poll_s=1))


async def test_a_clean_call_is_flat(tmp_path: Path) -> None:
    series = await series_of(tmp_path, pages(2))
    for grid in (series.sent_bps["video"], series.received_bps["audio"]):
        assert grid.names == ("p000", "p001")
        assert np.nanmean(grid.values) == pytest.approx(PAYLOAD_BPS, rel=0.01)
        assert np.nanstd(grid.values) < 0.05 * PAYLOAD_BPS
    assert np.nanmax(series.loss.values) == 0
    assert np.nanmedian(series.frame_rate.values) == pytest.approx(20, rel=0.02)
    assert series.server is not None
    assert np.nanmean(series.server.cpu_percent) == pytest.approx(25, rel=0.1)
    assert np.nanmax(series.server.busiest_thread_percent) == 40
    assert series.hosts[0].host == "here"
    assert np.isfinite(series.setups.setup_s).all()


async def test_means_of_machines_are_those_of_the_result(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        result = await record_trial(run, clock, pages(2), host_cpu=37.5)
    trial = RunReader.open(run.path).trial(0)
    series = trial_series(trial_frames(trial), trial_evidence(trial, window_s=10, poll_s=1))
    assert result is not None
    assert series.server is not None
    assert series.server.hold_cpu_percent == result.server_cpu_percent
    assert series.hosts[0].hold_cpu_percent == result.host_cpu_percent == 37.5


async def test_what_is_sent_again_is_no_payload(tmp_path: Path) -> None:
    spoilt = Page("p000", seconds=END_S, repaired=0.2)
    series = await series_of(tmp_path, pages(2, p000=spoilt))
    sent = series.sent_bps["video"].means()
    assert sent[0] == pytest.approx(sent[1], rel=0.01)


async def test_loss_and_a_freeze_show_on_the_probe_that_has_them(tmp_path: Path) -> None:
    spoilt = Page("p001", seconds=END_S, loss=0.1, frozen=((20, 25),))
    series = await series_of(tmp_path, pages(4, p001=spoilt))
    held = series.loss.between(HOLD_S, END_S).means()
    assert held[1] == pytest.approx(0.1, rel=0.05)
    assert list(np.delete(held, 1)) == [0, 0, 0]
    frozen = series.frame_rate.between(21, 24)
    assert list(frozen.values[1]) == [0, 0, 0]
    assert series.by_probe.lost_down[1] == pytest.approx(0.1, rel=0.02)
    assert series.session_windows.sessions == ("s000", "s001")
    assert np.nanmax(series.session_windows.lost[1]) == 0
    assert np.nanmin(series.session_windows.lost[0]) > 0.09


async def test_polls_that_got_lost_leave_no_hole_and_no_spike(tmp_path: Path) -> None:
    series = await series_of(
        tmp_path, pages(2, p000=Page("p000", seconds=END_S, unpolled=((20, 24),)))
    )
    assert np.allclose(series.received_bps["video"].between(3, 44).values, PAYLOAD_BPS, rtol=0.03)


async def test_polls_that_came_twice_count_once(tmp_path: Path) -> None:
    series = await series_of(
        tmp_path, pages(2, p000=Page("p000", seconds=END_S, repeated=((10, 30),)))
    )
    assert np.allclose(series.received_bps["video"].between(3, 44).values, PAYLOAD_BPS, rtol=0.03)


async def test_a_page_loaded_anew_goes_on_in_one_row(tmp_path: Path) -> None:
    series = await series_of(
        tmp_path, pages(2, p000=Page("p000", seconds=END_S, reloads=(20.0,), resets=(30.0,)))
    )
    grid = series.received_bps["video"]
    assert grid.names == ("p000", "p001")
    assert np.nanmax(grid.values) < 1.1 * PAYLOAD_BPS
    assert np.nanmin(grid.values) >= 0
    # Only the second in which the counters began anew is unknown.
    assert list(
        grid.time_s[np.isnan(grid.values[0]) & (grid.time_s > 22) & (grid.time_s < 44)]
    ) == [30]


async def test_a_wall_clock_that_is_set_changes_nothing(tmp_path: Path) -> None:
    series = await series_of(
        tmp_path, pages(2, p000=Page("p000", seconds=END_S, wall_jumps=((20.0, 3600.0),)))
    )
    assert np.allclose(series.received_bps["video"].between(3, 44).values, PAYLOAD_BPS, rtol=0.03)


async def test_silence_is_zero_and_not_unknown(tmp_path: Path) -> None:
    series = await series_of(
        tmp_path, pages(2, p001=Page("p001", seconds=END_S, silent=((20, 30),)))
    )
    assert list(series.received_bps["audio"].between(22, 28).values[1]) == [0] * 6


async def test_a_trial_that_broke_off_has_what_came_before(tmp_path: Path) -> None:
    series = await series_of(tmp_path, pages(2), judged=False)
    assert series.phases.leave_s is None
    assert np.isfinite(series.received_bps["video"].values).any()


async def test_a_trial_that_recorded_nothing_is_empty(tmp_path: Path) -> None:
    run, _ = new_run(tmp_path)
    with run:
        async with run.trial(call_plan()):
            pass
    trial = RunReader.open(run.path).trial(0)
    series = trial_series(
        TrialFrames((), None, None, None), trial_evidence(trial, window_s=10, poll_s=1)
    )
    assert series.received_bps["video"].names == ()
    assert series.server is None
    assert series.hosts == ()
