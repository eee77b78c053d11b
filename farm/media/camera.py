"""The default clip: a person in a room, as a webcam would see them, drawn frame by frame.

An encoder has to work for it as for a camera: a textured room that pans slowly, a head that moves
and talks, sensor noise in each frame. The loop is seamless: everything but the noise moves in
whole cycles. Each frame shows its number twice: as digits for people, as a block for machines.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from farm.media.frame_number import Luma, draw_block
from farm.model.setting import Size

Planes = tuple[Luma, Luma, Luma]
"""Y, U, V as I420 has them: U and V have half the width and half the height."""

_Field = npt.NDArray[np.float32]

# Strong enough that no two frames are the same for a codec, weak enough that 500 kbit/s carry
# 640x480 at 20 frames a second without a lower resolution.
_NOISE = 3.0
_TEXTURE = 26.0

_GLYPHS = {
    "0": ("111", "101", "101", "101", "111"),
    "1": ("010", "110", "010", "010", "111"),
    "2": ("111", "001", "111", "100", "111"),
    "3": ("111", "001", "111", "001", "111"),
    "4": ("101", "101", "111", "001", "001"),
    "5": ("111", "100", "111", "001", "111"),
    "6": ("111", "100", "111", "101", "111"),
    "7": ("111", "001", "010", "010", "010"),
    "8": ("111", "101", "111", "101", "111"),
    "9": ("111", "101", "111", "001", "111"),
    " ": ("000", "000", "000", "000", "000"),
}


def camera_frames(size: Size, frame_rate: int, loop_s: float, identity: int) -> Iterator[Planes]:
    """The frames of one loop, numbered from 0; the same for the same arguments, always.

    `size` is even in both directions. `identity` (0 to 15) goes into the frame-number block and
    changes the room's colour, so that people too can distinguish clips.
    """
    count = round(frame_rate * loop_s)
    rng = np.random.default_rng(identity)
    room = _Room(rng, size, identity)
    margin = 64
    noise = np.rint(rng.normal(0, _NOISE, (size.height + margin, size.width + margin)))
    grain = noise.astype(np.int16)
    for number in range(count):
        luma, u, v = room.at(number / count, loop_s)
        dy, dx = rng.integers(0, margin, 2)
        luma = luma + grain[dy : dy + size.height, dx : dx + size.width]
        picture = np.clip(luma, 16, 235).astype(np.uint8)
        _write(picture, f"{identity} {number:04d}")
        draw_block(picture, identity, number)
        yield picture, _as_bytes(u), _as_bytes(v)


class _Room:
    """Background and person, at a phase of the loop."""

    def __init__(self, rng: np.random.Generator, size: Size, identity: int) -> None:
        self._width, self._height = size.width, size.height
        self._reach = size.width // 20
        wide = size.width + 2 * self._reach + 2
        self._wall: _Field = np.float32(105) + _TEXTURE * _texture(rng, size.height, wide)
        hue = 2 * np.pi * identity / 16
        self._tint = (128 + 14 * np.cos(hue), 128 + 14 * np.sin(hue))
        self._y, self._x = np.mgrid[0 : size.height, 0 : size.width].astype(np.float32)

    def at(self, phase: float, loop_s: float) -> tuple[_Field, _Field, _Field]:
        """Luma and the two halved chroma planes at `phase` (0 to 1) of the loop."""
        turn = 2 * np.pi * phase
        luma = self._pan(self._reach * (1 + np.sin(turn)))
        w, h = self._width, self._height
        cx = w * (0.66 + 0.05 * np.sin(2 * turn) + 0.01 * np.sin(7 * turn))
        cy = h * (0.50 + 0.03 * np.sin(3 * turn))
        body = self._ellipse(cx + w * 0.01 * np.sin(turn), h * 1.12, w * 0.24, h * 0.42, 9)
        head = self._ellipse(cx, cy, h * 0.17, h * 0.23, 7)
        light = 18 * (self._x - cx) / w
        luma += body * (72 + 40 * light / 18 - luma)
        luma += head * (158 + 3 * light - luma)
        for side in (-1, 1):
            eye = self._ellipse(cx + side * h * 0.06, cy - h * 0.04, h * 0.022, h * 0.014, 3)
            luma += eye * (50 - luma)
        # About four syllables a second, in whole cycles of the loop.
        opening = 0.5 + 0.5 * np.sin(round(4 * loop_s) * turn)
        mouth = self._ellipse(cx, cy + h * 0.11, h * 0.05, h * (0.008 + 0.02 * opening), 3)
        luma += mouth * (62 - luma)
        skin, cloth = head[::2, ::2], body[::2, ::2]
        u, v = self._tint
        return luma, _over(u, cloth, 148, skin, 108), _over(v, cloth, 116, skin, 152)

    def _pan(self, offset: float) -> _Field:
        """The wall from `offset` pixels on; between pixels it is interpolated."""
        whole = int(offset)
        part = np.float32(offset - whole)
        near = self._wall[:, whole : whole + self._width]
        far = self._wall[:, whole + 1 : whole + 1 + self._width]
        panned: _Field = near + part * (far - near)
        return panned

    def _ellipse(self, cx: float, cy: float, a: float, b: float, sharpness: float) -> _Field:
        """1 inside, 0 outside, soft at the edge."""
        x = (self._x[:1] - np.float32(cx)) / np.float32(a)
        y = (self._y[:, :1] - np.float32(cy)) / np.float32(b)
        inside: _Field = np.clip((1 - x * x - y * y) * np.float32(sharpness), 0, 1)
        return inside


def _over(
    wall: float, cloth: _Field, cloth_level: float, skin: _Field, skin_level: float
) -> _Field:
    """A chroma plane with the wall, the cloth in front of it and the skin in front of both."""
    plane: _Field = wall + cloth * (cloth_level - np.float32(wall))
    return plane + skin * (skin_level - plane)


def _texture(rng: np.random.Generator, height: int, width: int) -> _Field:
    """Noise whose detail falls with frequency as in photographs; mean 0, deviation 1."""
    spectrum = np.fft.rfft2(rng.normal(size=(height, width)))
    fy = np.fft.fftfreq(height)[:, None] * height
    fx = np.fft.rfftfreq(width)[None, :] * width
    radius = np.hypot(fy, fx)
    radius[0, 0] = np.inf
    field = np.fft.irfft2(spectrum / radius**1.4, s=(height, width))
    unit: _Field = (field / field.std()).astype(np.float32)
    return unit


def _write(picture: Luma, text: str) -> None:
    """Draw digits at the bottom left, white on black."""
    scale = max(1, picture.shape[0] // 60)
    rows = ["0".join(_GLYPHS[c][i] for c in text) for i in range(5)]
    ink = np.array([[int(dot) for dot in f"0{row}0"] for row in rows], np.uint8)
    ink = np.pad(ink, ((1, 1), (0, 0)))
    label = np.kron(np.where(ink, 235, 16).astype(np.uint8), np.ones((scale, scale), np.uint8))
    height, width = label.shape
    picture[-height - scale : -scale, scale : scale + width] = label


def _as_bytes(plane: _Field) -> Luma:
    return np.clip(np.rint(plane), 16, 240).astype(np.uint8)
