"""The frames of a user's video file: upright, scaled to fit, at the camera's frame rate.

Colours become BT.601 with luma from 16 to 235, which Chromium assumes for a camera's file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.sidedata.sidedata import SideDataContainer, Type
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    VideoReformatter,
)

from farm.errors import BadInput
from farm.media.camera import Planes
from farm.media.media_file import decoded, opened, video_of
from farm.media.picture_times import PictureTimes
from farm.model.setting import Size

SETTING = "media.video"

UNKNOWN_RATE = 25
"""Frames a second of a stream that states neither times nor a rate, as in FFmpeg."""

_MAY_JUMP = 0x200  # AVFMT_TS_DISCONT
_UNSPECIFIED = 2  # AVCOL_SPC_UNSPECIFIED
_HDR = frozenset({ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67})
_HD_HEIGHT = 720
_UNNAMED = sorted(set(range(32)) - {kind.value for kind in Type})


def file_pictures(path: Path, size: Size, frame_rate: int, loop_s: float) -> Iterator[Planes]:
    """`loop_s` of the file's frames: at each tick the last that has begun; repeated if shorter.

    Raises BadInput.
    """
    wanted = round(loop_s * frame_rate)
    kept: list[Planes] = []
    last: Planes | None = None
    end_s = 0.0

    def show_until(end_s: float) -> None:
        while last is not None and len(kept) < wanted and len(kept) / frame_rate < end_s - 1e-6:
            kept.append(last)

    with opened(SETTING, path) as container:
        for at_s, stays_s, picture in _pictures(container, path, size):
            show_until(at_s)
            if len(kept) == wanted:
                break
            last, end_s = picture, at_s + stays_s
    if last is None:
        raise BadInput(f"{SETTING}: {path}: no frame in it")
    # A single frame needs a tick to be seen.
    show_until(max(end_s, 1 / frame_rate))
    for number in range(wanted):
        yield kept[number % len(kept)]


def _pictures(
    container: av.container.InputContainer, path: Path, size: Size
) -> Iterator[tuple[float, float, Planes]]:
    """Each frame with its time since the first and its duration, in seconds."""
    stream = video_of(container, SETTING, path)
    times = PictureTimes(bool(container.format.flags & _MAY_JUMP))
    usual_s = 1 / float(stream.guessed_rate or UNKNOWN_RATE)
    coded = (stream.width, stream.height)
    fitting = _Fitting(size, VideoReformatter())
    for frame in decoded(container, stream, av.VideoFrame):
        stays_s = float(frame.duration * (frame.time_base or 0)) or usual_s
        # The container's pixel aspect ratio holds for frames of the size that it states.
        as_coded = (frame.width, frame.height) == coded
        pixel = stream.sample_aspect_ratio if as_coded else stream.codec_context.sample_aspect_ratio
        yield times.of(frame.time, stays_s), stays_s, fitting.fitted(frame, pixel or Fraction(1))


@dataclass(frozen=True, slots=True)
class _Fitting:
    """Scales frames to fit into `size`: whole, upright, centred on black."""

    size: Size
    scaler: VideoReformatter

    def fitted(self, frame: av.VideoFrame, pixel: Fraction) -> Planes:
        """The frame, fitted; `pixel` is the aspect ratio of a pixel (width by height)."""
        turned, mirrored, upside_down = _turns(frame)
        shape = frame.width / frame.height * float(pixel)
        shape = 1 / shape if turned else shape
        width = max(2, min(self.size.width, round(self.size.height * shape / 2) * 2))
        height = max(2, min(self.size.height, round(self.size.width / shape / 2) * 2))
        scaled = self._scaled(frame, *((height, width) if turned else (width, height)))
        left, top = (self.size.width - width) // 4 * 2, (self.size.height - height) // 4 * 2
        planes = []
        for index, (black, halved) in enumerate(((16, 1), (128, 2), (128, 2))):
            plane = np.full(
                (self.size.height // halved, self.size.width // halved), black, np.uint8
            )
            source = scaled.planes[index]
            rows = np.frombuffer(bytes(source), np.uint8).reshape(-1, source.line_size)
            rows = rows[: source.height, : source.width]
            rows = rows.T if turned else rows
            rows = rows[:: -1 if upside_down else 1, :: -1 if mirrored else 1]
            y, x = top // halved, left // halved
            plane[y : y + height // halved, x : x + width // halved] = rows
            planes.append(plane)
        return planes[0], planes[1], planes[2]

    def _scaled(self, frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
        # As in Chromium, frames without a colour space are BT.601 or, from 720 lines on, BT.709.
        silent = frame.colorspace == _UNSPECIFIED and not frame.format.is_rgb
        matrix = Colorspace.ITU709 if silent and frame.height >= _HD_HEIGHT else None
        hdr = frame.color_trc in _HDR
        if frame.interlaced_frame:
            # One of its fields only: as from a camera, movement leaves no comb artefacts.
            frame = _filtered(frame, ("field", "top"))
        if any(component.is_alpha for component in frame.format.components):
            seen = self.scaler.reformat(frame, format="rgba", src_colorspace=matrix)
            frame, matrix = _over_black(seen), None
        return self.scaler.reformat(
            frame,
            width,
            height,
            "yuv420p",
            src_colorspace=matrix,
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.MPEG,
            dst_color_trc=ColorTrc.BT709 if hdr else None,
            dst_color_primaries=ColorPrimaries.BT709 if hdr else None,
            threads=1,
        )


def _turns(frame: av.VideoFrame) -> tuple[bool, bool, bool]:
    """The steps that make it upright: swap rows and columns, then mirror, then turn upside down.

    By its display matrix (ISO/IEC 14496-12, 8.5.3): x' = a x + c y, y' = b x + d y. An angle is
    rounded to the nearest quarter turn.
    """
    sides = _side_data(frame)
    if "DISPLAYMATRIX" not in sides:
        return False, False, False
    a, b, _, c, d = np.frombuffer(bytes(sides["DISPLAYMATRIX"]), "=i4")[:5].tolist()
    if abs(b) > abs(a):
        return True, c < 0, b < 0
    return False, a < 0, d < 0


def _side_data(frame: av.VideoFrame) -> SideDataContainer:
    """The frame's side data of kinds that PyAV can name; for others it would raise ValueError."""
    try:
        return cast(SideDataContainer, frame.side_data)
    except ValueError:
        without = _filtered(frame, *(("sidedata", f"mode=delete:type={each}") for each in _UNNAMED))
        return cast(SideDataContainer, without.side_data)


def _filtered(frame: av.VideoFrame, *filters: tuple[str, str]) -> av.VideoFrame:
    """The frame after filters of FFmpeg's, each with its arguments, that need no other frame."""
    graph = av.filter.Graph()
    shape = f"video_size={frame.width}x{frame.height}:pix_fmt={frame.format.name}:time_base=1/1"
    nodes = [graph.add(name, arguments) for name, arguments in (("buffer", shape), *filters)]
    graph.link_nodes(*nodes, graph.add("buffersink")).configure()
    graph.vpush(frame)
    return graph.vpull()


def _over_black(frame: av.VideoFrame) -> av.VideoFrame:
    """The frame as RGB, its transparent parts on black."""
    pixels = frame.to_ndarray()
    seen = pixels[..., :3] * (pixels[..., 3:] / np.float32(255))
    return av.VideoFrame.from_ndarray(np.rint(seen).astype(np.uint8), format="rgb24")
