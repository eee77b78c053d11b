"""RecorderEndpoint: writes VP8 and Opus into a file without decoding them.

As in Kurento nothing is written before each connected kind of media has arrived: a call without
sound that is connected with both kinds leaves an empty file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ClassVar

from infra.embedded_kurento.codecs import OPUS
from infra.embedded_kurento.errors import not_supported
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.files.take import Take
from infra.embedded_kurento.files.uri import UriEndpoint, UriState
from infra.embedded_kurento.files.webm import TimedFrame, WebmWriter
from infra.embedded_kurento.media import MediaKind, MediaSink, RtpPacket
from infra.embedded_kurento.objects import MediaObject, ObjectTree, operation
from infra.embedded_kurento.vp8 import VP8, Vp8Assembler

_BOTH = (MediaKind.AUDIO, MediaKind.VIDEO)
_PROFILES = {
    f"{name}{suffix}": (container, kinds)
    for name, container in (("WEBM", "webm"), ("MKV", "matroska"))
    for suffix, kinds in (
        ("", _BOTH),
        ("_VIDEO_ONLY", (MediaKind.VIDEO,)),
        ("_AUDIO_ONLY", (MediaKind.AUDIO,)),
    )
}
"""MediaProfileSpecType -> FFmpeg's name of the container, and what is recorded."""


class RecorderEndpoint(UriEndpoint):
    """Records what is connected to it. Events: Recording, Paused, Stopped, Error."""

    type_name: ClassVar[str] = "RecorderEndpoint"

    def __init__(
        self,
        tree: ObjectTree,
        parent: MediaObject,
        object_id: str,
        *,
        uri: str,
        places: Places,
        media_profile: str = "WEBM",
        stop_on_end_of_stream: bool = False,  # noqa: ARG002 - WebRTC streams have no end
    ) -> None:
        if media_profile not in _PROFILES:
            raise not_supported(f"The media profile {media_profile}")
        super().__init__(tree, parent, object_id, uri, places.to_write)
        self._container, kinds = _PROFILES[media_profile]
        self._take = Take()
        self._writer: WebmWriter | None = None
        self._told = False
        for kind in kinds:
            sink = _VideoSink if kind is MediaKind.VIDEO else _AudioSink
            self.take(sink(self._offer))

    async def close(self) -> None:
        await super().close()
        await self.stop_and_wait()

    @operation
    async def record(self) -> None:
        """Begin, or go on after a pause; the event Recording is sent at the first write."""
        if self.state is UriState.START:
            return
        if self.state is UriState.PAUSE:
            self._take.resume(asyncio.get_running_loop().time())
        else:
            self.look_up()
            await self._end_writer()
            self._take = Take()
            self._writer = WebmWriter(self.path, self._container, self._failed)
        self.state = UriState.START
        self._told = False
        self._begin_anew()

    @operation
    def pause(self) -> None:
        if self.state is UriState.START:
            self._take.pause(asyncio.get_running_loop().time())
            self.change(UriState.PAUSE)
            self.emit("Paused")

    @operation
    async def stop(self) -> None:
        await self.stop_and_wait()

    @operation
    async def stop_and_wait(self) -> None:
        """End the file; it is complete when this returns."""
        was, self.state = self.state, UriState.STOP
        await self._end_writer()
        if was is not UriState.STOP:
            self.change(UriState.STOP)
            self.emit("Stopped")

    async def _end_writer(self) -> None:
        writer = self._writer
        if writer is not None:
            await writer.close()
            self._writer = None

    def _offer(self, frame: TimedFrame, size: tuple[int, int] | None) -> None:
        writer = self._writer
        if writer is None or self.state is not UriState.START:
            return
        wanted = {kind for kind in _BOTH if kind in self.sinks and self.sinks[kind].source}
        begun = self._take.begun
        for timed in self._take.offer(frame, size, wanted):
            if not begun and self._take.tracks is not None:
                begun = True
                writer.begin(self._take.tracks)
            if not writer.write(timed):
                self._failed(f"{self.path}: the disk is too slow, the rest is dropped")
                return
            if not self._told:
                self._told = True
                self.change(UriState.START)
                self.emit("Recording")

        if self._take.wants_key_frame and frame.kind is MediaKind.VIDEO:
            self._begin_anew()

    def _begin_anew(self) -> None:
        for sink in self.sinks.values():
            if isinstance(sink, _VideoSink | _AudioSink):
                sink.restart()

    def _failed(self, message: str) -> None:
        if self.state is not UriState.STOP:
            self.fail(message)


Offer = Callable[[TimedFrame, tuple[int, int] | None], None]


class _Timeline:
    """RTP timestamps of one kind -> seconds of the event loop's clock.

    Made anew for each take: by then the sender's reports give the time of both its streams.
    """

    def __init__(self) -> None:
        self._stream: int | None = None
        self._timestamp = 0
        self._at_s = 0.0

    def place(self, sink: MediaSink, packet_stream: int, timestamp: int, arrived_s: float) -> float:
        """When this was captured, by the sender's reports if any came before its stream began."""
        rate_hz = (VP8 if sink.kind is MediaKind.VIDEO else OPUS).clock_rate_hz
        if packet_stream != self._stream:
            self._stream, self._timestamp, self._at_s = packet_stream, timestamp, arrived_s
            clock = sink.source.clock if sink.source else None
            if clock is not None and clock.stream == packet_stream:
                self._at_s = clock.at_s + _apart(timestamp, clock.timestamp) / rate_hz
        self._at_s += _apart(timestamp, self._timestamp) / rate_hz
        self._timestamp = timestamp
        return self._at_s


def _apart(timestamp: int, other: int) -> int:
    """The difference of two RTP timestamps, which wrap."""
    return (timestamp - other + 0x80000000 & 0xFFFFFFFF) - 0x80000000


class _VideoSink(MediaSink):
    def __init__(self, offer: Offer) -> None:
        super().__init__(MediaKind.VIDEO)
        self._offer = offer
        self._assembler = Vp8Assembler()
        self._timeline = _Timeline()

    def push(self, packet: RtpPacket) -> bool:
        if packet.codec.name != VP8.name:
            return False
        frame = self._assembler.push(packet)
        if frame is not None:
            at_s = self._timeline.place(self, frame.stream, frame.timestamp, frame.arrived_s)
            timed = TimedFrame(MediaKind.VIDEO, frame.data, at_s, frame.is_key)
            self._offer(timed, frame.size)
        elif self._assembler.wants_key_frame and self.source is not None:
            self.source.request_key_frame()
        return True

    def restart(self) -> None:
        """Begin with a key frame."""
        self._assembler.restart()
        self._timeline = _Timeline()
        if self.source is not None:
            self.source.request_key_frame()


class _AudioSink(MediaSink):
    def __init__(self, offer: Offer) -> None:
        super().__init__(MediaKind.AUDIO)
        self._offer = offer
        self._timeline = _Timeline()

    def push(self, packet: RtpPacket) -> bool:
        if packet.codec.name != OPUS.name:
            return False
        data = packet.content
        if data:
            at_s = self._timeline.place(self, packet.stream, packet.timestamp, packet.arrived_s)
            self._offer(TimedFrame(MediaKind.AUDIO, data, at_s, is_key=True), None)
        return True

    def restart(self) -> None:
        """Begin anew."""
        self._timeline = _Timeline()
