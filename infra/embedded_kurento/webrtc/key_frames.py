"""Whether an RTP packet begins a key frame: one that is decodable without earlier frames.

This is read from the payload's first bytes only: VP8 (RFC 7741 4.2), VP9 (RFC 9628 4.2), H.264 (RFC
6184 5.2), H.265 (RFC 7798 4.4), AV1 (the AV1 RTP specification 4.4). For other codecs every packet
does.
"""

from __future__ import annotations

from infra.embedded_kurento.media import RtpPacket

_H264_STARTS = frozenset({5, 7})
_H265_STARTS = frozenset({19, 20, 32, 33, 34})


def begins_key_frame(packet: RtpPacket) -> bool:
    reader = _READERS.get(packet.codec.name)
    if reader is None:
        return True
    try:
        return reader(packet.payload)
    except IndexError:
        return False


def _vp8(payload: bytes) -> bool:
    first = payload[0]
    if first & 0x17 != 0x10:
        return False
    offset = 1
    if first & 0x80:
        extended = payload[1]
        offset = 2
        if extended & 0x80:
            offset += 2 if payload[offset] & 0x80 else 1
        if extended & 0x40:
            offset += 1
        if extended & 0x30:
            offset += 1
    return payload[offset] & 0x01 == 0


def _vp9(payload: bytes) -> bool:
    return payload[0] & 0x48 == 0x08


def _h264(payload: bytes) -> bool:
    kind = payload[0] & 0x1F
    if kind == 24:
        return payload[3] & 0x1F in _H264_STARTS
    if kind in {28, 29}:
        return bool(payload[1] & 0x80) and payload[1] & 0x1F in _H264_STARTS
    return kind in _H264_STARTS


def _h265(payload: bytes) -> bool:
    kind = payload[0] >> 1 & 0x3F
    if kind == 48:
        return payload[4] >> 1 & 0x3F in _H265_STARTS
    if kind == 49:
        return bool(payload[2] & 0x80) and payload[2] & 0x3F in _H265_STARTS
    return kind in _H265_STARTS


def _av1(payload: bytes) -> bool:
    return bool(payload[0] & 0x08)


_READERS = {"VP8": _vp8, "VP9": _vp9, "H264": _h264, "H265": _h265, "AV1": _av1}
