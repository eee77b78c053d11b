"""Where members' pictures go."""

from __future__ import annotations

import itertools

import pytest

from infra.embedded_kurento.composite.layout import Tile, fitted, tiles


def test_one_member_has_the_picture_and_two_stand_side_by_side() -> None:
    assert tiles(0, 800, 600) == []
    assert tiles(1, 800, 600) == [Tile(0, 0, 800, 600)]
    assert tiles(2, 800, 600) == [Tile(0, 0, 400, 600), Tile(400, 0, 400, 600)]


def test_three_and_four_share_a_grid() -> None:
    grid = [Tile(x, y, 400, 300) for y in (0, 300) for x in (0, 400)]
    assert tiles(4, 800, 600) == grid
    assert tiles(3, 800, 600) == grid[:3]


@pytest.mark.parametrize("count", range(1, 17))
def test_tiles_never_overlap_and_stay_inside(count: int) -> None:
    places = tiles(count, 800, 600)
    assert len(places) == count
    for place in places:
        assert place.left + place.width <= 800
        assert place.top + place.height <= 600
        assert not any(side % 2 for side in (place.left, place.top, place.width, place.height))
    for one, other in itertools.combinations(places, 2):
        apart = (
            one.left + one.width <= other.left
            or other.left + other.width <= one.left
            or one.top + one.height <= other.top
            or other.top + other.height <= one.top
        )
        assert apart


def test_a_picture_keeps_its_shape_in_the_middle_of_its_tile() -> None:
    tall = Tile(400, 0, 400, 600)
    assert fitted(tall, 640, 480) == Tile(400, 150, 400, 300)
    assert fitted(tall, 640, 360) == Tile(400, 188, 400, 224)
    assert fitted(Tile(0, 0, 400, 300), 480, 640) == Tile(88, 0, 224, 300)
