"""Recordings of Janus, `.mjr`: the track of a file, from its beginning and its end. Pure.

MJR00002, a length of two bytes, a header in JSON; then of each RTP packet MEET, its time in ms
since the recording began (four bytes), its length (two), itself. Numbers are big-endian.
"""

from __future__ import annotations

import json
import struct

from farm.model.call_files import RecordedTrack
from farm.model.webrtc_stats import MediaKind

SUFFIX = ".mjr"
HEAD_BYTES = 1024
TAIL_BYTES = 16_384
"""Enough for the last packets: none is longer than 1,500 bytes."""

_FORMAT, _PACKET = b"MJR00002", b"MEET"
_KINDS: dict[str, MediaKind] = {"a": "audio", "v": "video"}


def mjr_track(head: bytes, tail: bytes, packets: int) -> RecordedTrack:
    """The file's track; `packets` are those that were counted in it, 0 also for an unknown number.

    `head` and `tail` are its first and last bytes. Raises ValueError for what is no such recording,
    and for one without a packet.
    """
    if not head.startswith(_FORMAT):
        raise ValueError("not a recording of Janus (MJR00002)")
    (length,) = struct.unpack_from(">H", head.ljust(10, b"\0"), 8)
    try:
        kind = _KINDS[json.loads(head[10 : 10 + length])["t"]]
    except (ValueError, KeyError, TypeError):
        raise ValueError("its header says neither audio nor video") from None
    first_ms, last_ms = _time_ms(head, 10 + length), _last_time_ms(tail)
    if first_ms is None or last_ms is None:
        raise ValueError("no media in it")
    return RecordedTrack(kind, (last_ms - first_ms) / 1000, packets=packets or None)


def _last_time_ms(tail: bytes) -> int | None:
    """The time of the last packet that is in `tail`, to its end; `None` without one."""
    at = tail.find(_PACKET)
    while at >= 0:
        last_ms = None
        end = at
        while (time_ms := _time_ms(tail, end)) is not None:
            (length,) = struct.unpack_from(">H", tail, end + 8)
            last_ms, end = time_ms, end + 10 + length
        if end >= len(tail):
            return last_ms
        at = tail.find(_PACKET, at + 1)  # that one was a packet's content
    return None


def _time_ms(data: bytes, at: int) -> int | None:
    if not data.startswith(_PACKET, at) or len(data) < at + 10:
        return None
    return int(struct.unpack_from(">I", data, at + 4)[0])
