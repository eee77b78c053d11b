from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.analysis.aggregates import (
    lost_of_all,
    lost_of_due,
    lost_ratio,
    mean_over_time,
    mean_over_time_of,
    residual_loss,
)
from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import StreamInterval
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind


def window(
    number: int,
    *,
    length_s: float = 10.0,
    packets: int | None = None,
    lost: int | None = None,
    frame_rate: float | None = None,
    direction: Direction = "inbound",
    kind: MediaKind = "video",
) -> StreamInterval:
    return StreamInterval(
        probe="p000",
        session="s000",
        role="caller",
        direction=direction,
        kind=kind,
        window=number,
        start_s=10.0 * number,
        end_s=10.0 * number + length_s,
        polls=10,
        packets=packets,
        packets_lost=lost,
        frame_rate=frame_rate,
    )


def test_a_window_counts_by_its_length_and_unknown_ones_not_at_all() -> None:
    windows = [
        window(0, frame_rate=20.0),
        window(1),
        window(2, length_s=30.0, frame_rate=10.0),
    ]
    assert mean_over_time(windows, lambda each: each.frame_rate) == 12.5
    assert mean_over_time([window(0)], lambda each: each.frame_rate) is None


def test_losses_count_by_packets_not_by_windows() -> None:
    windows = [window(0, packets=990, lost=10), window(1, packets=9, lost=1), window(2)]
    assert lost_of_due(windows) == pytest.approx(11 / 1010)
    assert lost_of_due([window(0)]) is None


def test_a_stream_of_which_nothing_came_has_lost_everything() -> None:
    assert lost_of_due([window(0, packets=0, lost=500)]) == 1.0


@pytest.mark.parametrize(("direction", "due"), [("outbound", 2000), ("inbound", 2010)])
def test_what_came_late_in_another_window_is_not_lost(direction: Direction, due: int) -> None:
    moved = [
        window(number, packets=500, lost=lost, direction=direction)
        for number, lost in enumerate((30, -25, 30, -25))
    ]
    assert lost_of_due(moved) == pytest.approx(10 / due)
    assert lost_of_due(moved[:2]) == pytest.approx(5 / (due // 2 if due == 2000 else 1005))
    # Late packets of one stream repair no other.
    other = window(0, packets=500, lost=-100, direction=direction, kind="audio")
    assert lost_of_due([*moved, other]) == pytest.approx(10 / (due + 500))


@given(
    st.lists(
        st.tuples(
            st.floats(1, 15),
            st.none() | st.integers(0, 1000),
            st.none() | st.integers(-50, 500),
            st.none() | st.floats(0, 60),
        ),
        max_size=6,
    ),
    st.sampled_from(["inbound", "outbound"]),
)
def test_columns_say_what_intervals_say(
    rows: list[tuple[float, int | None, int | None, float | None]], direction: Direction
) -> None:
    windows = [
        window(
            number,
            length_s=length_s,
            packets=packets,
            lost=lost,
            frame_rate=frame_rate,
            direction=direction,
        )
        for number, (length_s, packets, lost, frame_rate) in enumerate(rows)
    ]
    frame = Intervals.of(windows).frame
    mean = mean_over_time(windows, lambda each: each.frame_rate)
    assert frame.select(mean_over_time_of("frame_rate")).item() == pytest.approx(mean)
    lost = lost_of_due(windows)
    assert lost_of_all(frame) == pytest.approx(lost)
    if windows:
        assert frame.select(lost_ratio()).item() == pytest.approx(lost)
    for each, share in zip(windows, frame.select(residual_loss()).to_series(), strict=True):
        assert share == pytest.approx(lost_of_due([each]))
