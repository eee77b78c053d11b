"""The prepared frames of a clip, made once and kept beside it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from farm.experiment import Size
from farm.media.camera import Planes
from farm.media.clips import Clip, code_of, made_once
from farm.media.light_bank import light_bank


def with_light_bank(clip: Clip) -> Clip:
    """The clip with its bank (`light_bank` says what is in it); seconds of work the first time.

    Raises BadInput, NoSpace as `prepare` does.
    """
    path = clip.video.with_suffix(f".{code_of('light_bank.py')}.vp8bank")
    made_once(
        path,
        lambda out: out.write(
            light_bank(_pictures(clip.video, clip.size), clip.size, clip.frame_rate).encoded()
        ),
    )
    return replace(clip, light_bank=path)


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
