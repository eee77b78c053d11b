"""The mixed picture: yuv420p, drawn tile by tile."""

from __future__ import annotations

from collections.abc import Sequence

import av
import numpy as np
import numpy.typing as npt

from infra.embedded_kurento.composite.layout import Tile

_BLACK = (16, 128, 128)


class Canvas:
    """One picture into which each frame of the mix is drawn."""

    def __init__(self, width: int, height: int) -> None:
        self.picture = av.VideoFrame(width, height, "yuv420p")
        self._planes = _planes(self.picture)
        self._drawn: tuple[Tile, ...] = ()
        self.clear()

    def clear(self) -> None:
        for plane, level in zip(self._planes, _BLACK, strict=True):
            plane[:] = level

    def lay_out(self, where: Sequence[Tile]) -> None:
        """Set where pictures will be drawn; a change turns the canvas black first."""
        if tuple(where) != self._drawn:
            self._drawn = tuple(where)
            self.clear()

    def draw(self, tile: Tile, picture: av.VideoFrame) -> None:
        """Copy a yuv420p picture of the tile's size to its place."""
        for index, (plane, source) in enumerate(zip(self._planes, _planes(picture), strict=True)):
            halved = 2 if index else 1
            top, left = tile.top // halved, tile.left // halved
            rows, columns = source.shape
            plane[top : top + rows, left : left + columns] = source


def _planes(picture: av.VideoFrame) -> list[npt.NDArray[np.uint8]]:
    """Views of the three planes, without the padding of their rows."""
    views = []
    for index, plane in enumerate(picture.planes):
        rows: npt.NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
        halved = 2 if index else 1
        rows = rows.reshape(-1, plane.line_size)
        views.append(rows[: -(-picture.height // halved), : -(-picture.width // halved)])
    return views
