"""MediaPipeline and PassThrough: elements that use neither network nor files."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from infra.embedded_kurento.elements import MediaElement
from infra.embedded_kurento.media import MediaKind, MediaSink, MediaSource, RtpPacket
from infra.embedded_kurento.objects import MediaObject, ObjectTree

FLOW_LOOK_S = 0.5


class MediaPipeline(MediaObject):
    """The parent of media elements. Twice a second it has them check whether media flows."""

    type_name: ClassVar[str] = "MediaPipeline"

    def __init__(self, tree: ObjectTree, parent: None, object_id: str) -> None:
        super().__init__(tree, parent, object_id)
        self.values["latencyStats"] = False
        self._looking = asyncio.create_task(self._look_at_flow(), name=f"flow of {object_id}")

    async def close(self) -> None:
        self._looking.cancel()
        await asyncio.wait([self._looking])

    async def _look_at_flow(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(FLOW_LOOK_S)
            for child in self.children:
                if isinstance(child, MediaElement):
                    child.look_at_flow(loop.time())


class PassThrough(MediaElement):
    """Passes on the media that it gets."""

    type_name: ClassVar[str] = "PassThrough"

    def __init__(self, tree: ObjectTree, parent: MediaObject, object_id: str) -> None:
        super().__init__(tree, parent, object_id)
        for kind in (MediaKind.AUDIO, MediaKind.VIDEO):
            relay = _Relay(kind)
            self.take(relay)
            self.give(relay.onward)


class _Relay(MediaSink):
    def __init__(self, kind: MediaKind) -> None:
        super().__init__(kind)
        self.onward = MediaSource(kind, self._ask_key_frame)

    def push(self, packet: RtpPacket) -> bool:
        self.onward.push(packet)
        return True

    def limit_bps(self, now_s: float) -> float | None:
        return self.onward.limit_bps(now_s)

    def attached(self) -> None:
        for sink in self.onward.sinks:
            sink.attached()

    def _ask_key_frame(self) -> None:
        if self.source is not None:
            self.source.request_key_frame()
