from __future__ import annotations

import pytest

from farm.hold_figures import lost_of_due, mean_over_time
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
