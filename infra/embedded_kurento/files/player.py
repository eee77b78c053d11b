"""PlayerEndpoint: plays a file in real time to the connected elements.

The file is decoded with FFmpeg and encoded as VP8 and Opus at the rate that receivers can take, so
that a viewer who joins late gets a key frame, whatever codecs the file has.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import ClassVar

import av

from infra.embedded_kurento.codecs import OPUS
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.files.playback import Playback
from infra.embedded_kurento.files.uri import UriEndpoint, UriState
from infra.embedded_kurento.media import MediaKind, MediaSource
from infra.embedded_kurento.objects import (
    Json,
    MediaObject,
    ObjectTree,
    complex_type,
    operation,
    reads,
)
from infra.embedded_kurento.rtp_writer import RtpWriter
from infra.embedded_kurento.vp8 import VP8
from infra.embedded_kurento.worker import Worker


class PlayerEndpoint(UriEndpoint):
    """Plays its file from `play` to its end. Events: UriEndpointStateChanged, EndOfStream, Error.

    `useEncodedMedia` and `networkCache` are accepted and have no effect.
    """

    type_name: ClassVar[str] = "PlayerEndpoint"

    def __init__(
        self,
        tree: ObjectTree,
        parent: MediaObject,
        object_id: str,
        *,
        uri: str,
        places: Places,
        use_encoded_media: bool = False,  # noqa: ARG002
        network_cache: int = 2000,  # noqa: ARG002
    ) -> None:
        super().__init__(tree, parent, object_id, uri, places.to_read)
        self._pictures = MediaSource(MediaKind.VIDEO, self._ask_key_frame)
        sound = MediaSource(MediaKind.AUDIO)
        self.give(self._pictures)
        self.give(sound)
        self._write_video = RtpWriter(self._pictures, VP8).write
        self._write_audio = RtpWriter(sound, OPUS).write
        self._playback: Playback | None = None
        self._worker: Worker | None = None

    async def close(self) -> None:
        await super().close()
        await self._end_playback()

    @operation
    async def play(self) -> None:
        """Begin, or go on after a pause."""
        if self.state is UriState.PAUSE and self._playback is not None:
            self._playback.paused = False
            self.change(UriState.START)
        elif self.state is UriState.STOP:
            self.look_up()
            await self._end_playback()
            self._playback = playback = Playback(self.path, self._write_video, self._write_audio)
            self.look_at_flow(asyncio.get_running_loop().time())
            self.change(UriState.START)
            self._worker = Worker(f"playing {self.path.name}", partial(self._work, playback))

    @operation
    def pause(self) -> None:
        if self.state is UriState.START and self._playback is not None:
            self._playback.paused = True
            self.change(UriState.PAUSE)

    @operation
    async def stop(self) -> None:
        await self._end_playback()
        if self.state is not UriState.STOP:
            self.change(UriState.STOP)

    @reads("videoInfo")
    def read_video_info(self) -> Json:
        """The video's times in ms; all zero when nothing is played. Seeking is not supported."""
        duration_ms = 0
        if self._playback is not None and self.state is not UriState.STOP:
            duration_ms = self._playback.duration_ms
        return complex_type(
            "VideoInfo", duration=duration_ms, isSeekable=False, seekableEnd=0, seekableInit=0
        )

    @reads("position")
    def read_position(self) -> int:
        """Milliseconds from the file's start."""
        return self._playback.position_ms if self._playback is not None else 0

    def look_at_flow(self, now_s: float) -> None:
        super().look_at_flow(now_s)
        if self._playback is not None:
            wanted = self._pictures.limit_bps(now_s)
            self._playback.bitrate_bps = int(
                self.values["encoderBitrate"] if wanted is None else wanted
            )

    def _ask_key_frame(self) -> None:
        if self._playback is not None:
            self._playback.wants_key_frame = True

    async def _end_playback(self) -> None:
        worker, self._worker, self._playback = self._worker, None, None
        if worker is not None:
            await worker.close()

    def _work(self, playback: Playback, worker: Worker) -> None:
        try:
            playback.run(worker)
        except (OSError, av.FFmpegError) as error:
            reason = error.strerror or str(error)
            worker.tell(self.fail, f"{self.path} cannot be played: {reason}")
        else:
            worker.tell(self._ended, playback)

    def _ended(self, playback: Playback) -> None:
        if playback is self._playback and self.state is not UriState.STOP:
            self.emit("EndOfStream")
            self.change(UriState.STOP)
