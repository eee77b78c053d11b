"""The thread that writes coded frames, as they are, into a WebM or Matroska file."""

from __future__ import annotations

import queue
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av

from infra.embedded_kurento.codecs import SAMPLE_RATE
from infra.embedded_kurento.media import MediaKind
from infra.embedded_kurento.worker import Worker

BACKLOG_FRAMES = 2000
"""Frames that may wait for a slow disk: some 30 s of sound and picture."""

_MILLISECOND = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class Tracks:
    """The tracks of a file; without video `video_size` is None, without sound `audio` False."""

    video_size: tuple[int, int] | None
    audio: bool


@dataclass(frozen=True, slots=True)
class TimedFrame:
    """An encoded frame, `at_s` from the start of its file (by any clock before it begins)."""

    kind: MediaKind
    data: bytes
    at_s: float
    is_key: bool


class WebmWriter:
    """One file. The constructor creates it empty, with its folders.

    `begin` must come before the first `write`. `failed` is called, on the event loop's thread,
    with a line for the user when the file cannot be written; the rest is then dropped.
    """

    def __init__(self, path: Path, container: str, failed: Callable[[str], None]) -> None:
        self._path = path
        self._container = container
        self._failed = failed
        self._queue: queue.SimpleQueue[Tracks | TimedFrame | None] = queue.SimpleQueue()
        self._worker = Worker(f"recording {path.name}", self._work)

    def begin(self, tracks: Tracks) -> None:
        self._queue.put(tracks)

    def write(self, frame: TimedFrame) -> bool:
        """Queue a frame; False if the disk is so slow that the frame was dropped."""
        if self._queue.qsize() >= BACKLOG_FRAMES:
            return False
        self._queue.put(frame)
        return True

    async def close(self) -> None:
        """Write the waiting frames and end the file, which is then complete."""
        self._queue.put(None)
        await self._worker.close()

    def _work(self, worker: Worker) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_bytes(b"")
            tracks = self._queue.get()
            if isinstance(tracks, Tracks):
                self._write_file(tracks)
        except (OSError, av.FFmpegError) as error:
            reason = error.strerror or str(error)
            worker.tell(self._failed, f"{self._path} cannot be written: {reason}")

    def _write_file(self, tracks: Tracks) -> None:
        with av.open(str(self._path), "w", format=self._container) as container:
            streams: dict[MediaKind, av.stream.Stream] = {}
            if tracks.video_size is not None:
                width, height = tracks.video_size
                streams[MediaKind.VIDEO] = container.add_mux_stream(
                    "vp8", width=width, height=height, time_base=_MILLISECOND
                )
            if tracks.audio:
                # The track is an FFmpeg encoder's, as that writes the header which Opus needs.
                streams[MediaKind.AUDIO] = container.add_stream(
                    "libopus", rate=SAMPLE_RATE, layout="stereo"
                )
            container.start_encoding()
            last_ms = dict.fromkeys(streams, -1)
            while isinstance(frame := self._queue.get(), TimedFrame):
                packet = av.Packet(frame.data)
                packet.stream = streams[frame.kind]
                packet.time_base = _MILLISECOND
                at_ms = max(round(frame.at_s * 1000), last_ms[frame.kind] + 1)
                packet.pts = packet.dts = last_ms[frame.kind] = at_ms
                packet.is_keyframe = frame.is_key
                container.mux(packet)
