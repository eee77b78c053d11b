"""The streams of a trial: who sends what to whom, window by window. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import pairwise

from farm.experiment import Criteria
from farm.hold_figures import lost_of_due
from farm.intervals import Intervals
from farm.trial import (
    Direction,
    LayerInterval,
    ProbePlan,
    StreamIdentity,
    StreamInterval,
    TrialEvidence,
    TrialPlan,
)
from farm.verdict.baseline import Baseline, StreamBaseline
from farm.verdict.stream_limits import Breach, Reference, Sent, failing, unseen
from farm.webrtc_stats import MediaKind

Windows = dict[int, StreamInterval]

UNKNOWN = -1
"""The track of a sender's stream that nobody knows."""

FULL = 0.9
"""A scalable stream of which a receiver gets this share of frames is forwarded whole."""


class TrialStreams:
    """One trial's evidence, looked up by stream."""

    def __init__(self, evidence: TrialEvidence) -> None:
        self.evidence = evidence
        self._intervals = Intervals.of(evidence.intervals)
        self._places = self._intervals.places()
        plan = evidence.plan
        self.probes: Mapping[str, ProbePlan] = {probe.probe: probe for probe in plan.probes}
        streams = evidence.streams or tuple(_planned(plan))
        self.expected = tuple(each for each in streams if each.owed)
        """The streams that are owed, those of a probe side by side."""
        self._of_probe: dict[tuple[str, Direction, MediaKind], list[StreamIdentity]] = {}
        self._hearers: dict[tuple[str, MediaKind], list[ProbePlan]] = {}
        for stream in self.expected:
            key = stream.probe, stream.direction, stream.kind
            self._of_probe.setdefault(key, []).append(stream)
            if len(stream.senders) == 1:
                hearers = self._hearers.setdefault((stream.senders[0], stream.kind), [])
                hearers.append(self.probes[stream.probe])
        self._scalable = {
            (each.probe, each.kind, each.track)
            for each in streams
            if each.direction == "outbound" and each.scalability_mode not in ("", "L1T1")
        }
        self._layers: defaultdict[tuple[str, MediaKind, int, int], list[LayerInterval]]
        self._layers = defaultdict(list)
        for layer in evidence.layers:
            self._layers[layer.probe, layer.kind, layer.track, layer.window].append(layer)
        self.count = self._intervals.windows
        """How many windows the hold has."""

    def windows(self, probe: str, direction: Direction, kind: MediaKind, track: int = 0) -> Windows:
        """A stream's windows by number; those that are missing were not seen."""
        places = self._places.get((probe, direction, kind, track), ())
        return {each.window: each for place in places for each in self._intervals[place]}

    def owed(self, probe: str, direction: Direction, kind: MediaKind) -> list[StreamIdentity]:
        """The streams of a kind that a probe is owed, or owes."""
        return self._of_probe.get((probe, direction, kind), [])

    def inbound_loss(self, probe: str, kind: MediaKind) -> float | None:
        """The residual loss of what a probe received over the whole hold, weighed by packets."""
        return lost_of_due(
            interval
            for stream in self.owed(probe, "inbound", kind)
            for interval in self.windows(probe, "inbound", kind, stream.track).values()
        )

    def hearers_of(self, probe: ProbePlan, kind: MediaKind) -> tuple[ProbePlan, ...]:
        """To whom the server forwards this probe's stream."""
        return tuple(self._hearers.get((probe.probe, kind), ()))

    def is_excused(self, stream: StreamIdentity) -> bool:
        """Whether nothing of the stream was owed in the hold: a page gave nothing to send."""
        windows = self.windows(stream.probe, stream.direction, stream.kind, stream.track)
        return bool(windows) and not any(each.owed for each in windows.values())

    # ------------------------------------------------------------ against the limits

    def breaches(
        self, stream: StreamIdentity, criteria: Criteria, baseline: Baseline | None
    ) -> tuple[Breach, ...]:
        """The limits that make the stream fail; empty: it does not."""
        windows = self.windows(stream.probe, stream.direction, stream.kind, stream.track)
        return failing(windows, self.count, criteria, self._reference(stream, windows, baseline))

    def _reference(
        self, stream: StreamIdentity, windows: Windows, baseline: Baseline | None
    ) -> Reference:
        role = self.probes[stream.probe].role
        usual = baseline.of(role, stream.direction, stream.kind) if baseline else None
        if stream.direction == "outbound":
            asked = {number: each.asked_frame_rate for number, each in windows.items()}
            return Reference(usual, asked=asked)
        if self.evidence.plan.mixed:
            return Reference(usual, size=_mix_size(windows, usual))
        return Reference(usual, asked=self._asked(stream), sent=dict(self._sent(stream, windows)))

    def _asked(self, stream: StreamIdentity) -> Mapping[int, float | None]:
        """What the camera of a received video was asked for, the least of those it may be of."""
        if stream.kind == "audio":
            return {}
        rates: defaultdict[int, list[float | None]] = defaultdict(list)
        for sender in stream.senders:
            for each, tracks in self._sent_windows(stream, sender):
                if each.track in tracks or UNKNOWN in tracks:
                    rates[each.window].append(each.asked_frame_rate)
        return {
            number: None if None in of else min(rate for rate in of if rate is not None)
            for number, of in rates.items()
        }

    def _sent(self, stream: StreamIdentity, windows: Windows) -> Iterator[tuple[int, Sent]]:
        """What was sent of a received stream: by its sender, or, of several, by one that could."""
        if len(stream.senders) != 1:
            yield from self._sent_by_some(stream)
            return
        (sender,) = stream.senders
        sent = self._sent_by(stream, sender)
        if UNKNOWN in {track for _, track in stream.sent_tracks}:
            sent = {**self._least_sent(stream), **sent}
        for number, interval in windows.items():
            if number in sent:
                bitrate_bps = self._forwarded_bps(sent[number], interval)
                if bitrate_bps:
                    yield number, Sent(bitrate_bps, sent[number].polls, unseen(sent[number]))

    def _least_sent(self, stream: StreamIdentity) -> Windows:
        """Of all whom the probe receives the kind from, the least that one sent in each window."""
        found: Windows = {}
        for other in self.owed(stream.probe, "inbound", stream.kind):
            for sender in other.senders:
                for number, each in self.windows(sender, "outbound", stream.kind).items():
                    least = found.setdefault(number, each)
                    if (each.bitrate_bps or math.inf) < (least.bitrate_bps or math.inf):
                        found[number] = each
        return found

    def _sent_by(self, stream: StreamIdentity, sender: str) -> Windows:
        """What a sender sent of a received stream; windows in which it was two are left out."""
        return {
            each.window: each
            for each, tracks in self._sent_windows(stream, sender)
            if tracks == {each.track}
        }

    def _sent_windows(
        self, stream: StreamIdentity, sender: str
    ) -> Iterator[tuple[StreamInterval, set[int]]]:
        """A sender's windows of the tracks that a received stream is, or is for a time.

        Each with the tracks that it is in that window.
        """
        steps = stream.sent_tracks or ((-math.inf, 0),)
        for track in {track for _, track in steps if track != UNKNOWN} | {0}:
            for each in self.windows(sender, "outbound", stream.kind, track).values():
                yield (
                    each,
                    {
                        of
                        for (from_s, of), (to_s, _) in pairwise((*steps, (math.inf, UNKNOWN)))
                        if from_s < each.end_s and to_s > each.start_s
                    },
                )

    def _forwarded_bps(self, sent: StreamInterval, received: StreamInterval) -> float | None:
        """The bitrate of that part of a sent stream which is forwarded; `None`: not known.

        Of simulcast it is the encoding of the size received, else the smallest that is sent; of a
        scalable stream the whole, unless the receiver gets smaller pictures or fewer of them.
        """
        key = sent.probe, sent.kind, sent.track
        layers = [each for each in self._layers.get((*key, sent.window), ()) if each.bitrate_bps]
        bitrate_bps, size, frame_rate = sent.bitrate_bps, _size(sent), sent.frame_rate
        if layers:
            smallest = min(layers, key=lambda layer: layer.bitrate_bps or 0.0)
            same = [each for each in layers if _size(each) == _size(received)]
            layer = same[0] if same else smallest
            bitrate_bps, size, frame_rate = layer.bitrate_bps, _size(layer), layer.frame_rate
        if key in self._scalable:
            is_smaller = _size(received) != size
            is_slower = (received.frame_rate or 0.0) < FULL * (frame_rate or 0.0)
            if is_smaller or is_slower:
                return None
        return bitrate_bps

    def _sent_by_some(self, stream: StreamIdentity) -> Iterator[tuple[int, Sent]]:
        """Where nobody knows who sent which of some streams: the least for the least received."""
        rivals = [
            self.windows(each.probe, "inbound", each.kind, each.track)
            for each in self.owed(stream.probe, "inbound", stream.kind)
            if each.senders == stream.senders
        ]
        mine = self.windows(stream.probe, "inbound", stream.kind, stream.track)
        senders = [self.windows(each, "outbound", stream.kind) for each in stream.senders]
        for number, interval in mine.items():
            known = [each[number] for each in senders if number in each]
            sent = sorted(
                (bitrate_bps, each.polls, unseen(each))
                for each in known
                if (bitrate_bps := self._forwarded_bps(each, interval))
            )
            rank = sum(_rank(each[number]) < _rank(interval) for each in rivals if number in each)
            if len(sent) == len(stream.senders) and rank < len(sent):
                yield number, Sent(*sent[rank])


def _mix_size(windows: Windows, usual: StreamBaseline | None) -> tuple[int, int] | None:
    """What the mixed picture measures in the baseline, else in this stream's first window."""
    if usual is not None and usual.frame_width and usual.frame_height:
        return usual.frame_width, usual.frame_height
    for _, interval in sorted(windows.items()):
        if interval.frame_width and interval.frame_height:
            return interval.frame_width, interval.frame_height
    return None


def _size(of: StreamInterval | LayerInterval) -> tuple[int | None, int | None]:
    return of.frame_width, of.frame_height


def _rank(interval: StreamInterval) -> tuple[float, int]:
    return interval.bitrate_bps or 0.0, interval.track


def _planned(plan: TrialPlan) -> Iterator[StreamIdentity]:
    """What the plan says there should be, where the evidence does not say what was seen."""
    directions: tuple[Direction, ...] = ("outbound", "inbound")
    for session in plan.sessions:
        for probe in session.probes:
            for direction in directions:
                kinds = probe.sends if direction == "outbound" else probe.receives
                for place, kind in enumerate(kinds):
                    track = kinds[:place].count(kind)
                    senders: tuple[str, ...] = ()
                    if direction == "inbound" and not plan.mixed:
                        others = [each for each in session.probes if each is not probe]
                        senders = tuple(each.probe for each in others if kind in each.sends)
                        if len(senders) == kinds.count(kind):
                            senders = senders[track : track + 1]
                    yield StreamIdentity(
                        probe.probe, direction, kind, track, owed=True, seen=True, senders=senders
                    )
