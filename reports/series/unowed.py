"""Spans in which received streams were not owed: extras, and what a page did not send. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

import polars as pl

from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import TrialEvidence

RecordedStream = tuple[str, str, str, str]
"""Probe, connection, mid, kind."""

Span = tuple[float, float]


def unowed_spans(evidence: TrialEvidence) -> Mapping[RecordedStream, Sequence[Span]]:
    """The unowed spans of each received stream; usually there are none."""
    spans: defaultdict[RecordedStream, list[Span]] = defaultdict(list)
    owed: dict[tuple[str, str, int], RecordedStream] = {}
    for stream in evidence.streams:
        if stream.direction == "inbound" and stream.seen and stream.mid:
            recorded = stream.probe, stream.connection, stream.mid, stream.kind
            if stream.owed:
                owed[stream.probe, stream.kind, stream.track] = recorded
            else:
                spans[recorded].append((-math.inf, math.inf))
    excused = (
        Intervals.of(evidence.intervals)
        .frame.filter(~pl.col("owed"), direction="inbound")
        .select("probe", "kind", "track", "start_s", "end_s")
    )
    for probe, kind, track, start_s, end_s in excused.iter_rows():
        if (probe, kind, track) in owed:
            spans[owed[probe, kind, track]].append((start_s, end_s))
    return dict(spans)
