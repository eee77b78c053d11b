"""The layers that receivers were given over the hold: by receiver, and as shares of all. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from farm.model.trial_evidence import ReceivedLayer, TrialEvidence
from reports.series.grid import Array

UNKNOWN_LAYER = "unknown"
"""The name under which times of an unknown layer are counted."""


@dataclass(frozen=True, slots=True)
class LayersReceived:
    """The layers of one sender's video that a receiver was given in the hold.

    `spans` are in the order of time; `hold_s` is when the hold began.
    """

    probe: str
    track: int
    sender: str
    spans: tuple[ReceivedLayer, ...]
    hold_s: float

    @property
    def seconds(self) -> Mapping[str, float]:
        """The time of each layer by its name, the longest first; `UNKNOWN_LAYER` for unknown."""
        total: Counter[str] = Counter()
        for span in self.spans:
            total[span.layer or UNKNOWN_LAYER] += span.end_s - span.begin_s  # type: ignore[assignment]
        return dict(total.most_common())

    @property
    def switches(self) -> Sequence[tuple[float, str, str]]:
        """Each change from one layer to another: when in the hold, from which, to which."""
        known = [span for span in self.spans if span.layer]
        return [
            (after.begin_s - self.hold_s, before.layer, after.layer)
            for before, after in pairwise(known)
            if before.layer != after.layer
        ]


def layers_received(evidence: TrialEvidence) -> tuple[LayersReceived, ...]:
    """The received videos of which the sender has several layers, in the plan's order."""
    spans: defaultdict[tuple[str, int], list[ReceivedLayer]] = defaultdict(list)
    for span in evidence.received_layers:
        spans[span.probe, span.track].append(span)
    hold_s = evidence.phases.hold_s or 0.0
    return tuple(
        LayersReceived(probe, track, of[0].sender, tuple(of), hold_s)
        for (probe, track), of in spans.items()
    )


def smallest_first(streams: Sequence[LayersReceived]) -> tuple[str, ...]:
    """The names of all layers, the smallest first; those with fewer frames before the others."""
    pixels: defaultdict[str, list[int]] = defaultdict(list)
    for stream in streams:
        for span in stream.spans:
            if span.layer:
                pixels[span.layer].append((span.frame_width or 0) * (span.frame_height or 0))
    # A name with a temporal layer at its end is of the layer without one, with fewer frames.
    return tuple(sorted(pixels, key=lambda name: (median(pixels[name]), -name.count(" T"), name)))


def shares_by_second(
    streams: Sequence[LayersReceived], names: Sequence[str], time_s: Array
) -> Array:
    """The share of the streams that was given each of `names` at these times, `(names, times)`.

    The last row is of unknown layers. Streams that were not there at a time do not count.
    """
    count = np.zeros((len(names) + 1, len(time_s)))
    place = {name: number for number, name in enumerate(names)}
    for stream in streams:
        for span in stream.spans:
            inside = (time_s >= span.begin_s) & (time_s < span.end_s)
            count[place.get(span.layer, len(names)), inside] += 1
    total = count.sum(axis=0)
    return np.where(total > 0, count / np.maximum(total, 1), np.nan)
