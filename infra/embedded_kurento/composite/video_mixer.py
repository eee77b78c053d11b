"""Mixes members' pictures into one, encoded for each member at the rate it can take.

One thread for each room. A room that is not ready in the time of a frame leaves frames out: its
frame rate falls, as a real Composite's does. Other rooms are affected only through the shared CPU.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

import av
from av.video.reformatter import Interpolation, VideoReformatter

from infra.embedded_kurento.codecs import Vp8Decoder, Vp8Encoder
from infra.embedded_kurento.composite.canvas import Canvas
from infra.embedded_kurento.composite.layout import Tile, fitted, tiles
from infra.embedded_kurento.composite.mixer import Mixer
from infra.embedded_kurento.vp8 import Vp8Frame
from infra.embedded_kurento.worker import Worker

logger = logging.getLogger(__name__)

BACKLOG_FRAMES = 60
"""Frames of a member that may wait to be decoded; with more, a new key frame is better."""

KEY_FRAME_EVERY_S = 0.3
"""The shortest time between key frames: a lost browser asks for one with every packet."""


class VideoMember:
    """One port: frames in (`take`), mixed frames out (`deliver`), both on the event loop's thread.

    `lost_track` is called when frames could not be decoded: a key frame is needed. `sends` and
    `receives` say whether the member's picture is shown, and whether it is sent the mix.
    """

    def __init__(
        self, deliver: Callable[[bytes, float], None], lost_track: Callable[[], None]
    ) -> None:
        self.deliver = deliver
        self.lost_track = lost_track
        self.sends = False
        self.receives = False
        self.bitrate_bps = 0
        self.wants_key_frame = False
        self.waiting: deque[Vp8Frame] = deque()

    def take(self, frame: Vp8Frame) -> bool:
        """Queue a frame; False if there are too many, and all were dropped."""
        if len(self.waiting) >= BACKLOG_FRAMES:
            self.waiting.clear()
            return False
        self.waiting.append(frame)
        return True

    def next(self) -> Vp8Frame | None:
        """The oldest waiting frame; for the mixing thread, while `take` may drop all of them."""
        try:
            return self.waiting.popleft()
        except IndexError:
            return None


class _Seat:
    """The mixing thread's state of a member: its codecs and its last picture."""

    def __init__(self, member: VideoMember, width: int, height: int, frame_rate: int) -> None:
        self.member = member
        self.picture: av.VideoFrame | None = None
        self.encoder = Vp8Encoder(width, height, frame_rate)
        self.key_frame_s = 0.0
        self._decoder = Vp8Decoder()
        self._scaler = VideoReformatter()
        self._scaled: tuple[Tile, av.VideoFrame] | None = None

    def decode(self) -> bool:
        """Decode the waiting frames; False if one could not be decoded."""
        while (frame := self.member.next()) is not None:
            try:
                picture = self._decoder.decode(frame.data)
            except av.FFmpegError as error:
                logger.info("a member's frame could not be decoded: %s", error)
                self._decoder = Vp8Decoder()
                self.member.waiting.clear()
                return False
            if picture is not None:
                self.picture, self._scaled = picture, None
        if not self.member.sends:
            self.picture, self._scaled = None, None
        return True

    def scaled(self, picture: av.VideoFrame, tile: Tile) -> av.VideoFrame:
        """`picture`, the last one, at the tile's size."""
        if self._scaled is None or self._scaled[0] != tile:
            scaled = self._scaler.reformat(
                picture,
                tile.width,
                tile.height,
                "yuv420p",
                interpolation=Interpolation.FAST_BILINEAR,
                threads=1,
            )
            self._scaled = (tile, scaled)
        return self._scaled[1]


class VideoMixer(Mixer[VideoMember]):
    """The pictures of one room."""

    def __init__(self, name: str, width: int, height: int, frame_rate: int) -> None:
        self._width, self._height, self._frame_rate = width, height, frame_rate
        super().__init__(f"{name} video")

    def mix(self, worker: Worker) -> None:
        canvas = Canvas(self._width, self._height)
        seats: dict[VideoMember, _Seat] = {}
        begun = False
        period_s = 1 / self._frame_rate
        due_s = time.monotonic()
        while not worker.stopping.wait(max(0.0, due_s - time.monotonic())):
            seats = {
                member: seats.get(member)
                or _Seat(member, self._width, self._height, self._frame_rate)
                for member in self.members
            }
            for member, seat in seats.items():
                if not seat.decode():
                    worker.tell(member.lost_track)
            shown = [(seat, seat.picture) for seat in seats.values() if seat.picture is not None]
            begun = begun or bool(shown)
            if begun:
                self._draw(canvas, shown)
                self._encode(worker, canvas.picture, seats)
            due_s = max(due_s + period_s, time.monotonic())

    def _draw(self, canvas: Canvas, shown: list[tuple[_Seat, av.VideoFrame]]) -> None:
        places = tiles(len(shown), self._width, self._height)
        where = [
            fitted(tile, picture.width, picture.height)
            for tile, (_, picture) in zip(places, shown, strict=True)
        ]
        canvas.lay_out(where)
        for tile, (seat, picture) in zip(where, shown, strict=True):
            canvas.draw(tile, seat.scaled(picture, tile))

    def _encode(
        self, worker: Worker, picture: av.VideoFrame, seats: dict[VideoMember, _Seat]
    ) -> None:
        at_s = time.monotonic()
        for member, seat in seats.items():
            if not member.receives or not member.bitrate_bps:
                continue
            key = member.wants_key_frame and at_s >= seat.key_frame_s + KEY_FRAME_EVERY_S
            if key:
                member.wants_key_frame = False
                seat.key_frame_s = at_s
            frame = seat.encoder.encode(picture, at_s, member.bitrate_bps, key)
            if frame:
                worker.tell(member.deliver, frame, at_s)
