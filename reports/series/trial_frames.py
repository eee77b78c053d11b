"""Reads the recorded tables behind a trial's figures, some probes at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import polars as pl

from farm.evidence.stream_lifetimes import SERIES
from farm.recording.sample_reader import SampleReader
from farm.recording.sample_tables import POLL
from farm.recording.trial_reader import TrialReader

RECEIVED = ("bytesReceived", "packetsReceived", "packetsLost", "framesDecoded")

INBOUND_COLUMNS = (*SERIES, "kind", "mid", "timestamp", *RECEIVED)
OUTBOUND_COLUMNS = (*SERIES, "kind", "timestamp", "bytesSent", "retransmittedBytesSent")
"""Columns that are read of the tables of received and of sent streams."""


@dataclass(frozen=True, slots=True, eq=False)
class StreamFrames:
    """All polls of some probes' streams; `None` without a row."""

    inbound: pl.DataFrame | None
    outbound: pl.DataFrame | None


@dataclass(frozen=True, slots=True, eq=False)
class TrialFrames:
    """The tables of a recording, each with `run_s`; `None` for one that has no rows.

    `streams` can be iterated once; its tables have the columns above and `host_monotonic_s`.
    `polled_s` are the times of the first and the last poll.
    """

    streams: Iterable[StreamFrames]
    polled_s: tuple[float, float] | None
    server: pl.DataFrame | None
    hosts: pl.DataFrame | None


def trial_frames(trial: TrialReader) -> TrialFrames:
    """The tables of a recorded trial; those of probes are read while they are iterated."""
    return TrialFrames(_streams(trial), _polled_s(trial), trial.server(), trial.hosts())


def _streams(trial: TrialReader) -> Iterator[StreamFrames]:
    for _, rows in trial.in_batches(probe.probe for probe in trial.plan.probes):
        yield StreamFrames(
            rows.samples("inbound-rtp", INBOUND_COLUMNS),
            rows.samples("outbound-rtp", OUTBOUND_COLUMNS),
        )


def _polled_s(rows: SampleReader) -> tuple[float, float] | None:
    """First and last time of the polls, or of their samples where their own table is damaged."""
    for type in (POLL, "inbound-rtp", "outbound-rtp"):
        table = rows.samples(type, ())
        if table is not None and table["run_s"].count():
            first_s, last_s = table.select(
                first=pl.col("run_s").min(), last=pl.col("run_s").max()
            ).row(0)
            return first_s, last_s
    return None
