"""What a Janus reported of itself in a trial, in figures. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.model.janus_samples import JanusSample, JanusStream
from farm.model.trial_result import JanusFigures


def janus_figures(samples: Sequence[JanusSample], *, tell_left: bool) -> JanusFigures | None:
    """Figures of samples; with `tell_left` also of what is in the last one beyond the first."""
    if not samples:
        return None
    first, last = samples[0], samples[-1]
    return JanusFigures(
        sessions=max(sample.sessions for sample in samples),
        handles=max(sample.handles for sample in samples),
        lost_ratio=_lost_ratio(samples),
        sessions_left=max(0, last.sessions - first.sessions) if tell_left else None,
        handles_left=max(0, last.handles - first.handles) if tell_left else None,
    )


def _lost_ratio(samples: Sequence[JanusSample]) -> float | None:
    """Of all streams that it received, by their last counters; `None` without any."""
    last: dict[tuple[int, str], JanusStream] = {
        (stream.handle, stream.kind): stream
        for sample in samples
        for stream in sample.streams
        if stream.direction == "inbound" and stream.packets_lost is not None
    }
    lost = sum(max(0, stream.packets_lost or 0) for stream in last.values())
    received = sum(stream.packets or 0 for stream in last.values())
    return lost / (lost + received) if lost + received else None
