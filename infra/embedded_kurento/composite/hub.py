"""The Kurento types Composite and HubPort, through which endpoints join a mixed room."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable
from typing import ClassVar

from infra.embedded_kurento.codecs import OPUS
from infra.embedded_kurento.composite.audio_mixer import AudioMember, AudioMixer
from infra.embedded_kurento.composite.video_mixer import VideoMember, VideoMixer
from infra.embedded_kurento.elements import MediaElement
from infra.embedded_kurento.media import Codec, MediaKind, MediaSink, MediaSource, RtpPacket
from infra.embedded_kurento.objects import MediaObject, ObjectTree
from infra.embedded_kurento.rtp_writer import RtpWriter
from infra.embedded_kurento.vp8 import VP8, Vp8Assembler

LOOK_S = 0.5


class Composite(MediaObject):
    """A hub that mixes its ports' pictures into one, and for each port the sound of the others."""

    type_name: ClassVar[str] = "Composite"

    def __init__(
        self,
        tree: ObjectTree,
        parent: MediaObject,
        object_id: str,
        *,
        width: int = 800,
        height: int = 600,
        framerate: int = 15,
    ) -> None:
        super().__init__(tree, parent, object_id)
        self.video = VideoMixer(object_id, width // 2 * 2, height // 2 * 2, framerate)
        self.audio = AudioMixer(object_id)
        self._looking = asyncio.create_task(self._look_after_ports(), name=f"ports of {object_id}")

    async def close(self) -> None:
        # All are told to stop before any is waited for: the wait may be cancelled.
        self._looking.cancel()
        self.video.stop()
        self.audio.stop()
        await asyncio.wait([self._looking])
        await self.video.close()
        await self.audio.close()

    async def _look_after_ports(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(LOOK_S)
            for port in self.children:
                if isinstance(port, HubPort):
                    port.look_at_flow(loop.time())
                    port.adapt(loop.time())


class HubPort(MediaElement):
    """One place in a hub: its input is mixed in, and its output is the mix.

    The mix is encoded for this port alone, at the lowest bitrate that its receivers can take."""

    type_name: ClassVar[str] = "HubPort"

    def __init__(self, tree: ObjectTree, parent: Composite, object_id: str) -> None:
        super().__init__(tree, parent, object_id)
        self._hub = parent
        pictures = MediaSource(MediaKind.VIDEO, self._ask_key_frame)
        sound = MediaSource(MediaKind.AUDIO)
        self._video = VideoMember(RtpWriter(pictures, VP8).write, self._restart)
        self._audio = AudioMember(RtpWriter(sound, OPUS).write)
        self._video_sink = _VideoSink(self._video, self._refuse)
        self.give(pictures)
        self.give(sound)
        self.take(self._video_sink)
        self.take(_AudioSink(self._audio, self._refuse))
        parent.video.add(self._video)
        parent.audio.add(self._audio)

    async def close(self) -> None:
        self._hub.video.remove(self._video)
        self._hub.audio.remove(self._audio)
        await super().close()

    def adapt(self, now_s: float) -> None:
        """Notice who sends and receives, and how much receivers can take."""
        pictures = self.sources[MediaKind.VIDEO]
        wanted = pictures.limit_bps(now_s)
        least, most = self.values["minEncoderBitrate"], self.values["maxEncoderBitrate"]
        target = self.values["encoderBitrate"] if wanted is None else wanted
        self._video.bitrate_bps = int(max(least, min(most, target)))
        self._video.receives = bool(pictures.sinks)
        self._video.sends = self._video_sink.source is not None
        self._audio.receives = bool(self.sources[MediaKind.AUDIO].sinks)

    def _ask_key_frame(self) -> None:
        self._video.wants_key_frame = True
        self.adapt(asyncio.get_running_loop().time())

    def _restart(self) -> None:
        self._video_sink.restart()

    def _refuse(self, codec: Codec) -> None:
        self.emit(
            "Error",
            description=f"The embedded server mixes VP8 and Opus, and cannot decode {codec.name}",
            errorCode=0,
            type="UNEXPECTED_ELEMENT_ERROR",
        )


class _PortSink(MediaSink):
    """Accepts one codec; calls `refuse` once for each other codec."""

    def __init__(self, kind: MediaKind, codec: Codec, refuse: Callable[[Codec], None]) -> None:
        super().__init__(kind, decodes=True)
        self._codec = codec
        self._refuse = refuse
        self._refused: Codec | None = None

    def push(self, packet: RtpPacket) -> bool:
        if packet.codec.name == self._codec.name:
            self.use(packet)
            return True
        if packet.codec != self._refused:
            self._refused = packet.codec
            self._refuse(packet.codec)
        return False

    @abstractmethod
    def use(self, packet: RtpPacket) -> None: ...


class _VideoSink(_PortSink):
    """Passes whole frames to the mixer; asks for a key frame until it has one."""

    def __init__(self, member: VideoMember, refuse: Callable[[Codec], None]) -> None:
        super().__init__(MediaKind.VIDEO, VP8, refuse)
        self._member = member
        self._assembler = Vp8Assembler()

    def use(self, packet: RtpPacket) -> None:
        self._member.sends = True
        frame = self._assembler.push(packet)
        if frame is not None and not self._member.take(frame):
            self.restart()
        elif self._assembler.wants_key_frame and self.source is not None:
            self.source.request_key_frame()

    def restart(self) -> None:
        """Begin again with a key frame, after frames that could not be decoded."""
        self._assembler.restart()
        if self.source is not None:
            self.source.request_key_frame()


class _AudioSink(_PortSink):
    def __init__(self, member: AudioMember, refuse: Callable[[Codec], None]) -> None:
        super().__init__(MediaKind.AUDIO, OPUS, refuse)
        self._member = member

    def use(self, packet: RtpPacket) -> None:
        if packet.content:
            self._member.take(packet.content)
