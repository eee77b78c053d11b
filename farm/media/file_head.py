"""The tracks of a media file, read from its beginning."""

from __future__ import annotations

import io

import av

from farm.model.call_files import RecordedTrack
from farm.model.webrtc_stats import MediaKind


def tracks_of(head: bytes) -> tuple[RecordedTrack, ...]:
    """The tracks of which `head` holds packets; their lengths are those that the file states.

    Raises ValueError, with PyAV's message, if that is no media file. Blocks.
    """
    seen: set[MediaKind] = set()
    try:
        with av.open(io.BytesIO(head), "r", metadata_errors="replace") as container:
            length_s = None if container.duration is None else container.duration / av.time_base
            for packet in container.demux():
                kind = packet.stream.type
                if packet.size and (kind == "audio" or kind == "video"):  # noqa: PLR1714 - for mypy
                    seen.add(kind)
    except av.FFmpegError as error:
        raise ValueError(error.strerror or str(error)) from None
    return tuple(RecordedTrack(kind, length_s) for kind in sorted(seen))
