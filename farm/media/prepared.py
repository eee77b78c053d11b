"""The prepared frames of a clip, made once and kept beside it: a bank for each codec and size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from farm.media.camera import Planes
from farm.media.clip_cache import code_of, made_once
from farm.media.clips import Clip
from farm.media.h264_pairs import H264Pairs, can_encode
from farm.media.light_bank import Pairs, light_bank
from farm.media.planes import scaled
from farm.media.vp8_pairs import Vp8Pairs
from farm.model.setting import Size

_CODE = ("light_bank.py", "planes.py")
_VP8 = ("vp8_pairs.py",)
_H264 = ("h264_pairs.py", "h264_bitstream.py")


SCALES = (1, 2, 4)
"""Of the clip's width to that of a simulcast layer, as pages usually have them."""


@dataclass(frozen=True, slots=True)
class _Codec:
    """A codec: its name, the files that encode it, the scales at which there are frames of it."""

    name: str
    code: tuple[str, ...]
    pairs: Callable[[Size], Pairs]
    scales: tuple[int, ...]


def with_light_banks(clip: Clip) -> Clip:
    """The clip with its banks (see `light_bank`); the first time that takes seconds.

    Their names are `vp8`, and `vp8/2` for pictures of half the width; `h264` where this PyAV can
    encode it. Raises BadInput, NoSpace as `prepare` does.
    """
    codecs = [_Codec("vp8", _VP8, Vp8Pairs, SCALES)]
    if can_encode():
        codecs.append(_Codec("h264", _H264, H264Pairs, (1,)))
    banks = {}
    for codec in codecs:
        for scale in codec.scales:
            size = Size(clip.size.width // scale, clip.size.height // scale)
            name = codec.name if scale == 1 else f"{codec.name}/{scale}"
            banks[name] = _bank(clip, codec, scale, size)
    return replace(clip, light_banks=banks)


def _bank(clip: Clip, codec: _Codec, scale: int, size: Size) -> Path:
    of_scale = "" if scale == 1 else f"{scale}."
    return made_once(
        clip.video.with_suffix(f".{code_of(*_CODE, *codec.code)}.{of_scale}{codec.name}bank"),
        lambda out: out.write(
            light_bank(
                _pictures(clip.video, clip.size, size), size, clip.frame_rate, codec.pairs
            ).encoded()
        ),
    )


def _pictures(path: Path, size: Size, wanted: Size) -> Iterator[Planes]:
    """The pictures of a Y4M file that the farm wrote, at the size that is wanted."""
    luma, chroma = size.width * size.height, size.width * size.height // 4
    with path.open("rb") as file:
        file.readline()
        while file.readline() == b"FRAME\n":
            planes = [
                np.frombuffer(file.read(length), np.uint8) for length in (luma, chroma, chroma)
            ]
            y, u, v = planes
            half = (size.height // 2, size.width // 2)
            shown = y.reshape(size.height, size.width), u.reshape(half), v.reshape(half)
            yield shown if wanted == size else scaled(shown, wanted)
