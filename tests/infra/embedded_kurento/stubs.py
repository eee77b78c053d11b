"""Elements without a network: they give out coded media and read what they are given."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable, Iterator
from typing import ClassVar

import av
import numpy as np

from farm.media.frame_number import Reading, read_all
from farm.model.setting import Size
from infra.embedded_kurento.codecs import (
    OPUS,
    SAMPLE_RATE,
    OpusDecoder,
    OpusEncoder,
    Samples,
    Vp8Decoder,
    Vp8Encoder,
)
from infra.embedded_kurento.elements import MediaElement
from infra.embedded_kurento.media import MediaKind, MediaSink, MediaSource, RtpPacket
from infra.embedded_kurento.objects import MediaObject, ObjectTree
from infra.embedded_kurento.rtp_writer import RtpWriter
from infra.embedded_kurento.vp8 import VP8, Vp8Assembler
from tests.infra.embedded_kurento.film import pictures

FRAME_RATE = 10


class Member(MediaElement):
    """Sends a numbered camera and a tone; reads the pictures and sound it gets."""

    type_name: ClassVar[str] = "PassThrough"

    def __init__(self, tree: ObjectTree, parent: MediaObject, object_id: str) -> None:
        super().__init__(tree, parent, object_id)
        self.key_frames_asked = 0
        self.limit_bps: float | None = None
        self.seen: list[list[Reading]] = []
        self.sizes: set[tuple[int, int]] = set()
        self.video_bytes = 0
        self.key_frames = 0
        self.heard: list[Samples] = []
        self.video = MediaSource(MediaKind.VIDEO, self._asked)
        self.audio = MediaSource(MediaKind.AUDIO)
        self.give(self.video)
        self.give(self.audio)
        self.take(_Eyes(self))
        self.take(_Ears(self))

    async def send(self, identity: int, tone_hz: float | None, size: Size, seconds: float) -> None:
        """Numbered pictures of that clip and a tone (0: silence, None: no sound), in real time."""
        clock = asyncio.get_running_loop().time
        video, audio = RtpWriter(self.video, VP8), RtpWriter(self.audio, OPUS)
        coder, voice = Vp8Encoder(size.width, size.height, FRAME_RATE), OpusEncoder()
        sound = iter(()) if tone_hz is None else tone(tone_hz, seconds)
        begun_s = clock()
        for number, picture in enumerate(pictures(size, FRAME_RATE, seconds, identity)):
            await asyncio.sleep(max(0.0, begun_s + number / FRAME_RATE - clock()))
            asked, self.key_frames_asked = self.key_frames_asked, 0
            frame = coder.encode(picture, number / FRAME_RATE, 200_000, asked > 0)
            if frame:
                video.write(frame, clock())
            for samples in itertools.islice(sound, SAMPLE_RATE // FRAME_RATE // 960):
                audio.write(voice.encode(samples), clock())

    def _asked(self) -> None:
        self.key_frames_asked += 1


class _Eyes(MediaSink):
    def __init__(self, member: Member) -> None:
        super().__init__(MediaKind.VIDEO)
        self._member = member
        self._assembler = Vp8Assembler()
        self._decoder = Vp8Decoder()

    def push(self, packet: RtpPacket) -> bool:
        self._member.video_bytes += len(packet.payload)
        frame = self._assembler.push(packet)
        if frame is not None:
            self._member.key_frames += frame.is_key
            picture = self._decoder.decode(frame.data)
            assert isinstance(picture, av.VideoFrame)
            self._member.sizes.add((picture.width, picture.height))
            self._member.seen.append(read_all(picture.to_ndarray()[: picture.height]))
        return True

    def limit_bps(self, now_s: float) -> float | None:
        return self._member.limit_bps


class _Ears(MediaSink):
    def __init__(self, member: Member) -> None:
        super().__init__(MediaKind.AUDIO)
        self._member = member
        self._decoder = OpusDecoder()

    def push(self, packet: RtpPacket) -> bool:
        self._member.heard.append(self._decoder.decode(packet.payload))
        return True


def tone(frequency_hz: float, seconds: float) -> Iterator[Samples]:
    """20 ms after 20 ms of a sine at a quarter of full scale."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    samples = (8000 * np.sin(2 * np.pi * frequency_hz * t)).astype(np.int16)
    yield from samples.reshape(-1, 960)


def loudness_at(frequency_hz: float, heard: Iterable[Samples]) -> float:
    """Amplitude of a frequency in what was heard, 1.0 for full scale."""
    samples = np.concatenate(list(heard)).astype(float)
    t = np.arange(len(samples)) / SAMPLE_RATE
    wave = np.exp(-2j * np.pi * frequency_hz * t)
    return float(2 * abs((samples * wave).mean()) / 32768)
