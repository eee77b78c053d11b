from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.hold_figures import lost_of_all_due, lost_of_due, mean_over_time, mean_over_time_of
from farm.intervals import Intervals
from farm.trial import StreamInterval


def window(
    number: int,
    *,
    length_s: float = 10.0,
    packets: int | None = None,
    lost: float | None = None,
    frame_rate: float | None = None,
) -> StreamInterval:
    return StreamInterval(
        probe="p000",
        session="s000",
        role="caller",
        direction="inbound",
        kind="video",
        window=number,
        start_s=10.0 * number,
        end_s=10.0 * number + length_s,
        polls=10,
        packets=packets,
        residual_loss_ratio=lost,
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
    windows = [window(0, packets=990, lost=0.01), window(1, packets=9, lost=0.1), window(2)]
    assert lost_of_due(windows) == pytest.approx(11 / 1010)
    assert lost_of_due([window(0)]) is None


def test_a_stream_of_which_nothing_came_has_lost_everything() -> None:
    assert lost_of_due([window(0, packets=0, lost=1.0)]) == 1.0


@given(
    st.lists(
        st.tuples(
            st.floats(1, 15),
            st.none() | st.integers(0, 1000),
            st.none() | st.floats(0, 1),
            st.none() | st.floats(0, 60),
        ),
        max_size=6,
    )
)
def test_columns_say_what_intervals_say(
    rows: list[tuple[float, int | None, float | None, float | None]],
) -> None:
    windows = [
        window(number, length_s=length_s, packets=packets, lost=lost, frame_rate=frame_rate)
        for number, (length_s, packets, lost, frame_rate) in enumerate(rows)
    ]
    frame = Intervals.of(windows).frame
    mean = mean_over_time(windows, lambda each: each.frame_rate)
    assert frame.select(mean_over_time_of("frame_rate")).item() == pytest.approx(mean)
    assert frame.select(lost_of_all_due()).item() == pytest.approx(lost_of_due(windows))
