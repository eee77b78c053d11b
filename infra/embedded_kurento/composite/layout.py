"""Where each member's picture goes in a mixed one. Pure.

As in Kurento's Composite there are as many columns as the square root of the number of members,
rounded up, and as many rows as are needed; members fill them in the order in which they came. Two
stand side by side, three and four share a grid of two by two. Pictures keep their shape, with black
bars.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the mixed picture, in pixels; all even, as yuv420p wants it."""

    left: int
    top: int
    width: int
    height: int


def tiles(count: int, width: int, height: int) -> list[Tile]:
    """`count` tiles of a picture of `width` x `height`."""
    if count == 0:
        return []
    columns = math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    across, down = width // columns, height // rows
    return [
        Tile(
            _even(index % columns * across),
            _even(index // columns * down),
            _even(across),
            _even(down),
        )
        for index in range(count)
    ]


def fitted(tile: Tile, width: int, height: int) -> Tile:
    """The largest part of `tile`, in its middle, with the shape of `width` x `height`."""
    shown_width = min(tile.width, _even(round(tile.height * width / height)))
    shown_height = min(tile.height, _even(round(tile.width * height / width)))
    return Tile(
        tile.left + _even((tile.width - shown_width) // 2),
        tile.top + _even((tile.height - shown_height) // 2),
        max(2, shown_width),
        max(2, shown_height),
    )


def _even(pixels: int) -> int:
    return pixels // 2 * 2
