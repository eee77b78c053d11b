"""Coded media without a browser: the drawn camera and voice, as packets and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from farm.media.camera import camera_frames
from farm.media.speech import SAMPLE_RATE, speech
from farm.model.setting import Size


def pictures(size: Size, frame_rate: int, seconds: float, identity: int) -> Iterator[av.VideoFrame]:
    """The camera's frames, as PyAV has them."""
    for planes in camera_frames(size, frame_rate, seconds, identity):
        packed = np.concatenate([plane.ravel() for plane in planes])
        yield av.VideoFrame.from_ndarray(
            packed.reshape(size.height * 3 // 2, size.width), format="yuv420p"
        )


def write_film(path: Path, size: Size, frame_rate: int, seconds: float, identity: int) -> None:
    """A WebM file of the camera, numbered, with the voice."""
    with av.open(str(path), "w", format="webm") as container:
        video = container.add_stream("libvpx", rate=frame_rate)
        video.width, video.height, video.pix_fmt = size.width, size.height, "yuv420p"
        video.codec_context.options = {"deadline": "realtime", "cpu-used": "8"}
        video.bit_rate = 300_000
        audio = container.add_stream("libopus", rate=SAMPLE_RATE, layout="mono", format="s16")
        for index, picture in enumerate(pictures(size, frame_rate, seconds, identity)):
            picture.pts, picture.time_base = index, Fraction(1, frame_rate)
            container.mux(video.encode(picture))
        samples = speech(10.0)[: round(seconds * SAMPLE_RATE)]
        for at in range(0, len(samples) - 959, 960):
            sound = av.AudioFrame.from_ndarray(samples[None, at : at + 960], "s16", "mono")
            sound.sample_rate, sound.pts = SAMPLE_RATE, at
            sound.time_base = Fraction(1, SAMPLE_RATE)
            container.mux(audio.encode(sound))
        for stream in (video, audio):
            container.mux(stream.encode(None))
