from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.analysis.aggregates import (
    lost_by,
    lost_of_all,
    mean_over_time,
    mean_over_time_of,
    missing_packets,
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


def lost_of(windows: Sequence[StreamInterval]) -> float | None:
    return lost_of_all(Intervals.of(windows).frame)


def test_losses_count_by_packets_not_by_windows() -> None:
    windows = [window(0, packets=990, lost=10), window(1, packets=9, lost=1), window(2)]
    assert lost_of(windows) == pytest.approx(11 / 1010)
    assert lost_of([window(0)]) is None
    assert lost_of([]) is None


def test_a_stream_of_which_nothing_came_has_lost_everything() -> None:
    assert lost_of([window(0, packets=0, lost=500)]) == 1.0


def test_what_is_sent_has_lost_the_share_of_the_packets_of_which_the_server_tells() -> None:
    sent = [
        window(0, packets=500, lost=5, direction="outbound"),
        replace(window(1, packets=500, lost=9, direction="outbound"), packets_reported=300),
    ]
    assert lost_of(sent[1:]) == pytest.approx(0.03)
    assert lost_of(sent) == pytest.approx(14 / 800)
    assert residual_loss(Intervals.of(sent).frame).to_list() == pytest.approx([0.01, 0.03])


@pytest.mark.parametrize(("direction", "due"), [("outbound", 2000), ("inbound", 2010)])
def test_what_came_late_in_another_window_is_not_lost(direction: Direction, due: int) -> None:
    moved = [
        window(number, packets=500, lost=lost, direction=direction)
        for number, lost in enumerate((30, -25, 30, -25))
    ]
    assert lost_of(moved) == pytest.approx(10 / due)
    assert lost_of(moved[:2]) == pytest.approx(5 / (due // 2 if due == 2000 else 1005))
    # Late packets of one stream repair no other.
    other = window(0, packets=500, lost=-100, direction=direction, kind="audio")
    assert lost_of([*moved, other]) == pytest.approx(10 / (due + 500))


def test_losses_are_of_each_stream_or_of_whatever_is_asked_for() -> None:
    frame = Intervals.of(
        [
            window(0, packets=90, lost=10),
            window(0, packets=100, lost=-5, kind="audio"),
            window(0, packets=50, lost=10, direction="outbound"),
            window(1, packets=50, direction="outbound"),
            window(0, direction="outbound", kind="audio"),
        ]
    ).frame
    of_streams = {tuple(stream): lost for *stream, lost in lost_by(frame).iter_rows()}
    assert of_streams == {
        ("p000", "inbound", "video", 0): 0.1,
        ("p000", "inbound", "audio", 0): 0.0,
        ("p000", "outbound", "video", 0): 0.2,
    }
    assert dict(lost_by(frame, ("direction",)).iter_rows()) == {"inbound": 0.05, "outbound": 0.2}
    assert residual_loss(frame).to_list() == [0.1, 0.0, 0.2, None, None]
    assert missing_packets(frame).to_list() == [10, 0, 10, None, None]


@given(
    st.lists(
        st.tuples(
            st.floats(1, 15),
            st.none() | st.floats(0, 60),
        ),
        max_size=6,
    ),
)
def test_columns_say_what_intervals_say(
    rows: list[tuple[float, float | None]],
) -> None:
    windows = [
        window(
            number,
            length_s=length_s,
            frame_rate=frame_rate,
        )
        for number, (length_s, frame_rate) in enumerate(rows)
    ]
    frame = Intervals.of(windows).frame
    mean = mean_over_time(windows, lambda each: each.frame_rate)
    assert frame.select(mean_over_time_of("frame_rate")).item() == pytest.approx(mean)
