"""The table of what a Janus reports of itself: samples to rows, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import polars as pl

from farm.model.janus_samples import JanusSample, JanusStream

_STREAM: Mapping[str, pl.DataType] = {
    "handle": pl.Int64(),
    "plugin": pl.String(),
    "direction": pl.String(),
    "kind": pl.String(),
    "packets": pl.Int64(),
    "octets": pl.Int64(),
    "packets_lost": pl.Int64(),
    "nacks": pl.Int64(),
    "round_trip_time_s": pl.Float64(),
}

JANUS_SCHEMA: Mapping[str, pl.DataType] = {
    "received_s": pl.Float64(),
    "sessions": pl.Int64(),
    "handles": pl.Int64(),
    "streams": pl.List(pl.Struct(_STREAM)),
}


def janus_row(sample: JanusSample) -> tuple[Any, ...]:
    """A row of `JANUS_SCHEMA`."""
    streams = [asdict(each) for each in sample.streams]
    return (sample.received_s, sample.sessions, sample.handles, streams)


def janus_samples(frame: pl.DataFrame | None) -> tuple[JanusSample, ...]:
    """The samples in rows of `JANUS_SCHEMA`."""
    if frame is None:
        return ()
    return tuple(
        JanusSample(
            received_s=row["received_s"],
            sessions=row["sessions"],
            handles=row["handles"],
            streams=tuple(JanusStream(**each) for each in row["streams"]),
        )
        for row in frame.iter_rows(named=True)
    )
