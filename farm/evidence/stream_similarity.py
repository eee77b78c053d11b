"""The similarity of received streams to sent ones, by their counters over time.

The counters of a forwarded stream grow as those of the sent one, and no two encoders' are the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from farm.analysis.rates import BoolArray, FloatArray, IntArray
from farm.evidence.stream_counters import LEAST_POLLS, CounterSeries, StreamCounters
from farm.evidence.stream_lifetimes import StreamLifetime

LEAST_PART, LONG_S = 12, 8.0
"""The polls that are needed where a received stream was there without the sent one; the length of
a stream from which its similarity is reliable."""

AROUND_S = 2.5
"""Polls may have a received stream so long before or after the sent one."""

LAGS_S = np.array([0.0, 0.1, 0.2, 0.4, 0.8])
FRAME_LAGS_S = np.arange(-0.2, 0.55, 0.05)
"""Lags of a receiver's counters that are tried: network, server and reports. Frame by frame finer
ones, and negative ones, since clocks may differ."""

STEP_S = 0.05
"""The step in which sent counters are interpolated between polls."""

LIKE_S, LIKE_ALONE_S = 0.35, 0.1
"""Counters that differ by less, in seconds of the stream, may be the same; the second limit is for
a stream without any other to compare with."""

CLEARLY_S, CLEARLY = 0.01, 2.0
DOUBTFUL_S, DOUBTFUL = 0.05, 3.0
SAME_SOUND_S = 0.2
"""The next best must differ by so much more, and by such a factor: for long videos, and for others.
Microphones may record the same sound: their audios then differ only by the times of their polls,
which is less than `SAME_SOUND_S`."""

SURELY_S, SURELY = 0.05, 4.0
"""The same for a match that holds even if an expected stream is then missing."""


@dataclass(frozen=True, slots=True)
class ClosestStream:
    """The sent stream (its number) that is most similar to a received one, and their distance.

    The distance is in seconds of the stream.
    """

    sent: int
    apart_s: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class Distances:
    """The distances of a received counter from each sent one, in seconds of the stream (RMS).

    Infinite is unknown: in `enough_s` for want of polls to show similarity, in `few_s` for want of
    polls to show even a difference.
    """

    enough_s: FloatArray
    few_s: FloatArray

    def mean(self, other: Distances) -> Distances:
        return Distances((self.enough_s + other.enough_s) / 2, (self.few_s + other.few_s) / 2)


class Similarities:
    """The similarities of the sent streams of one kind in a session to received ones."""

    def __init__(self, sent: Sequence[StreamCounters]) -> None:
        self._sent = sent
        self._first_s = np.array([each.life.first_s for each in sent])
        self._last_s = np.array([each.life.last_s for each in sent])
        sources = {source: code for code, source in enumerate({each.source: 0 for each in sent})}
        self._source = np.array([sources[each.source] for each in sent], dtype=np.int64)
        self._probes = {probe: code for code, probe in enumerate({e.life.probe: 0 for e in sent})}
        self._probe = np.array([self._probes[each.life.probe] for each in sent], dtype=np.int64)
        self._distances: dict[tuple[Hashable, bool], Distances] = {}

    def closest(self, stream: StreamCounters, among: Sequence[int]) -> ClosestStream | None:
        """The sent stream with the same counters, if no other source's are nearly the same."""
        if not among:
            return None
        places = np.array(among, dtype=np.int64)
        # Quantizers distinguish videos best, loudness hardly distinguishes audios.
        first = stream.life.kind == "video"
        found = self._alike(stream.life, self._distances_of(stream, content=first), places)
        if found is None:
            found = self._alike(stream.life, self._distances_of(stream, content=not first), places)
        if found is None:
            both = self._distances_of(stream, content=True).mean(
                self._distances_of(stream, content=False)
            )
            found = self._alike(stream.life, both, places)
        return found

    def nearest(self, stream: StreamCounters) -> int | None:
        """Another probe's stream that is nearest in both counters, or in the one that is known."""
        if not self._sent:
            return None
        both = [self._distances_of(stream, content=which).few_s for which in (True, False)]
        apart_s = np.sum([np.where(np.isfinite(each), each, 0.0) for each in both], axis=0)
        is_own = self._probe == self._probes.get(stream.life.probe, -1)
        apart_s[is_own | ~(np.isfinite(both[0]) | np.isfinite(both[1]))] = math.inf
        best = int(apart_s.argmin())
        return best if math.isfinite(apart_s[best]) else None

    def differs_from_all(self, stream: StreamCounters) -> bool:
        """Whether a video's counters are known to differ from those of all sent streams."""
        life = stream.life
        if life.kind == "audio" or life.last_s - life.first_s < LONG_S or not self._sent:
            return False
        content, payload = (
            self._distances_of(stream, content=which).enough_s for which in (True, False)
        )
        everyones = np.arange(len(self._sent))
        return bool((content > LIKE_S).all()) and self._are_far(life, payload, everyones, LIKE_S)

    def _are_far(
        self, life: StreamLifetime, apart_s: FloatArray, places: IntArray, far_s: float
    ) -> bool:
        """Whether each source that was there for most of a stream is known to be so far from it.

        Sources that were there for a shorter time need not be known.
        """
        there_s = np.minimum(self._last_s, life.last_s) - np.maximum(self._first_s, life.first_s)
        sources = self._source[places]
        seconds = np.bincount(sources, np.maximum(there_s[places], 0.0))
        known = np.isfinite(apart_s[places])
        nearest_s = np.full(len(seconds), math.inf)
        np.minimum.at(nearest_s, sources[known], apart_s[places][known])
        were_there = seconds >= (life.last_s - life.first_s) / 2
        is_far = np.isfinite(nearest_s) & (nearest_s > far_s)
        return bool(known.any()) and bool((nearest_s > far_s).all() and is_far[were_there].all())

    @cached_property
    def _payload(self) -> _Sent:
        return _Sent([each.payload for each in self._sent], _Seconds)

    @cached_property
    def _content(self) -> _Sent:
        is_video = self._sent[0].life.kind == "video"
        return _Sent([each.content for each in self._sent], _Frames if is_video else _Seconds)

    def _distances_of(self, stream: StreamCounters, *, content: bool) -> Distances:
        """The distances of a counter of a received stream from each sent one, computed once."""
        key = stream.life.name, content
        if key not in self._distances:
            mine = stream.content if content else stream.payload
            least = np.where(self._has(stream.life), LEAST_POLLS, LEAST_PART)
            sent = self._content if content else self._payload
            unknown = np.full(len(least), math.inf)
            self._distances[key] = (
                sent.distances(mine[0], least) if len(mine) == 1 else Distances(unknown, unknown)
            )
        return self._distances[key]

    def _has(self, received: StreamLifetime) -> BoolArray:
        """For each sent stream whether the received one was there only while it was."""
        within: BoolArray = (received.first_s > self._first_s - AROUND_S) & (
            received.last_s < self._last_s + AROUND_S
        )
        return within

    def _alike(
        self, life: StreamLifetime, apart: Distances, places: IntArray
    ) -> ClosestStream | None:
        apart_s = apart.enough_s
        is_own = self._probe == self._probes.get(life.probe, -1)
        own_first = places[np.argsort(~is_own[places], kind="stable")]
        best = int(own_first[apart_s[own_first].argmin()])
        best_s = float(apart_s[best])
        if best_s > LIKE_S:
            return None
        others = places[self._source[places] != self._source[best]]
        if life.kind == "video" and not is_own[best]:
            # Its own stream, sent back, would be the best: both are polled at the same time.
            others = others[~is_own[others]]
        next_s = float(apart_s[others].min(initial=math.inf))
        is_long = life.last_s - life.first_s >= LONG_S
        is_alone = math.isinf(next_s)
        could_be_others = (np.isinf(apart_s[others]) & self._has(life)[others]).any()
        if could_be_others and (is_alone or not is_long):
            return None
        is_clear = best_s <= LIKE_ALONE_S and is_long if is_alone else clearly(life, best_s, next_s)
        sure_s = max(best_s + SURELY_S, SURELY * best_s)
        is_sure = self._are_far(life, apart.few_s, others, sure_s) if is_alone else next_s >= sure_s
        if is_own[best]:
            is_clear = is_clear and is_sure and life.kind == "video"
        return ClosestStream(best, best_s, is_sure) if is_clear else None


def clearly(life: StreamLifetime, best_s: float, next_s: float) -> bool:
    """Whether the best is so much better than the next that it is not by chance."""
    if life.kind == "audio":
        return next_s >= max(best_s + SAME_SOUND_S, DOUBTFUL * best_s)
    if life.last_s - life.first_s >= LONG_S:
        return next_s >= max(best_s + CLEARLY_S, CLEARLY * best_s)
    return next_s >= max(best_s + DOUBTFUL_S, DOUBTFUL * best_s)


# ---------------------------------------------------------------- sent counters at any time


class _Seconds:
    """Several counters in steps of time; NaN where one was not there."""

    def __init__(self, counters: Sequence[CounterSeries]) -> None:
        self._begin_s = min(counter.run_s[0] for counter in counters)
        end_s = max(counter.run_s[-1] for counter in counters)
        steps_s = self._begin_s + STEP_S * np.arange(
            math.ceil((end_s - self._begin_s) / STEP_S) + 2
        )
        self._known = np.stack(
            [
                np.interp(steps_s, each.run_s, each.counted, left=math.nan, right=math.nan)
                for each in counters
            ]
        )

    def at(self, run_s: FloatArray) -> FloatArray:
        """The value of each at some times; NaN where that is unknown."""
        place = (run_s - self._begin_s) / STEP_S
        step = np.minimum(np.maximum(place.astype(np.int64), 0), self._known.shape[1] - 2)
        before = self._known[:, step]
        found: FloatArray = before + (place - step) * (self._known[:, step + 1] - before)
        found[:, (place < 0) | (place > self._known.shape[1] - 1)] = math.nan
        return found

    def differences(self, received: CounterSeries) -> FloatArray:
        """The differences of a received counter, by sent counter, lag and poll."""
        return received.counted - self.at(received.run_s - LAGS_S[:, None])


class _Frames:
    """Several counters of videos, frame by frame.

    Polls count whole frames only, which at low frame rates blurs a comparison by time.
    """

    def __init__(self, counters: Sequence[CounterSeries]) -> None:
        self._by_time = _Seconds([replace(each, counted=each.frames) for each in counters])
        self._begin_s = np.array([each.run_s[0] for each in counters])
        self._first = np.array([each.frames[0] for each in counters])
        counts = [int(each.frames[-1] - each.frames[0]) + 1 for each in counters]
        # The first and the last column are for frames outside of the stream.
        self._known = np.full((len(counters), max(counts) + 2), math.nan)
        for known, each, count in zip(self._known, counters, counts, strict=True):
            frames = each.frames[0] + np.arange(count)
            known[1 : count + 1] = np.interp(frames, each.frames, each.counted)

    def differences(self, received: CounterSeries) -> FloatArray:
        """The differences of a received counter, by sent counter, lag and poll."""
        frames = received.frames
        rate = (frames[-1] - frames[0]) / (received.run_s[-1] - received.run_s[0])
        lags = np.unique(np.round(FRAME_LAGS_S * rate))
        # The median of the known values: NaN is sorted behind.
        ahead = np.sort(self._by_time.at(received.run_s) - frames)
        middle = np.count_nonzero(~np.isnan(ahead), axis=1) // 2
        usual = np.round(ahead[np.arange(len(ahead)), np.minimum(middle, ahead.shape[1] - 1)])
        place = np.nan_to_num(usual - self._first)[:, None, None] + (frames - lags[:, None] + 1)
        width = self._known.shape[1]
        within = np.minimum(np.maximum(place.astype(np.int64), 0), width - 1)
        within += width * np.arange(len(self._known))[:, None, None]
        differences: FloatArray = received.counted - self._known.take(within)
        # As by time: the first frames of an encoder depend more on the poll than on the encoder.
        early = received.run_s < self._begin_s[:, None] + LAGS_S[-1]
        differences[np.broadcast_to(early[:, None], differences.shape)] = math.nan
        return differences


class _Sent:
    """A counter of all sent streams, of each of their encodings."""

    def __init__(
        self,
        counters: Sequence[Sequence[CounterSeries]],
        sampled: Callable[[Sequence[CounterSeries]], _Seconds | _Frames],
    ) -> None:
        self._count = len(counters)
        self._stream = np.array(
            [number for number, of in enumerate(counters) for _ in of], dtype=np.int64
        )
        every = [counter for of in counters for counter in of]
        self._known = sampled(every) if every else None

    def distances(self, received: CounterSeries, least: IntArray) -> Distances:
        """The distances of a received counter from each; `least` polls of each are enough."""
        found = Distances(np.full(self._count, math.inf), np.full(self._count, math.inf))
        if self._known is None:
            return found
        differences = self._known.differences(received)
        known: BoolArray = np.all(~np.isnan(differences), axis=1)
        polls = known.sum(axis=1)
        some = polls >= LEAST_POLLS
        if not some.any():
            return found
        known, polls, stream = known[some], polls[some], self._stream[some]
        differences = np.where(known[:, None], differences[some], 0.0)
        differences -= differences.sum(axis=2, keepdims=True) / polls[:, None, None]
        differences *= known[:, None]
        square = np.einsum("ijk,ijk->ij", differences, differences).min(axis=1) / polls
        first, last = known.argmax(axis=1), known.shape[1] - 1 - known[:, ::-1].argmax(axis=1)
        grew = received.counted[last] - received.counted[first]
        span_s = received.run_s[last] - received.run_s[first]
        apart_s = np.full(len(grew), math.inf)
        np.divide(np.sqrt(square) * span_s, grew, out=apart_s, where=grew > 0)
        enough = polls >= least[stream]
        np.minimum.at(found.enough_s, stream[enough], apart_s[enough])
        np.minimum.at(found.few_s, stream, apart_s)
        return found
