"""The prepared frames of a clip, made once and kept beside it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from farm.media.camera import Planes
from farm.media.clip_cache import code_of, made_once
from farm.media.clips import Clip
from farm.media.h264_pairs import H264Pairs, can_encode
from farm.media.light_bank import Pairs, light_bank
from farm.media.vp8_pairs import Vp8Pairs
from farm.model.setting import Size

_CODE = ("light_bank.py", "planes.py")
_VP8 = ("vp8_pairs.py",)
_H264 = ("h264_pairs.py", "h264_bitstream.py")


def with_light_banks(clip: Clip) -> Clip:
    """The clip with its banks (see `light_bank`); the first time that takes seconds.

    One of each codec that this PyAV can encode. Raises BadInput, NoSpace as `prepare` does.
    """
    banks = {"vp8": _bank(clip, "vp8", _VP8, Vp8Pairs)}
    if can_encode():
        banks["h264"] = _bank(clip, "h264", _H264, H264Pairs)
    return replace(clip, light_banks=banks)


def _bank(clip: Clip, codec: str, code: tuple[str, ...], pairs: Callable[[Size], Pairs]) -> Path:
    return made_once(
        clip.video.with_suffix(f".{code_of(*_CODE, *code)}.{codec}bank"),
        lambda out: out.write(
            light_bank(
                _pictures(clip.video, clip.size), clip.size, clip.frame_rate, pairs
            ).encoded()
        ),
    )


def _pictures(path: Path, size: Size) -> Iterator[Planes]:
    """The pictures of a Y4M file that the farm wrote."""
    luma, chroma = size.width * size.height, size.width * size.height // 4
    with path.open("rb") as file:
        file.readline()
        while file.readline() == b"FRAME\n":
            planes = [
                np.frombuffer(file.read(length), np.uint8) for length in (luma, chroma, chroma)
            ]
            y, u, v = planes
            half = (size.height // 2, size.width // 2)
            yield y.reshape(size.height, size.width), u.reshape(half), v.reshape(half)
