"""Decoders and encoders of VP8 and Opus, for elements that need pictures or samples.

All calls take time and belong on a thread of their own; FFmpeg releases the interpreter's lock. An
instance is used by one thread at a time.
"""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from infra.embedded_kurento.media import Codec

OPUS = Codec("OPUS", 48_000, 2)
SAMPLE_RATE = 48_000
SAMPLES_PER_PACKET = 960
"""Samples in an Opus packet of 20 ms."""

Samples = npt.NDArray[np.int16]
"""Sound as samples: mono, 48 kHz."""

_VIDEO_CLOCK_HZ = 90_000
_VOICE_BPS = 32_000


class Vp8Decoder:
    """Encoded frames in, pictures out. After an error it needs a key frame."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("vp8", "r")
        codec.thread_count = 1
        self._codec = codec

    def decode(self, data: bytes) -> av.VideoFrame | None:
        """The picture, if the frame is to be shown. Raises `av.FFmpegError`."""
        pictures = self._codec.decode(av.Packet(data))
        return pictures[-1] if pictures else None


class Vp8Encoder:
    """Pictures of one size in, encoded frames out, in real time at a constant bitrate.

    FFmpeg's libvpx cannot change its rate while it encodes: a new encoder, which begins with a key
    frame, is made when the wanted rate has differed by more than `steadiness` for a while. A lower
    rate is followed sooner than a higher one, as sending too much does more harm.
    """

    steadiness = 0.15
    down_after_s = 0.5
    up_after_s = 2.0

    def __init__(self, width: int, height: int, frame_rate: int) -> None:
        self._size = (width, height)
        self._frame_rate = frame_rate
        self._codec: VideoCodecContext | None = None
        self._bitrate_bps = 0
        self._moved_at_s: float | None = None

    def encode(self, picture: av.VideoFrame, at_s: float, bitrate_bps: int, key: bool) -> bytes:
        """Encode a yuv420p picture shown at `at_s` (any clock, growing); b"" if it was dropped.

        `key` asks for a key frame. The picture's pts and type are overwritten.
        """
        codec = self._codec_for(bitrate_bps, at_s)
        picture.pts = round(at_s * _VIDEO_CLOCK_HZ)
        picture.time_base = Fraction(1, _VIDEO_CLOCK_HZ)
        picture.pict_type = PictureType.I if key else PictureType.NONE
        return b"".join(bytes(packet) for packet in codec.encode(picture))

    def _codec_for(self, wanted_bps: int, at_s: float) -> VideoCodecContext:
        if self._codec is None:
            self._codec = self._open(wanted_bps)
        elif abs(wanted_bps - self._bitrate_bps) <= self.steadiness * self._bitrate_bps:
            self._moved_at_s = None
        elif self._moved_at_s is None:
            self._moved_at_s = at_s
        elif at_s - self._moved_at_s >= (
            self.up_after_s if wanted_bps > self._bitrate_bps else self.down_after_s
        ):
            self._moved_at_s = None
            self._codec = self._open(wanted_bps)
        return self._codec

    def _open(self, bitrate_bps: int) -> VideoCodecContext:
        self._bitrate_bps = bitrate_bps
        codec = av.CodecContext.create("libvpx", "w")
        codec.width, codec.height = self._size
        codec.pix_fmt = "yuv420p"
        codec.time_base = Fraction(1, _VIDEO_CLOCK_HZ)
        codec.framerate = Fraction(self._frame_rate)
        codec.bit_rate = bitrate_bps
        codec.gop_size = 3000
        codec.qmin, codec.qmax = 2, 63
        codec.thread_count = 1
        rate = str(bitrate_bps)
        codec.options = {
            "deadline": "realtime",
            "cpu-used": "-8",
            "lag-in-frames": "0",
            # Equal limits make the rate constant; the buffer holds one second.
            "minrate": rate,
            "maxrate": rate,
            "bufsize": rate,
            "undershoot-pct": "100",
            "overshoot-pct": "15",
            "static-thresh": "1",
        }
        return codec


class OpusDecoder:
    """Opus packets of any length in, mono samples out: the codec mixes stereo down by itself."""

    def __init__(self) -> None:
        self._codec = av.CodecContext.create("libopus", "r")
        self._codec.sample_rate = SAMPLE_RATE
        self._codec.layout = "mono"

    def decode(self, data: bytes) -> Samples:
        """The samples of a packet. Raises `av.FFmpegError`."""
        parts = [frame.to_ndarray()[0] for frame in self._codec.decode(av.Packet(data))]
        return np.concatenate(parts) if parts else np.empty(0, np.int16)


class OpusEncoder:
    """20 ms of mono samples in, an Opus packet out."""

    def __init__(self) -> None:
        codec = av.CodecContext.create("libopus", "w")
        codec.sample_rate = SAMPLE_RATE
        codec.layout = "mono"
        codec.format = "s16"
        codec.bit_rate = _VOICE_BPS
        codec.time_base = Fraction(1, SAMPLE_RATE)
        codec.options = {"application": "voip", "frame_duration": "20", "compression_level": "5"}
        self._codec = codec
        self._pts = 0

    def encode(self, samples: Samples) -> bytes:
        """Encode exactly `SAMPLES_PER_PACKET` samples."""
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="s16", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        frame.pts = self._pts
        self._pts += SAMPLES_PER_PACKET
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))
