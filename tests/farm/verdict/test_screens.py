"""A screen may stand still: it is held to what its sender sent of it."""

from __future__ import annotations

from typing import Any

import pytest

from farm.model.criteria import Criteria
from farm.model.trial_evidence import StreamInterval
from farm.verdict.stream_limits import Reference, failing


def codes(*, still_s: float | None, asked: float | None = None, **figures: Any) -> list[str]:
    """The limits that two windows of a received screen break."""
    windows = {
        number: StreamInterval(
            *("p001", "s000", "guest", "inbound", "video"),
            window=number,
            start_s=10.0 * number,
            end_s=10.0 * number + 10,
            polls=10,
            is_screen=True,
            **{"packets": 100, **figures},
        )
        for number in range(2)
    }
    reference = Reference(
        asked=dict.fromkeys(windows, asked), still_s=dict.fromkeys(windows, still_s)
    )
    return [breach.code for breach in failing(windows, 2, Criteria(), reference)]


def test_a_screen_that_stands_still_is_neither_frozen_nor_silent() -> None:
    assert codes(still_s=6.0, gap_s=6.5, stalled_ratio=0.6) == []


def test_what_comes_much_later_than_it_was_sent_is_missed() -> None:
    assert codes(still_s=1.0, gap_s=6.5) == ["gap"]


def test_a_screen_that_moves_all_the_time_may_not_freeze() -> None:
    assert codes(still_s=0.2, stalled_ratio=0.6) == ["stalled"]


def test_of_an_unknown_sender_nothing_is_compared_but_something_comes_in_each_window() -> None:
    assert codes(still_s=None, gap_s=9.0, stalled_ratio=0.9) == []
    assert codes(still_s=None, gap_s=10.0, packets=0) == ["gap"]


@pytest.mark.parametrize(("rate", "broken"), [(4.0, []), (2.0, ["frame_rate"])])
def test_the_frames_that_were_encoded_are_due(rate: float, broken: list[str]) -> None:
    assert codes(still_s=0.5, asked=4.8, frame_rate=rate) == broken
