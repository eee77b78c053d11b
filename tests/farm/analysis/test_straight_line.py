from __future__ import annotations

import pytest

from farm.analysis.straight_line import line_through


def test_points_on_a_line_are_not_off_it() -> None:
    points = [(2.0, 11.0), (4.0, 19.0), (12.0, 51.0)]
    line = line_through(points)
    assert (line.slope, line.intercept) == pytest.approx((4, 3))
    assert [line.off(x, y) for x, y in points] == pytest.approx([0, 0, 0])


def test_a_point_above_the_line_is_off_by_more_than_nothing() -> None:
    line = line_through([(0.0, 0.0), (1.0, 3.0), (2.0, 0.0)])
    assert [line.off(0, 0), line.off(1, 3)] == pytest.approx([-1, 2])
