"""The sound of a user's file, as one channel at the microphone's sample rate."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from farm.errors import BadInput
from farm.media.media_file import audio_of, decoded, opened
from farm.media.one_channel import placed
from farm.media.speech import SAMPLE_RATE, Samples

SETTING = "media.audio"


def file_sound(path: Path, loop_s: float) -> Samples:
    """The first `loop_s` of its sound, in one channel; repeated if shorter. Raises BadInput."""
    wanted = round(loop_s * SAMPLE_RATE)
    chunks: list[Samples] = []
    count = 0
    with opened(SETTING, path) as container:
        for chunk in _chunks(container, path):
            chunks.append(chunk)
            count += len(chunk)
            if count >= wanted:
                break
    if not count:
        raise BadInput(f"{SETTING}: {path}: no sound in it")
    return np.resize(np.concatenate(chunks), wanted)


def _chunks(container: av.container.InputContainer, path: Path) -> Iterator[Samples]:
    """The file's sound in pieces; channels, rate and format may change within a file."""
    kind: tuple[str, str, int] | None = None
    resampler = _resampler()
    track = audio_of(container, SETTING, path)
    for recorded in decoded(container, track, av.AudioFrame):
        frame = placed(recorded)
        if kind != (kind := (frame.format.name, frame.layout.name, frame.sample_rate)):
            yield from _samples(resampler.resample(None))
            resampler = _resampler()
        yield from _samples(resampler.resample(frame))
    yield from _samples(resampler.resample(None))


def _resampler() -> av.AudioResampler:
    return av.AudioResampler(format="s16", layout="mono", rate=SAMPLE_RATE)


def _samples(frames: list[av.AudioFrame]) -> Iterator[Samples]:
    for frame in frames:
        yield frame.to_ndarray()[0]
