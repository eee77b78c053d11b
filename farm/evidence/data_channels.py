"""Recorded data channels -> messages by probe, label and window. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import FloatArray
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.polls_with_streams import polls_by_window
from farm.evidence.remote_reports import round_trips
from farm.evidence.row_groups import RowGroups
from farm.model.data_channels import UNDER_WAY_S, ChannelEnd, DataInterval
from farm.model.trial_plan import ProbePlan
from farm.recording.events import SeenEvent
from farm.recording.sample_reader import SampleReader
from farm.recording.trial_reader import TrialReader

TABLE = "data-channel"
COUNTERS = ("messagesSent", "bytesSent", "messagesReceived", "bytesReceived")

_MEASURED = ("roundTripTimeMeasurements", "totalRoundTripTime")
_COLUMNS = (
    *("probe", "connection", "id", "timestamp", "page_time_s", "label", "state"),
    *COUNTERS,
    *_MEASURED,
)


def channel_table(rows: SampleReader) -> PollTable | None:
    """The polls of data channels; `None` where none was recorded.

    A channel's counters begin with it: at its first poll they are what it carried so far.
    """
    frame = rows.samples(TABLE, _COLUMNS)
    if frame is None or not frame.height:
        return None
    frame = frame.with_columns(label=pl.col("label").fill_null(""))
    return PollTable(frame, ("probe", "connection", "id"), COUNTERS)


def grown(table: PollTable, counter: str) -> FloatArray:
    """The growth of a counter at each row, from 0 at a channel's first."""
    grew = table.delta(counter).to_numpy()
    return np.where(table.begins, table.known(counter), grew)


def data_intervals(trial: TrialReader, edges: FloatArray) -> tuple[DataInterval, ...]:
    """The data channels of all probes in windows, in the plan's order.

    Of a recording that has none, of probes that are not owed any, there is nothing.
    """
    plans = {probe.probe: probe for probe in trial.plan.probes}
    found: dict[str, list[DataInterval]] = {}
    for batch, rows in trial.in_batches(plans) if len(edges) else ():
        table = channel_table(rows)
        if table is None and not any(plans[probe].has_data for probe in batch):
            continue
        counts = polls_by_window(rows, edges).select("probe", "window", "polls")
        polls = {(probe, window): count for probe, window, count in counts.iter_rows()}
        by_label = () if table is None else _by_label(table, rows, frozenset(batch), edges, polls)
        for each in by_label:
            found.setdefault(each.probe, []).append(each)
        came = {} if table is None else _times_received(table, float(edges[-1]))
        is_whole = not rows.is_damaged(TABLE)
        for probe in batch:
            mine = found.get(probe, [])
            whole = _all_labels(plans[probe], mine, edges, polls, is_whole=is_whole)
            if plans[probe].receives_data and probe in came:
                whole = (_with_silence(each, came[probe], float(edges[0])) for each in whole)
            found[probe] = [*whole, *mine]
    return tuple(each for probe in plans for each in found.get(probe, ()))


def _by_label(
    table: PollTable,
    rows: SampleReader,
    probes: frozenset[str],
    edges: FloatArray,
    polls: Mapping[tuple[str, int], int],
) -> Iterator[DataInterval]:
    frame = table.frame
    window = rates.window_of(table.known("run_s"), edges)
    kept = np.flatnonzero((window >= 0) & frame["probe"].is_in(list(probes)).to_numpy())
    groups = RowGroups(
        [*(in_order(frame[name])[kept] for name in ("probe", "label")), window[kept]]
    )
    last = kept[groups.last_row()]
    sums = [groups.total(grown(table, name)[kept]) for name in (*COUNTERS, *_MEASURED)]
    sums += [groups.total(counts[kept]) for counts in _sent_at_edges(table, window, edges)]
    open_now, sending = _open_at_end(table, window), _sending(table, window)
    pairs = _connection_round_trips(rows, edges)
    columns = zip(
        frame["probe"][last], frame["label"][last], window[last].tolist(), *sums, strict=True
    )
    for probe, label, at, *counts, measured, total_s, first, late in columns:
        sent, sent_bytes, got, got_bytes = (_whole(each) for each in counts)
        yield DataInterval(
            probe=probe,
            label=label,
            window=at,
            start_s=float(edges[at]),
            end_s=float(edges[at + 1]),
            polls=polls.get((probe, at), 0),
            channels=open_now.get((probe, label, at), 0),
            sending=sending.get((probe, label, at), 0),
            messages_sent=sent,
            bytes_sent=sent_bytes,
            messages_received=got,
            bytes_received=got_bytes,
            round_trip_time_s=float(total_s / measured) if measured > 0 else None,
            answers=_whole(measured),
            connection_round_trip_s=pairs.get((probe, at)),
            first_messages_sent=_whole(first) or 0,
            last_messages_sent=_whole(late) or 0,
        )


def _sent_at_edges(
    table: PollTable, window: rates.IntArray, edges: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """What each row counts as sent if it is its channel's first of a window, or of the end of one.

    A channel that opened since the poll before sent all of it since then.
    """
    sent = grown(table, "messagesSent")
    is_first = (np.diff(window, prepend=-1) != 0) & ~table.begins
    is_last = table.known("run_s") >= edges[window + 1] - UNDER_WAY_S
    return np.where(is_first, sent, 0.0), np.where(is_last, sent, 0.0)


def _open_at_end(table: PollTable, window: rates.IntArray) -> Mapping[tuple[str, str, int], int]:
    """By probe, label and window how many channels were open at the last poll that had any."""
    frame = table.frame.select("probe", "label", "state", "page_time_s").with_columns(
        window=pl.Series(window)
    )
    last = pl.col("page_time_s") == pl.col("page_time_s").max().over("probe", "window")
    counts = frame.filter(last & (pl.col("state") == "open")).group_by("probe", "label", "window")
    return {(probe, label, at): count for probe, label, at, count in counts.len().iter_rows()}


def _sending(table: PollTable, window: rates.IntArray) -> Mapping[tuple[str, str, int], int]:
    """By probe, label and window on how many channels messages were sent."""
    frame = table.frame.select("probe", "label", "connection", "id").with_columns(
        window=pl.Series(window), grew=pl.Series(grown(table, "messagesSent") > 0)
    )
    counts = frame.filter("grew").group_by("probe", "label", "window")
    channels = counts.agg(pl.struct("connection", "id").n_unique())
    return {(probe, label, at): count for probe, label, at, count in channels.iter_rows()}


def _connection_round_trips(
    rows: SampleReader, edges: FloatArray
) -> Mapping[tuple[str, int], float]:
    pairs = round_trips(rows, edges)
    if pairs is None:
        return {}
    means = pairs.group_by("probe", "window").agg(pl.col("pair_round_trip_time_s").mean())
    return {(probe, at): mean for probe, at, mean in means.iter_rows() if mean is not None}


def _all_labels(
    plan: ProbePlan,
    mine: list[DataInterval],
    edges: FloatArray,
    polls: Mapping[tuple[str, int], int],
    *,
    is_whole: bool,
) -> Iterator[DataInterval]:
    """The windows of a probe that owes messages or is owed any: zero where its page was polled.

    Unless `is_whole` rows were lost, and what there is none of is unknown.
    """
    for at in range(len(edges) - 1) if plan.has_data else ():
        theirs = [each for each in mine if each.window == at]
        count = polls.get((plan.probe, at), 0)
        whole = DataInterval(
            plan.probe, None, at, float(edges[at]), float(edges[at + 1]), polls=count
        )
        if count and (theirs or is_whole):
            whole = replace(
                whole,
                channels=sum(each.channels for each in theirs),
                messages_sent=sum(each.messages_sent or 0 for each in theirs),
                bytes_sent=sum(each.bytes_sent or 0 for each in theirs),
                messages_received=sum(each.messages_received or 0 for each in theirs),
                bytes_received=sum(each.bytes_received or 0 for each in theirs),
                first_messages_sent=sum(each.first_messages_sent for each in theirs),
                last_messages_sent=sum(each.last_messages_sent for each in theirs),
            )
        yield whole


def _times_received(table: PollTable, until_s: float) -> Mapping[str, FloatArray]:
    """By probe when its polls up to then counted a received message, also before the hold."""
    rows = table.frame.select("probe").with_columns(
        run_s=pl.Series(table.known("run_s")),
        came=pl.Series(grown(table, "messagesReceived") > 0),
    )
    times = rows.filter("came", pl.col("run_s") < until_s).sort("probe", "run_s")
    return {
        str(probe): of["run_s"].to_numpy()
        for (probe,), of in times.partition_by("probe", as_dict=True).items()
    }


def _with_silence(whole: DataInterval, came: FloatArray, hold_s: float) -> DataInterval:
    """A probe's window with its silences; before the very first message it began with the hold.

    `came` has the times of polls that counted any.
    """
    before = came[came < whole.start_s]
    inside = came[(came >= whole.start_s) & (came < whole.end_s)]
    times = [float(before[-1]) if len(before) else hold_s, *inside.tolist()]
    return replace(
        whole,
        silence_s=max((after - at for at, after in itertools.pairwise(times)), default=None),
        silent_at_end_s=whole.end_s - times[-1],
    )


def channel_ends(events: Iterable[SeenEvent], until_s: float) -> tuple[ChannelEnd, ...]:
    """The data channels that closed or failed before `until_s`, in the order of time."""
    return tuple(
        ChannelEnd(
            seen.event.probe,
            str(seen.event.data.get("label") or ""),
            seen.run_s,
            str(seen.event.data.get("state")),
            by_page=seen.event.data.get("by_page") is True,
            error=seen.event.data.get("error"),
        )
        for seen in events
        if seen.event.kind == "channel" and seen.run_s is not None and seen.run_s < until_s
        if seen.event.data.get("state") != "open"
    )


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else round(float(value))
