"""The sent side of received streams: by whom, which encoding, at which rate. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import attrgetter

from farm.model.trial_evidence import LayerInterval, StreamIdentity, StreamInterval
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from farm.verdict.stream_limits import Sent, taking_over, unseen

Windows = dict[int, StreamInterval]
Size = tuple[int | None, int | None]

UNKNOWN = -1
"""The track of a sender's stream that is not known."""

SCREEN_FRAMES = 2
"""So many frames of a screen may be encoded in one window and decoded in the next."""

FULL = 0.9
"""The share of frames from which a scalable stream counts as forwarded whole."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What a receiver may be forwarded of a stream: the whole, or one of its encodings."""

    bitrate_bps: float | None
    frame_rate: float | None
    size: Size


class SentStreams:
    """The senders' side of received streams.

    `windows` returns the windows of a stream, by probe, direction, kind and track.
    """

    def __init__(
        self,
        streams: Iterable[StreamIdentity],
        layers: Iterable[LayerInterval],
        windows: Callable[[str, Direction, MediaKind, int], Windows],
    ) -> None:
        self._windows = windows
        self._owed: defaultdict[tuple[str, MediaKind], list[StreamIdentity]] = defaultdict(list)
        self._sent: defaultdict[tuple[str, MediaKind], list[int]] = defaultdict(list)
        self._modes: dict[tuple[str, MediaKind, int], str] = {}
        for each in streams:
            if each.direction == "outbound":
                self._sent[each.probe, each.kind].append(each.track)
            elif each.owed:
                self._owed[each.probe, each.kind].append(each)
            if each.direction == "outbound" and each.scalability_mode not in ("", "L1T1"):
                self._modes[each.probe, each.kind, each.track] = each.scalability_mode
        self._layers: defaultdict[tuple[str, MediaKind, int, int], list[LayerInterval]]
        self._layers = defaultdict(list)
        for layer in layers:
            if layer.bitrate_bps:
                key = layer.probe, layer.kind, layer.track, layer.window
                self._layers[key].append(layer)

    # ------------------------------------------------------------ frames

    def due_frame_rates(
        self, stream: StreamIdentity, windows: Windows, usual: float | None
    ) -> Mapping[int, float | None]:
        """The frame rate that a received video should have, by window; `None`: unknown.

        It is the rate that its camera was asked for, of a screen the one that was encoded, the
        smallest of several possible senders, and at most that of the encoding that is received. A
        server may leave out temporal layers of a scalable stream, but no more of them than in the
        baseline, whose rate `usual` is.
        """
        if stream.kind == "audio":
            return {}
        rates: defaultdict[int, list[float | None]] = defaultdict(list)
        for sender in stream.senders:
            for each, tracks in self._sender_windows(stream, sender):
                received = windows.get(each.window)
                if received is not None and (each.track in tracks or UNKNOWN in tracks):
                    rates[each.window].append(self._due(each, received, usual))
        return {
            number: None if None in of else min(rate for rate in of if rate is not None)
            for number, of in rates.items()
        }

    def _due(
        self, sent: StreamInterval, received: StreamInterval, usual: float | None
    ) -> float | None:
        asked = _screen_rate(sent) if sent.is_screen else sent.asked_frame_rate
        if asked is None:
            return None
        for layer in self._layers_of(sent):
            if received.is_resized or _size(layer) == _size(received):
                asked = min(asked, asked if layer.frame_rate is None else layer.frame_rate)
        mode = self._modes.get((sent.probe, sent.kind, sent.track))
        if mode is None:
            return asked
        least = asked / (1 << (_temporal_layers(mode) - 1))
        return max(least, min(asked, usual or 0.0))

    def still_s(self, stream: StreamIdentity) -> Mapping[int, float | None]:
        """For how long the sender of a received stream sent nothing of it at once, by window."""
        if len(stream.senders) != 1:
            return {}
        return {
            each.window: each.gap_s
            for each, tracks in self._sender_windows(stream, stream.senders[0])
            if tracks == {each.track}
        }

    # ------------------------------------------------------------ payload

    def forwarded(self, stream: StreamIdentity, windows: Windows) -> Iterator[tuple[int, Sent]]:
        """What was sent of a received stream, by window; left out where it is unknown."""
        if len(stream.senders) != 1:
            yield from self._of_several_senders(stream, windows)
            return
        (sender,) = stream.senders
        sent = {
            e.window: e for e, tracks in self._sender_windows(stream, sender) if tracks == {e.track}
        }
        if UNKNOWN in {track for _, track in stream.sent_tracks} and not stream.screen:
            sent = {**self._least(stream, windows), **sent}
        for number, interval in windows.items():
            if number in sent:
                bitrate_bps = self._bitrate_bps(sent[number], interval)
                if bitrate_bps:
                    yield number, _sent(bitrate_bps, sent[number])

    def _least(self, stream: StreamIdentity, windows: Windows) -> Windows:
        """The stream of lowest bitrate in each window, of all senders of the kind to this probe.

        Of videos it is one of the size that is received, if there is one; a sender's copies for
        others count, too, as it is not known which of them was received.
        """
        least: dict[int, tuple[bool, float, StreamInterval]] = {}
        senders = {of for each in self._owed[stream.probe, stream.kind] for of in each.senders}
        tracks = ((of, track) for of in sorted(senders) for track in self._sent[of, stream.kind])
        for sender, track in tracks:
            for number, each in self._windows(sender, "outbound", stream.kind, track).items():
                is_other = number in windows and not _may_be_same(each, windows[number])
                candidate = is_other, each.bitrate_bps or math.inf, each
                if number not in least or candidate[:2] < least[number][:2]:
                    least[number] = candidate
        return {number: each for number, (_, _, each) in least.items()}

    def _of_several_senders(
        self, stream: StreamIdentity, windows: Windows
    ) -> Iterator[tuple[int, Sent]]:
        """Streams of several possible senders: the lowest sent bitrate for the lowest received one.

        Of fewer streams than senders it is unknown: they may be streams of the server's own.
        """
        same = [e for e in self._owed[stream.probe, stream.kind] if e.senders == stream.senders]
        if len(same) < len(stream.senders) or any(e.screen for e in same):
            return
        rivals = [self._windows(e.probe, "inbound", e.kind, e.track) for e in same]
        senders = [self._windows(each, "outbound", stream.kind, 0) for each in stream.senders]
        for number, interval in windows.items():
            sent = sorted(
                (
                    _sent(bitrate_bps, each[number])
                    for each in senders
                    if number in each
                    if (bitrate_bps := self._bitrate_bps(each[number], interval))
                ),
                key=attrgetter("bitrate_bps", "polls", "unseen", "edge", "taking_over"),
            )
            rank = sum(_rank(each[number]) < _rank(interval) for each in rivals if number in each)
            if len(sent) == len(stream.senders) and rank < len(sent):
                yield number, sent[rank]

    def _bitrate_bps(self, sent: StreamInterval, received: StreamInterval) -> float | None:
        """The bitrate of the part of a sent stream that is forwarded; `None`: unknown."""
        parts = self._parts(sent, received)
        if len(parts) > 1:
            return None
        if (sent.probe, sent.kind, sent.track) in self._modes:
            is_smaller = received.is_resized or _size(received) != parts[0].size
            is_slower = (received.frame_rate or 0.0) < FULL * (parts[0].frame_rate or 0.0)
            if is_smaller or is_slower:
                return None
        return parts[0].bitrate_bps

    # ------------------------------------------------------------ senders and encodings

    def _sender_windows(
        self, stream: StreamIdentity, sender: str
    ) -> Iterator[tuple[StreamInterval, set[int]]]:
        """A sender's windows of the tracks that a received stream is, or is for a time.

        Each window comes with the tracks that the received stream is in it.
        """
        steps = stream.sent_tracks or ((-math.inf, 0),)
        for track in {track for _, track in steps if track != UNKNOWN} | {0}:
            for each in self._windows(sender, "outbound", stream.kind, track).values():
                tracks = {
                    of
                    for (from_s, of), (to_s, _) in pairwise((*steps, (math.inf, UNKNOWN)))
                    if from_s < each.end_s and to_s > each.start_s
                }
                yield each, tracks

    def _layers_of(self, sent: StreamInterval) -> Sequence[LayerInterval]:
        """The encodings of a sent stream in its window; empty where it has only one."""
        return self._layers.get((sent.probe, sent.kind, sent.track, sent.window), ())

    def _parts(self, sent: StreamInterval, received: StreamInterval) -> list[_Part]:
        """The parts of a sent stream that may be forwarded in this window; several: it changed.

        Of simulcast it is the encoding of the size received, else the smallest that is sent.
        """
        layers = self._layers_of(sent)
        parts = [_Part(each.bitrate_bps, each.frame_rate, _size(each)) for each in layers]
        if not parts:
            return [_Part(sent.bitrate_bps, sent.frame_rate, _size(sent))]
        if received.is_resized:
            return parts
        same = [part for part in parts if part.size == _size(received)]
        return same[:1] or [min(parts, key=lambda part: part.bitrate_bps or 0.0)]


def _sent(bitrate_bps: float, interval: StreamInterval) -> Sent:
    """`Sent` of that bitrate; polls and unknown shares are those of the whole stream."""
    edge = (interval.edge_payload_bytes or 0) / (interval.payload_bytes or 1)
    return Sent(bitrate_bps, interval.polls, unseen(interval), edge, taking_over(interval))


def _screen_rate(sent: StreamInterval) -> float | None:
    if sent.frame_rate is None:
        return None
    return max(0.0, sent.frame_rate - SCREEN_FRAMES / (sent.end_s - sent.start_s))


def _may_be_same(sent: StreamInterval, received: StreamInterval) -> bool:
    """Whether sizes allow that a received stream is the sent one; unknown if one was resized."""
    return sent.is_resized or received.is_resized or _size(sent) == _size(received)


def _size(of: StreamInterval | LayerInterval) -> Size:
    return of.frame_width, of.frame_height


def _rank(interval: StreamInterval) -> tuple[float, int]:
    return interval.bitrate_bps or 0.0, interval.track


def _temporal_layers(mode: str) -> int:
    """The temporal layers of a scalability mode: 3 of `L1T3`, `S2T3h` (W3C webrtc-svc)."""
    number = mode.partition("T")[2][:1]
    return int(number) if number.isdigit() else 1
