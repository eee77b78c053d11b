"""The thread that reads a file in real time and encodes it for sending."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import av

from farm.media.one_channel import placed
from infra.embedded_kurento.codecs import (
    SAMPLE_RATE,
    SAMPLES_PER_PACKET,
    OpusEncoder,
    Vp8Encoder,
)
from infra.embedded_kurento.worker import Worker

_LOOK_S = 0.05
_USUAL_FRAME_RATE = 25

Write = Callable[[bytes, float], None]
"""Called on the event loop's thread with a coded frame and when it is to be shown (monotonic)."""


class Playback:
    """One playback of a file. The attributes may be set and read from any thread."""

    def __init__(self, path: Path, write_video: Write, write_audio: Write) -> None:
        self.bitrate_bps = 0
        self.wants_key_frame = False
        self.paused = False
        self.duration_ms = 0
        self.position_ms = 0
        self._path = path
        self._write_video = write_video
        self._write_audio = write_audio
        self._began_s: float | None = None

    def run(self, worker: Worker) -> None:
        """Play to the end, or until the worker stops. Raises OSError, `av.FFmpegError`."""
        with av.open(str(self._path), metadata_errors="replace") as container:
            self.duration_ms = (container.duration or 0) // 1000
            wanted = [*container.streams.video[:1], *container.streams.audio[:1]]
            to_mono, heard = _to_mono(), None
            sound = OpusEncoder()
            pictures: Vp8Encoder | None = None
            size = (0, 0)
            for frame in container.decode(wanted):
                if not isinstance(frame, av.VideoFrame | av.AudioFrame):
                    continue
                at_s = self._wait_for(frame.time or 0.0, worker)
                if at_s is None:
                    return
                if isinstance(frame, av.AudioFrame):
                    # Channels and rate may change within the file.
                    mixable = placed(frame)
                    if heard != (heard := _kind(mixable)):
                        to_mono = _to_mono()
                    for index, part in enumerate(to_mono.resample(mixable)):
                        coded = sound.encode(part.to_ndarray()[0])
                        later_s = index * SAMPLES_PER_PACKET / SAMPLE_RATE
                        worker.tell(self._write_audio, coded, at_s + later_s)
                    continue
                if pictures is None:
                    # The first picture's size is kept: a call's recording may change it.
                    size = (frame.width // 2 * 2, frame.height // 2 * 2)
                    rate = container.streams.video[0].average_rate or _USUAL_FRAME_RATE
                    pictures = Vp8Encoder(*size, round(rate))
                key, self.wants_key_frame = self.wants_key_frame, False
                picture = frame.reformat(*size, "yuv420p", threads=1)
                coded = pictures.encode(picture, at_s, self.bitrate_bps, key)
                if coded:
                    worker.tell(self._write_video, coded, at_s)

    def _wait_for(self, media_s: float, worker: Worker) -> float | None:
        """Wait until a time of the file is due; returns when that is, None if the worker stops."""
        while self.paused:
            if worker.stopping.wait(_LOOK_S):
                return None
            if self._began_s is not None:
                self._began_s = time.monotonic() - self.position_ms / 1000
        if self._began_s is None:
            self._began_s = time.monotonic() - media_s
        at_s = self._began_s + media_s
        if worker.stopping.wait(max(0.0, at_s - time.monotonic())):
            return None
        self.position_ms = round(media_s * 1000)
        return at_s


def _to_mono() -> av.AudioResampler:
    return av.AudioResampler("s16", "mono", SAMPLE_RATE, SAMPLES_PER_PACKET)


def _kind(frame: av.AudioFrame) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate
