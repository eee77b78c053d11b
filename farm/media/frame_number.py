"""A number that a frame carries through a codec and a mixer, drawn and read back.

The block is three rows of black and white cells in a black frame. Every row reads

    white, black, white, white, black, eight bits, black, white

The first five and the last two cells are the same in each row: by them a reader finds the block,
its scale and its height anywhere in a picture, however it was scaled. The 24 bits are the clip's
identity (4), the frame's number (12) and a CRC-8 of both, so that noise is not read as a number.
Cells are a 24th of the picture's height wide: 10 pixels at
320x240, and 12 where a member of a mixed room is shown at 400x300.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]
"""Rows of luma, shape (height, width), 0 black to 255 white."""

IDENTITIES = 16
NUMBERS = 4096

_ROWS = 3
_BITS = 8
_FIRST_BIT = 5
_LAST_WHITE = 14
_CELLS = 15
_WHITE, _BLACK = 230, 20
_THRESHOLD = 126
_WHITE_GUARDS, _BLACK_GUARDS = (0, 2, 3, 14), (1, 4, 13)
_LEAST_CONTRAST = 60.0
_LEAST_CELL = 2.5


@dataclass(frozen=True, slots=True)
class Box:
    """Where a block was found: pixels from the picture's top left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Reading:
    """One block: whose clip it is (`identity`, 0 to 15), which frame (0 to 4095), and where."""

    identity: int
    number: int
    box: Box


def draw_block(luma: Luma, identity: int, number: int) -> None:
    """Draw the block into the top left corner of a picture, in place.

    Raises ValueError for an identity or number out of range, or a picture too small to hold it.
    """
    if not (0 <= identity < IDENTITIES and 0 <= number < NUMBERS):
        raise ValueError(f"identity {identity} or number {number} is out of range")
    height, width = luma.shape
    cell = block_cell(height)
    row = round(cell * 1.25)
    if (_CELLS + 3) * cell > width:
        raise ValueError(f"{width}x{height} is too small to carry a frame number")
    left = top = cell
    luma[top - cell : top + _ROWS * row + cell, left - cell : left + (_CELLS + 1) * cell] = _BLACK
    payload = identity << 12 | number
    words = (payload >> 8, payload & 0xFF, _crc8(payload))
    for index, word in enumerate(words):
        bits = [(word >> (_BITS - 1 - bit)) & 1 for bit in range(_BITS)]
        cells = [1, 0, 1, 1, 0, *bits, 0, 1]
        levels = np.repeat(np.where(cells, _WHITE, _BLACK).astype(np.uint8), cell)
        y = top + index * row
        luma[y : y + row, left : left + _CELLS * cell] = levels


def block_cell(picture_height: int) -> int:
    """Width of a cell, in pixels, in a picture of that height."""
    return max(2, round(picture_height / 24))


def block_size(picture_height: int) -> tuple[int, int]:
    """Width and height of the block in such a picture, its frame included, from the corner on."""
    cell = block_cell(picture_height)
    return (_CELLS + 2) * cell, 2 * cell + _ROWS * round(cell * 1.25)


def read_frame_number(luma: Luma) -> int | None:
    """The number in a picture that shows one clip; `None` where none can be read for sure."""
    readings = read_all(luma)
    return readings[0].number if len(readings) == 1 else None


def read_all(luma: Luma) -> list[Reading]:
    """Every block whose CRC is right, by identity: in a mix, one a member."""
    found = [_read_block(luma, *place) for place in _find_blocks(luma)]
    return sorted(
        (reading for reading in found if reading is not None),
        key=lambda reading: (reading.identity, reading.box.top, reading.box.left),
    )


def _crc8(payload: int) -> int:
    """CRC-8 (polynomial 0x07, start 0xFF) of 16 bits; all black is not a valid block."""
    crc = 0xFF
    for byte in (payload >> 8, payload & 0xFF):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07) & 0xFF if crc & 0x80 else crc << 1
    return crc


def _find_blocks(luma: Luma) -> list[tuple[float, float, int, int]]:
    """Places that look like a block's rows: (left, cell width, first row, last row)."""
    rows, lefts, cells = _find_guards(luma)
    tracks: list[dict[str, Any]] = []
    for y, left, cell in zip(rows.tolist(), lefts.tolist(), cells.tolist(), strict=True):
        for track in tracks:
            near = abs(track["lefts"][-1] - left) < cell / 2
            like = abs(track["cells"][-1] - cell) < cell / 5
            if near and like and y - track["last"] <= max(2, cell / 3):
                track["last"] = y
                track["lefts"].append(left)
                track["cells"].append(cell)
                break
        else:
            tracks.append({"first": y, "last": y, "lefts": [left], "cells": [cell]})
    return [
        (float(np.median(t["lefts"])), float(np.median(t["cells"])), t["first"], t["last"])
        for t in tracks
        if t["last"] - t["first"] + 1 >= 2 * np.median(t["cells"])
    ]


def _find_guards(
    luma: Luma,
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp], npt.NDArray[np.float64]]:
    """Find, in all rows at once, where white, black, 2 x white begins and a last white fits it."""
    light = np.pad(luma > _THRESHOLD, ((0, 0), (1, 1))).astype(np.int8)
    step = np.diff(light, axis=1)
    rows, columns = np.nonzero(step)
    rising = step[rows, columns] > 0
    if len(rows) < 4:
        nothing = np.empty(0, np.intp)
        return nothing, nothing, np.empty(0, np.float64)
    start = np.flatnonzero(rising[:-3] & (rows[:-3] == rows[3:]))
    e0, e1, e2, e3 = (columns[start + i] for i in range(4))
    # Blur makes white wider or narrower: edges of the same kind are compared, where that cancels.
    cell = ((e2 - e0) + (e3 - e1)) / 5
    fits = (
        (cell >= _LEAST_CELL)
        & (np.abs(e1 - e0 - cell) < cell * 0.5)
        & (np.abs(e2 - e0 - 2 * cell) < cell * 0.4 + 1)
        & (np.abs(e3 - e1 - 3 * cell) < cell * 0.4 + 1)
    )
    start, cell = start[fits], cell[fits]
    y, left = rows[start], columns[start]
    ups, up_rows = columns[rising], rows[rising]
    # Rising edges are ordered by row and column: as one number each, the nearest can be looked up.
    stride = luma.shape[1] + 1
    keys = up_rows * stride + ups
    wanted = y * stride + left + _LAST_WHITE * cell
    after = np.clip(np.searchsorted(keys, wanted), 0, len(keys) - 1)
    before = np.maximum(after - 1, 0)
    nearest = np.where(
        np.abs(keys[after] - wanted) < np.abs(keys[before] - wanted), keys[after], keys[before]
    )
    ends = np.abs(nearest - wanted) < cell
    refined = (nearest - y * stride - left) / _LAST_WHITE
    return y[ends], left[ends], refined[ends]


def _read_block(luma: Luma, left: float, cell: float, first: int, last: int) -> Reading | None:
    row = (last - first + 1) / _ROWS
    levels = np.empty((_ROWS, _CELLS))
    for r in range(_ROWS):
        y0, y1 = first + (r + 0.25) * row, first + (r + 0.75) * row
        for c in range(_CELLS):
            x0, x1 = left + (c + 0.25) * cell, left + (c + 0.75) * cell
            patch = luma[round(y0) : max(round(y1), round(y0) + 1)]
            patch = patch[:, round(x0) : max(round(x1), round(x0) + 1)]
            if patch.size == 0:
                return None
            levels[r, c] = patch.mean()
    white = levels[:, _WHITE_GUARDS].mean()
    black = levels[:, _BLACK_GUARDS].mean()
    if white - black < _LEAST_CONTRAST:
        return None
    cells = (levels - black) / (white - black)
    if np.any((cells > 0.35) & (cells < 0.65)):
        return None
    ones = cells > 0.5
    if not ones[:, _WHITE_GUARDS].all() or ones[:, _BLACK_GUARDS].any():
        return None
    weights = 1 << np.arange(_BITS - 1, -1, -1)
    words = ones[:, _FIRST_BIT : _FIRST_BIT + _BITS] @ weights
    payload = int(words[0]) << 8 | int(words[1])
    if _crc8(payload) != int(words[2]):
        return None
    box = Box(left, float(first), _CELLS * cell, float(last - first + 1))
    return Reading(payload >> 12, payload & 0xFFF, box)
