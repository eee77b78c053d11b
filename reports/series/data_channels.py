"""Messages of data channels: by probe and label over the hold, and second by second. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm.evidence.data_channels import channel_table, grown
from farm.model.data_channels import ChannelEnd, DataInterval
from farm.model.trial_evidence import TrialEvidence
from farm.recording.trial_reader import TrialReader
from farm.verdict.sent_messages import expected_messages, senders_on
from reports.series.grid import Array, Grid, rates_on_grid, stack, whole_seconds


@dataclass(frozen=True, slots=True)
class ChannelFigures:
    """A probe's data channels of one label over the hold; `None` is unknown.

    `channels` is how many there were at most, `open_at_end` how many were open at its end.
    `missing` is how many messages that others sent on the label did not come, of `expected`.
    """

    probe: str
    label: str
    channels: int
    open_at_end: int
    messages_sent_per_s: float | None
    bytes_sent_per_s: float | None
    messages_received_per_s: float | None
    bytes_received_per_s: float | None
    expected: int | None
    missing: int | None
    round_trip_time_s: float | None
    connection_round_trip_s: float | None
    ends: tuple[ChannelEnd, ...]


def channel_figures(evidence: TrialEvidence) -> tuple[ChannelFigures, ...]:
    """The data channels of each probe, by label, in the plan's order."""
    of: defaultdict[str, dict[str, list[DataInterval]]] = defaultdict(dict)
    for each in evidence.data:
        if each.label is not None:
            of[each.probe].setdefault(each.label, []).append(each)
    partners: dict[str, list[str]] = {}
    for session in evidence.plan.sessions:
        there = [probe.probe for probe in session.probes if probe.probe in of]
        partners |= {probe: [other for other in there if other != probe] for probe in there}
    return tuple(
        _figures(
            probe,
            label,
            windows,
            senders_on(label, windows, {each: of[each] for each in partners[probe]}),
            tuple(e for e in evidence.channel_ends if (e.probe, e.label) == (probe, label)),
        )
        for probe, by_label in list(of.items())
        for label, windows in by_label.items()
    )


def _figures(
    probe: str,
    label: str,
    windows: Sequence[DataInterval],
    others: Sequence[tuple[str, Sequence[DataInterval]]],
    ends: tuple[ChannelEnd, ...],
) -> ChannelFigures:
    lasts_s = sum(each.end_s - each.start_s for each in windows)
    got = sum(each.messages_received or 0 for each in windows)
    expected = expected_messages(others, windows)
    answers = sum(each.answers or 0 for each in windows)
    waited_s = sum((each.round_trip_time_s or 0.0) * (each.answers or 0) for each in windows)
    pairs = [e.connection_round_trip_s for e in windows if e.connection_round_trip_s is not None]

    def rate(name: str) -> float | None:
        counts = [count for each in windows if (count := getattr(each, name)) is not None]
        return sum(counts) / lasts_s if counts and lasts_s else None

    return ChannelFigures(
        probe=probe,
        label=label,
        channels=max(each.channels for each in windows),
        open_at_end=windows[-1].channels,
        messages_sent_per_s=rate("messages_sent"),
        bytes_sent_per_s=rate("bytes_sent"),
        messages_received_per_s=rate("messages_received"),
        bytes_received_per_s=rate("bytes_received"),
        expected=expected,
        missing=None if expected is None else max(0, expected - got),
        round_trip_time_s=waited_s / answers if answers else None,
        connection_round_trip_s=sum(pairs) / len(pairs) if pairs else None,
        ends=ends,
    )


@dataclass(frozen=True, slots=True)
class MessageRates:
    """Messages a second that each probe sent and received on all its data channels."""

    sent: Grid
    received: Grid


def message_rates(trial: TrialReader, evidence: TrialEvidence) -> MessageRates | None:
    """The rates of a trial, of the probes that had channels; `None` where there were none."""
    probes = list(dict.fromkeys(each.probe for each in evidence.data if each.label is not None))
    if not probes:
        return None
    moved = pl.concat(_moved(trial, probes))
    grid_s = whole_seconds(float(moved["begin_s"].min()), float(moved["end_s"].max()))  # type: ignore[arg-type]
    by_probe = {str(key[0]): rows for key, rows in moved.group_by("probe", maintain_order=True)}
    there = [(probe, by_probe[probe]) for probe in probes if probe in by_probe]
    sent, received = (
        stack(grid_s, [(probe, _rate(rows, way, grid_s)) for probe, rows in there])
        for way in ("sent", "received")
    )
    return MessageRates(sent, received)


def _moved(trial: TrialReader, probes: Iterable[str]) -> Iterable[pl.DataFrame]:
    """Messages of each probe between two polls, all its channels together."""
    for _, rows in trial.in_batches(probes):
        table = channel_table(rows)
        if table is None:
            continue
        frame = table.frame.select("probe", "page_time_s", "run_s").with_columns(
            sent=grown(table, "messagesSent"), received=grown(table, "messagesReceived")
        )
        polls = frame.group_by("probe", "page_time_s").agg(
            pl.col("run_s").max(), pl.col("sent", "received").sum()
        )
        polls = polls.sort("probe", "run_s")
        begin_s = pl.col("run_s").shift(1).over("probe")
        yield polls.with_columns(
            end_s=pl.col("run_s"), begin_s=begin_s.fill_null(pl.col("run_s") - 1.0)
        )


def _rate(rows: pl.DataFrame, way: str, grid_s: Array) -> Array:
    begin_s, end_s, moved = (
        rows[name].cast(pl.Float64).to_numpy() for name in ("begin_s", "end_s", way)
    )
    (rates,) = rates_on_grid(begin_s, end_s, moved, grid_s)
    return np.asarray(rates, dtype=np.float64)


def rate_columns(rates: MessageRates) -> Mapping[str, Sequence[str] | Array]:
    """Columns of a table with a row for each probe and second."""
    names, time_s = rates.sent.names, rates.sent.time_s
    return {
        "probe": [name for name in names for _ in time_s],
        "run_time_s": np.tile(time_s, len(names)),
        "sent_messages_per_s": rates.sent.values.ravel(),
        "received_messages_per_s": rates.received.values.ravel(),
    }
