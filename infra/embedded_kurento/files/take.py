"""One recording, from the first frame of each connected kind to its end. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from infra.embedded_kurento.files.webm import TimedFrame, Tracks
from infra.embedded_kurento.media import MediaKind

WAITING_FRAMES = 500
"""Frames kept of each kind until the other arrives: 10 s of sound, 25 s of pictures."""


class Take:
    """Turns frames on the event loop's clock into frames on the file's clock.

    The file begins when every wanted kind has arrived, with the first picture (a key frame) or,
    without pictures, the first sound. Pauses are cut out; after one pictures begin with a key frame
    again, which the caller ensures. `wants_key_frame` says that pictures waited too long for
    another kind and were dropped: the next one has to be a key frame.
    """

    def __init__(self) -> None:
        self.tracks: Tracks | None = None
        self.wants_key_frame = True
        self._waiting: dict[MediaKind, deque[TimedFrame]] = {}
        self._size: tuple[int, int] | None = None
        self._origin_s = 0.0
        self._paused_s: float | None = None

    @property
    def begun(self) -> bool:
        return self.tracks is not None

    def pause(self, now_s: float) -> None:
        self._paused_s = now_s
        self._waiting.clear()

    def resume(self, now_s: float) -> None:
        if self._paused_s is not None:
            self._origin_s += now_s - self._paused_s
            self._paused_s = None

    def offer(
        self, frame: TimedFrame, size: tuple[int, int] | None, wanted: set[MediaKind]
    ) -> Iterator[TimedFrame]:
        """The frames to write now. `size` is a key frame's; `wanted` are the connected kinds."""
        if self._paused_s is not None:
            return
        if self.tracks is not None:
            if self._has(frame.kind) and frame.at_s >= self._origin_s:
                yield self._shifted(frame)
            return
        if frame.kind is MediaKind.VIDEO:
            self._keep_picture(frame, size)
        else:
            self._waiting.setdefault(frame.kind, deque(maxlen=WAITING_FRAMES)).append(frame)
        if wanted <= self._waiting.keys():
            yield from self._begin()

    def _keep_picture(self, frame: TimedFrame, size: tuple[int, int] | None) -> None:
        """Keep a picture; a key frame makes those before it useless, and they go."""
        if frame.is_key:
            self._size = size
            self._waiting[MediaKind.VIDEO] = deque([frame])
            self.wants_key_frame = False
        elif MediaKind.VIDEO in self._waiting:
            self._waiting[MediaKind.VIDEO].append(frame)
            if len(self._waiting[MediaKind.VIDEO]) > WAITING_FRAMES:
                del self._waiting[MediaKind.VIDEO]
                self.wants_key_frame = True

    def _begin(self) -> Iterator[TimedFrame]:
        pictures = self._waiting.get(MediaKind.VIDEO)
        self.tracks = Tracks(self._size if pictures else None, MediaKind.AUDIO in self._waiting)
        leading = pictures or self._waiting[MediaKind.AUDIO]
        self._origin_s = leading[0].at_s
        self.wants_key_frame = False
        kept = [frame for each in self._waiting.values() for frame in each]
        self._waiting.clear()
        for frame in sorted(kept, key=lambda frame: frame.at_s):
            if frame.at_s >= self._origin_s:
                yield self._shifted(frame)

    def _has(self, kind: MediaKind) -> bool:
        if self.tracks is None:
            return False
        return self.tracks.audio if kind is MediaKind.AUDIO else bool(self.tracks.video_size)

    def _shifted(self, frame: TimedFrame) -> TimedFrame:
        return TimedFrame(frame.kind, frame.data, frame.at_s - self._origin_s, frame.is_key)
