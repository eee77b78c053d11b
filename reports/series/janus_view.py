"""What a Janus reported of itself over a trial: sessions, handles, losses on the way. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from farm.model.janus_samples import JanusSample, JanusStream
from reports.series.grid import Array


@dataclass(frozen=True, slots=True, eq=False)
class JanusSeries:
    """`sessions` and `handles` at `time_s`. `lost`: the share of a stream's packets that Janus lost
    between two looks at it, the later one at `lost_at_s`: one value a stream and look.
    """

    time_s: Array
    sessions: Array
    handles: Array
    lost_at_s: Array
    lost: Array


def janus_series(samples: Sequence[JanusSample]) -> JanusSeries | None:
    """The series of a trial's samples, in order of time; `None` without any."""
    if not samples:
        return None
    at_s: list[float] = []
    lost: list[float] = []
    before: dict[tuple[int, str], JanusStream] = {}
    for sample in samples:
        for stream in sample.streams:
            if stream.direction != "inbound":
                continue
            earlier = before.get((stream.handle, stream.kind))
            before[stream.handle, stream.kind] = stream
            ratio = None if earlier is None else _lost_since(earlier, stream)
            if ratio is not None:
                at_s.append(sample.received_s)
                lost.append(ratio)
    return JanusSeries(
        np.array([sample.received_s for sample in samples]),
        np.array([float(sample.sessions) for sample in samples]),
        np.array([float(sample.handles) for sample in samples]),
        np.array(at_s),
        np.array(lost),
    )


def _lost_since(earlier: JanusStream, later: JanusStream) -> float | None:
    """`None` where unknown, or where nothing came."""
    counts = earlier.packets, later.packets, earlier.packets_lost, later.packets_lost
    if None in counts:
        return None
    came = (later.packets or 0) - (earlier.packets or 0)
    gone = max(0, (later.packets_lost or 0) - (earlier.packets_lost or 0))
    return gone / (came + gone) if came > 0 else None
