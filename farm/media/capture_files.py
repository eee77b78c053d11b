"""The files that Chromium plays as a camera (Y4M) and a microphone (WAV).

Y4M and not MJPEG, which Chromium also reads: capturing 640x480 at 20 frames a second cost Chromium
156 1.4 % of a core from Y4M and 4.4 % from MJPEG, whose frames it has to decode. Y4M takes more
page cache, 92 MB instead of 10, once for all the probes of a browser.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable
from typing import IO

from farm.media.camera import Planes
from farm.media.speech import SAMPLE_RATE, Samples
from farm.model.setting import Size


def write_y4m(out: IO[bytes], frames: Iterable[Planes], size: Size, frame_rate: int) -> None:
    """Write a file for Chromium's `--use-file-for-fake-video-capture`."""
    out.write(f"YUV4MPEG2 W{size.width} H{size.height} F{frame_rate}:1 Ip A1:1 C420\n".encode())
    for planes in frames:
        out.write(b"FRAME\n")
        for plane in planes:
            out.write(plane.tobytes())


def write_wav(out: IO[bytes], samples: Samples) -> None:
    """Write a file for Chromium's `--use-file-for-fake-audio-capture`."""
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes(samples.astype("<i2").tobytes())
