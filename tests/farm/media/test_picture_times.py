"""Timestamps as files have them -> when each frame is shown."""

from __future__ import annotations

import pytest

from farm.media.picture_times import PictureTimes

STEP_S = 0.1


def shown(*stated: float | None, may_jump: bool = False) -> list[float]:
    times = PictureTimes(may_jump)
    return [round(times.of(stated_s, STEP_S), 6) for stated_s in stated]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ((5.0, 5.1, 5.3), [0, 0.1, 0.3]),
        ((-2.0, -1.9, 0.0), [0, 0.1, 2.0]),
        ((None, None, None), [0, 0.1, 0.2]),
        ((None, 7.0, 7.1), [0, 0.1, 0.2]),
        ((1.0, None, 1.3), [0, 0.1, 0.3]),
        ((0.0, 0.0, 0.0), [0, 0.1, 0.2]),
        ((0.1, 0.4, 0.3, 0.5), [0, 0.3, 0.3, 0.4]),
        ((8.0, 8.1, 0.0, 0.1), [0, 0.1, 0.2, 0.3]),
        ((0.0, 30.0, 30.1), [0, 30.0, 30.1]),
    ],
    ids=[
        "late", "negative", "none", "none at first", "one missing", "all the same", "disorder",
        "a file after another", "a picture that stays",
    ],
)  # fmt: skip
def test_pictures_follow_each_other(
    stated: tuple[float | None, ...], expected: list[float]
) -> None:
    assert shown(*stated) == pytest.approx(expected)


def test_a_stream_may_jump_ahead_where_its_format_lets_it() -> None:
    assert shown(0.0, 95_000.0, 95_000.1, may_jump=True) == pytest.approx([0, 0.1, 0.2])
    assert shown(0.0, 3.0, may_jump=True) == pytest.approx([0, 3.0])
