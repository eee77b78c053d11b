"""The layer of a sender's video that each receiver was given, and since when, over the hold.

A received video has the size of the layer that a server forwards. It is compared with the sizes of
the sender's layers at that time; fewer temporal layers show as fewer frames. What that leaves open
is unknown, with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from farm.analysis.rates import BoolArray, FloatArray, IntArray
from farm.evidence.owed_streams import OwedStreams
from farm.evidence.poll_table import PollTable
from farm.evidence.sent_layers import ScalabilityMode, SentEncoding, sent_encodings
from farm.evidence.stream_slots import Span
from farm.evidence.video_rows import Video, video_rows
from farm.model.trial_evidence import LayerInterval, ReceivedLayer, StreamIdentity
from farm.recording.trial_reader import TrialReader

NO_FRAME = "no frame came"
OF_NO_LAYER = "no layer has its size"
OF_SEVERAL = "several layers have its size"
SIZES_UNKNOWN = "the sizes of the layers are unknown"
SENDER_UNKNOWN = "its sender is unknown"

_REASONS = (NO_FRAME, OF_NO_LAYER, OF_SEVERAL, SIZES_UNKNOWN, SENDER_UNKNOWN)
"""The reasons why a layer is unknown, by their codes -1, -2, ..."""

_ALL_FRAMES = 0.75
"""The share of frames below which a temporal layer is missing: each has half of those up to it."""

_PERIOD_S = 1.5
"""What a poll tells lasts so long if no other follows."""

Encodings = Mapping[Video, Sequence[SentEncoding]]


def received_layers(
    trial: TrialReader,
    owed: OwedStreams,
    streams: Sequence[StreamIdentity],
    layers: Iterable[LayerInterval],
    hold: Span,
) -> tuple[ReceivedLayer, ...]:
    """The spans of the hold in which a receiver was given one layer of a video that has several.

    `streams` are those of `owed`, `layers` the encodings of senders that have several. Only rows of
    senders with layers, and of those who receive them, are read.
    """
    layered = _layered(streams, layers)
    senders = {probe for probe, _ in layered}
    receiving = {
        (each.probe, each.track): each
        for each in streams
        if each.direction == "inbound" and each.kind == "video" and each.seen
        if senders.intersection(each.senders)
    }
    if not receiving:
        return ()
    sent: Encodings = {
        key: sent_encodings(table, rows)
        for key, table, rows in video_rows(trial, owed, senders, "outbound")
    }
    found = {
        key: tuple(_spans(_Received.of(table, rows), receiving[key], sent, layered, hold))
        for key, table, rows in video_rows(trial, owed, {who for who, _ in receiving}, "inbound")
        if key in receiving
    }
    return tuple(span for key in receiving for span in found.get(key, ()))


def _layered(
    streams: Sequence[StreamIdentity], layers: Iterable[LayerInterval]
) -> frozenset[Video]:
    """The sent videos that have several layers."""
    simulcast = {(each.probe, each.track) for each in layers if each.kind == "video"}
    scalable = {
        (each.probe, each.track)
        for each in streams
        if each.direction == "outbound" and each.kind == "video"
        if ScalabilityMode.of(each.scalability_mode).has_layers
    }
    return frozenset(simulcast | scalable)


# ---------------------------------------------------------------- one received video


@dataclass(frozen=True, slots=True, eq=False)
class _Received:
    """A received video, poll by poll; NaN is unknown. `lost` counts packets.

    `frames` are those that came: how many are decoded depends on the receiver's CPU, too.
    """

    time_s: FloatArray
    width: FloatArray
    height: FloatArray
    frames: FloatArray
    lost: FloatArray

    @classmethod
    def of(cls, table: PollTable, rows: IntArray) -> _Received:
        rows = rows[np.argsort(table.known("run_s")[rows], kind="stable")]
        return cls(
            table.known("run_s")[rows],
            table.known("frameWidth")[rows],
            table.known("frameHeight")[rows],
            _frames(table)[rows],
            table.delta("packetsLost").to_numpy()[rows],
        )


def _frames(table: PollTable) -> FloatArray:
    came, decoded = (table.delta(name).to_numpy() for name in ("framesReceived", "framesDecoded"))
    return np.where(np.isnan(came), decoded, came)


def _spans(
    received: _Received,
    stream: StreamIdentity,
    sent: Encodings,
    layered: frozenset[Video],
    hold: Span,
) -> Iterator[ReceivedLayer]:
    """The spans of one layer each; of times in which the sender has no layers there are none."""
    time_s = received.time_s
    for begin_s, end_s, key in _senders(stream, hold):
        if key is not None and key not in layered:
            continue
        at = np.flatnonzero((time_s >= begin_s - _PERIOD_S) & (time_s < end_s))
        if not len(at):
            continue
        encodings = sent.get(key, ()) if key is not None else ()
        codes, names = _layers_at(received, at, encodings)
        if key is None:
            codes = np.full(len(at), -1 - _REASONS.index(SENDER_UNKNOWN))
        starts = np.flatnonzero(np.diff(codes, prepend=np.nan) != 0)
        ends_s = np.append(time_s[at][starts[1:]], min(end_s, float(time_s[at[-1]]) + _PERIOD_S))
        for start, until_s in zip(starts.tolist(), ends_s.tolist(), strict=True):
            if until_s <= begin_s:
                continue
            code, row = int(codes[start]), at[start]
            width, height = received.width[row], received.height[row]
            yield ReceivedLayer(
                probe=stream.probe,
                track=stream.track,
                sender=" or ".join(stream.senders),
                begin_s=max(begin_s, float(time_s[row])),
                end_s=until_s,
                layer=names[code] if code >= 0 else "",
                why="" if code >= 0 else _REASONS[-1 - code],
                frame_width=None if np.isnan(width) else int(width),
                frame_height=None if np.isnan(height) else int(height),
            )


def _senders(stream: StreamIdentity, hold: Span) -> Iterator[tuple[float, float, Video | None]]:
    """The sent videos that a received one was in the hold, each with its span; `None`: unknown."""
    begin_s, end_s = hold
    if len(stream.senders) != 1:
        yield begin_s, end_s, None
        return
    (sender,) = stream.senders
    steps = [(-np.inf, 0), *stream.sent_tracks] if not stream.sent_tracks else stream.sent_tracks
    for (from_s, track), (to_s, _) in zip(steps, [*steps[1:], (np.inf, 0)], strict=True):
        if from_s < end_s and to_s > begin_s:
            yield max(begin_s, from_s), min(end_s, to_s), None if track < 0 else (sender, track)


def _layers_at(
    received: _Received, at: IntArray, encodings: Sequence[SentEncoding]
) -> tuple[IntArray, Sequence[str]]:
    """For each row of `at` the number of its layer's name, or the code of a reason (below 0)."""
    time_s, width, height = received.time_s[at], received.width[at], received.height[at]
    names: list[str] = []
    whose: list[SentEncoding] = []
    fits: list[BoolArray] = []
    for encoding in encodings:
        for name, share in encoding.layers():
            names.append(name)
            whose.append(encoding)
            fits.append(encoding.has_size(time_s, width, height, share))
    if not any(np.isfinite(encoding.width).any() for encoding in encodings):
        return np.full(len(at), -1 - _REASONS.index(SIZES_UNKNOWN)), names
    same = np.array(fits)
    count = same.sum(axis=0)
    codes = np.where(count == 1, same.argmax(axis=0), -1 - _REASONS.index(OF_NO_LAYER))
    codes = np.where(count > 1, -1 - _REASONS.index(OF_SEVERAL), codes)
    all_names = list(names)
    for number, encoding in enumerate(whose):
        least = _temporal(received, at, encoding)
        mine = codes == number
        for missing in range(1, encoding.mode.temporal):
            codes = np.where(mine & (least == missing), len(all_names), codes)
            all_names.append(f"{names[number]} T{encoding.mode.temporal - 1 - missing}".strip())
    frames = received.frames[at]
    codes = np.where(frames == 0, -1 - _REASONS.index(NO_FRAME), codes)
    return codes.astype(np.int64), [name or f"T{whose[0].mode.temporal - 1}" for name in all_names]


def _temporal(received: _Received, at: IntArray, encoding: SentEncoding) -> IntArray:
    """How many temporal layers are missing at each row, by the frames since the row before.

    One row alone, and one with lost packets, whose frames may be missing, tells nothing: the layers
    are those of the rows before.
    """
    if encoding.mode.temporal == 1:
        return np.zeros(len(at), dtype=np.int64)
    time_s = received.time_s[at]
    before = np.append(time_s[:1] - 1.0, time_s[:-1])
    sent = encoding.frames_until(time_s) - encoding.frames_until(before)
    share = np.where(sent > 0, received.frames[at] / np.where(sent > 0, sent, 1.0), np.nan)
    found = np.zeros(len(at), dtype=np.int64)
    for each in range(1, encoding.mode.temporal):
        found = np.where(share < _ALL_FRAMES / 2 ** (each - 1), each, found)
    told = np.isfinite(share) & ~(received.lost[at] > 0)
    same = found[1:] == found[:-1]
    told &= np.append(same, False) | np.insert(same, 0, False)
    last = np.maximum.accumulate(np.where(told, np.arange(len(at)), -1))
    return np.where(last < 0, 0, found[np.maximum(last, 0)]).astype(np.int64)
