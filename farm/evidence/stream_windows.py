"""Rows of RTP streams -> their figures in windows, one frame per direction.

What came about between two polls counts in the window of the later one. Nothing loops over rows.
Columns are those of `trial.StreamInterval` where they are final, else what those are made of;
`rows` counts the polls that had the stream.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from farm import rates
from farm.evidence.poll_table import PollTable, changes, in_order
from farm.evidence.row_groups import RowGroups
from farm.evidence.rtp_tables import RtpTables, tracks
from farm.evidence.stream_lives import SERIES, Life
from farm.evidence.stream_slots import Owner
from farm.rates import BoolArray, FloatArray, IntArray
from farm.recording.sample_reader import SampleReader
from farm.trial import Direction

STREAM = ("probe", "direction", "kind", "track")
"""What a stream is to its user."""

Owners = Sequence[tuple[Life, Owner]]


@dataclass(frozen=True, slots=True)
class Layers:
    """Rows of encodings added up to rows of streams, one for each poll of a stream.

    `rows` is the row of the encoding that stands for the stream, its largest that moved; `groups`
    are `None` where each stream has one encoding.
    """

    rows: IntArray
    groups: RowGroups | None

    def total(self, values: FloatArray) -> FloatArray:
        return values if self.groups is None else self.groups.total(values)

    def largest(self, values: FloatArray) -> FloatArray:
        return values if self.groups is None else self.groups.largest(values)

    def smallest(self, values: FloatArray) -> FloatArray:
        return values if self.groups is None else self.groups.smallest(values)


class _Rows:
    """The rows of a table that are some stream's and lie in a window."""

    def __init__(self, table: PollTable, owners: Owners, edges: FloatArray, moved: str) -> None:
        frame = table.frame
        track = tracks(table, owners)
        window = rates.window_of(table.known("run_s"), edges)
        self._kept = np.flatnonzero((track >= 0) & (window >= 0))
        self.table = table
        kept = frame[self._kept]
        self._keys = (
            in_order(kept["probe"]),
            in_order(kept["kind"]),
            track[self._kept],
            window[self._kept],
        )
        page_time_s = kept["page_time_s"].to_numpy()
        polls = RowGroups(self._keys, at=page_time_s)
        if polls.count == len(self._kept):
            rows = np.arange(len(self._kept))
            self.layers = Layers(rows, None)
        else:
            grew = np.nan_to_num(self.values(table.delta(moved))) > 0
            pixels = self.values("frameWidth") * self.values("frameHeight")
            size = np.where(grew, np.nan_to_num(pixels), -1.0)
            by_size = RowGroups(self._keys, then=(size, table.series[self._kept]), at=page_time_s)
            self.layers = Layers(by_size.last_row(), by_size)
        self.windows = RowGroups(
            [key[self.layers.rows] for key in self._keys],
            then=(kept["host_monotonic_s"].to_numpy()[self.layers.rows],),
        )

    def values(self, of: str | pl.Series) -> FloatArray:
        """A column, or a series as long as the table, at the rows kept; NaN is unknown."""
        if isinstance(of, str):
            return self.table.known(of)[self._kept]
        return of.cast(pl.Float64).to_numpy()[self._kept]

    def total(self, of: str | pl.Series) -> FloatArray:
        """Of all encodings together, in each window."""
        return self.windows.total(self.layers.total(self.values(of)))

    def of_best(self, of: str | pl.Series) -> FloatArray:
        """At each poll, of the encoding that stands for its stream."""
        return self.values(of)[self.layers.rows]

    def resized(self) -> FloatArray:
        """1 where a stream's pictures had several sizes in a window, else 0."""
        pixels = self.of_best("frameWidth") * self.of_best("frameHeight")
        least, most = self.windows.smallest(pixels), self.windows.largest(pixels)
        return np.where(np.isnan(least), 0.0, (least != most).astype(np.float64))

    def frame(self, direction: Direction, figures: Mapping[str, FloatArray]) -> pl.DataFrame:
        """A row for each stream and window, with the connection and id that it had last."""
        last = self._kept[self.layers.rows[self.windows.last_row()]]
        named = self.table.frame[last]
        columns = [
            named["probe"],
            named["kind"],
            pl.Series("track", self.windows.key(self._keys[2][self.layers.rows])),
            pl.Series("window", self.windows.key(self._keys[3][self.layers.rows])),
            named["connection"],
            named["id"],
            *(pl.Series(name, values, nan_to_null=True) for name, values in figures.items()),
        ]
        return pl.DataFrame(columns).with_columns(direction=pl.lit(direction))

    def text(self, name: str) -> pl.Series:
        """The last that is known of a text in each stream and window."""
        column = self.table.frame[name][self._kept][self.layers.rows]
        rows = self.windows.last_row(column.is_not_null().to_numpy())
        return column[np.maximum(rows, 0)].set(pl.Series(rows < 0), None).alias(name)


# ---------------------------------------------------------------- what was received


def received(
    tables: RtpTables, owners: Owners, edges: FloatArray, pairs: pl.DataFrame | None
) -> pl.DataFrame | None:
    """Of each stream that came; `None` if none did. `pairs` are those of `round_trips`."""
    table = tables.received
    if table is None:
        return None
    rows = _Rows(table, owners, edges, "framesDecoded")
    packets, lost = (rows.total(table.delta(name)) for name in ("packetsReceived", "packetsLost"))
    nacks = rows.total(table.delta("nackCount"))
    silence = table.silence_s("packetsReceived", "lastPacketReceivedTimestamp")
    figures = {
        "frame_width": rows.windows.last(rows.of_best("frameWidth")),
        "frame_height": rows.windows.last(rows.of_best("frameHeight")),
        "resized": rows.resized(),
        "packets": packets,
        "payload_bytes": rows.total(table.delta("bytesReceived")),
        "payload_span_s": rows.windows.total(rows.of_best(table.span_s("bytesReceived"))),
        "frames": rows.total(table.delta("framesDecoded")),
        "frames_span_s": rows.windows.total(rows.of_best(table.span_s("framesDecoded"))),
        "stalled_s": rows.windows.total(rows.of_best(table.stalled_s())),
        "gap_s": rows.windows.largest(rows.layers.smallest(rows.values(silence))),
        "jitter_s": rows.windows.mean(rows.of_best("jitter")),
        "residual_loss_ratio": rates.loss_ratio(lost, packets),
        "repair_ratio": rates.ratio(nacks, packets),
    }
    windows = rows.frame("inbound", figures)
    if pairs is not None:
        on = ["probe", "connection", "window"]
        windows = windows.join(pairs, on=on, how="left", maintain_order="left").rename(
            {"pair_round_trip_time_s": "round_trip_time_s"}
        )
    return _with_rows(windows, table, "inbound", owners, edges)


# ---------------------------------------------------------------- what was sent


def sent(
    tables: RtpTables,
    reader: SampleReader,
    owners: Owners,
    edges: FloatArray,
    pairs: pl.DataFrame | None,
) -> pl.DataFrame | None:
    """Of each stream that went; `None` if none did. `pairs` are those of `round_trips`."""
    table = tables.sent
    if table is None:
        return None
    rows = _Rows(table, owners, edges, "framesEncoded")
    packets = rows.total(table.delta("packetsSent"))
    again = rows.total(table.delta("retransmittedPacketsSent"))
    # What nobody asked for is padding: a sender probes for bandwidth with packets sent before.
    again = np.where(rows.total(table.delta("nackCount")) == 0, 0.0, again)
    reason = table.frame["qualityLimitationReason"]
    silence = table.silence_s("packetsSent", "lastPacketSentTimestamp")
    figures = {
        "frame_width": rows.windows.last(rows.of_best("frameWidth")),
        "frame_height": rows.windows.last(rows.of_best("frameHeight")),
        "resized": rows.resized(),
        "packets": packets,
        "payload_bytes": rows.total(table.delta("payload")),
        "payload_span_s": rows.windows.total(rows.layers.largest(rows.values(_span(table)))),
        "frames": rows.windows.total(rows.of_best(table.delta("framesEncoded"))),
        "frames_span_s": rows.windows.total(rows.of_best(table.span_s("framesEncoded"))),
        "gap_s": rows.windows.largest(rows.layers.smallest(rows.values(silence))),
        "target_bitrate_bps": rows.windows.mean(rows.layers.total(rows.values("targetBitrate"))),
        "quality_limited_by_cpu_ratio": rows.windows.mean(rows.of_best(_is(reason, "cpu"))),
        "repair_ratio": rates.ratio(again, packets),
    }
    windows = rows.frame("outbound", figures).with_columns(rows.text("mediaSourceId"))
    windows = _with_capture(windows, tables.sources, edges)
    windows = _with_round_trips(windows, _receiver_reports(reader, table, owners, edges), pairs)
    return _with_rows(windows, table, "outbound", owners, edges)


def _span(table: PollTable) -> pl.Series:
    return table.span_s("payload")


def _is(column: pl.Series, word: str) -> pl.Series:
    return (column == word).cast(pl.Float64)


def _with_capture(
    windows: pl.DataFrame, sources: PollTable | None, edges: FloatArray
) -> pl.DataFrame:
    """The rate at which each stream's camera gave frames."""
    if sources is None:
        return windows
    frame = sources.frame
    window = rates.window_of(sources.known("run_s"), edges)
    kept = np.flatnonzero((window >= 0) & (frame["kind"] == "video").fill_null(False).to_numpy())
    groups = RowGroups(
        [
            *(in_order(frame[name])[kept] for name in ("probe", "connection", "id")),
            window[kept],
        ]
    )
    captured = groups.total(sources.delta("frames").to_numpy()[kept])
    span_s = groups.total(sources.span_s("frames").to_numpy()[kept])
    named = frame[kept[groups.last_row()]]
    cameras = named.select("probe", "connection", mediaSourceId="id").with_columns(
        pl.Series("window", groups.key(window[kept])),
        pl.Series("capture_frame_rate", rates.ratio(captured, span_s), nan_to_null=True),
    )
    on = ["probe", "connection", "window", "mediaSourceId"]
    return windows.join(cameras, on=on, how="left", maintain_order="left")


def _with_round_trips(
    windows: pl.DataFrame, reports: pl.DataFrame | None, pairs: pl.DataFrame | None
) -> pl.DataFrame:
    """What the server's receiver reports say; the round trip, failing that, as ICE measures it."""
    known = []
    if reports is not None:
        on = ["probe", "kind", "track", "window"]
        windows = windows.join(reports, on=on, how="left", maintain_order="left")
        known.append("report_round_trip_time_s")
    if pairs is not None:
        on = ["probe", "connection", "window"]
        windows = windows.join(pairs, on=on, how="left", maintain_order="left")
        known.append("pair_round_trip_time_s")
    if not known:
        return windows
    return windows.with_columns(round_trip_time_s=pl.coalesce(known))


def _receiver_reports(
    reader: SampleReader, sent: PollTable, owners: Owners, edges: FloatArray
) -> pl.DataFrame | None:
    """What the server said of each stream, all its encodings together."""
    columns = (*SERIES, "timestamp", "localId", "packetsLost", "jitter", "roundTripTime")
    rows = reader.samples("remote-inbound-rtp", columns)
    if rows is None:
        return None
    table = PollTable(rows, SERIES)
    of_stream = sent.said.select("probe", "connection", "id").with_columns(
        pl.Series("number", sent.said_series)
    )
    of_stream = of_stream.unique(["probe", "connection", "id"], keep="last", maintain_order=True)
    number = (
        table.frame.select("probe", "connection", id="localId")
        .join(of_stream, on=["probe", "connection", "id"], how="left", maintain_order="left")
        .get_column("number")
        .fill_null(-1)
        .to_numpy()
    )
    track = _track_at(table.known("run_s"), number, owners)
    window = rates.window_of(table.known("run_s"), edges)
    kept = np.flatnonzero((track >= 0) & (window >= 0))
    kinds = {each: life.kind for life, _ in owners for each in life.series}
    kind = pl.Series("kind", [kinds[each] for each in number[kept].tolist()], pl.String)
    probe = table.frame["probe"][kept]
    groups = RowGroups(
        [in_order(probe), in_order(kind), track[kept], window[kept]],
        then=(table.series[kept], table.known("run_s")[kept]),
    )
    last = groups.last_row()
    return pl.DataFrame(
        [
            probe[last],
            kind[last],
            pl.Series("track", groups.key(track[kept])),
            pl.Series("window", groups.key(window[kept])),
            *(
                pl.Series(name, values, nan_to_null=True)
                for name, values in (
                    (
                        "remote_packets_lost",
                        groups.total(table.delta("packetsLost").to_numpy()[kept]),
                    ),
                    ("report_round_trip_time_s", groups.mean(table.known("roundTripTime")[kept])),
                    ("jitter_s", groups.mean(table.known("jitter")[kept])),
                )
            ),
        ]
    )


def _track_at(run_s: FloatArray, number: IntArray, owners: Owners) -> IntArray:
    """The track of the stream with that number of a counter, at that time; -1: none."""
    order = np.argsort(number, kind="stable")
    ordered = number[order]
    found = np.full(len(number), -1, dtype=np.int64)
    for life, owner in owners:
        for each in life.series:
            start, end = np.searchsorted(ordered, (each, each + 1))
            rows = order[start:end]
            mine = rows[(run_s[rows] >= owner.from_s) & (run_s[rows] < owner.to_s)]
            found[mine] = owner.track
    return found


def round_trips(reader: SampleReader, edges: FloatArray) -> pl.DataFrame | None:
    """Of the candidate pair that carries the media."""
    columns = ("probe", "connection", "page_time_s", "state", "nominated", "currentRoundTripTime")
    rows = reader.samples("candidate-pair", columns)
    if rows is None:
        return None
    rows = rows.filter(pl.col("nominated"), pl.col("state") == "succeeded")
    window = rates.window_of(rows["run_s"].cast(pl.Float64).to_numpy(), edges)
    seconds = rows["currentRoundTripTime"].cast(pl.Float64).to_numpy()
    polls = RowGroups(
        [in_order(rows["probe"]), in_order(rows["connection"])],
        then=(seconds,),
        at=rows["page_time_s"].to_numpy(),
    ).last_row()
    kept = polls[window[polls] >= 0]
    rows, window = rows[kept], window[kept]
    groups = RowGroups([in_order(rows["probe"]), in_order(rows["connection"]), window])
    last = groups.last_row()
    seconds = groups.mean(rows["currentRoundTripTime"].cast(pl.Float64).to_numpy())
    return (
        rows[last]
        .select("probe", "connection")
        .with_columns(
            pl.Series("window", window[last]),
            pl.Series("pair_round_trip_time_s", seconds, nan_to_null=True),
        )
    )


# ---------------------------------------------------------------- polls that had a stream


def _with_rows(
    windows: pl.DataFrame, table: PollTable, direction: Direction, owners: Owners, edges: FloatArray
) -> pl.DataFrame:
    """The figures with `rows`, `moves`: how often the stream went over to another one, and how
    often of those to one that was there already, `taken_over`.

    Where a page only repeated itself there are no figures.
    """
    said = table.said
    track = tracks(table, owners, said=True)
    window = rates.window_of(said["run_s"].cast(pl.Float64).to_numpy(), edges)
    known = np.flatnonzero(track >= 0)
    probe, kind = in_order(said["probe"]), in_order(said["kind"])
    polls = RowGroups(
        [key[known] for key in (probe, kind, track)],
        then=(said["run_s"].to_numpy()[known],),
        at=said["page_time_s"].to_numpy()[known],
    )
    one = known[polls.last_row()]
    # A stream that went over to another one, whose counters begin anew.
    life = _lives(owners, table)[table.said_series[one]]
    is_other_stream = changes([key[one] for key in (probe, kind, track)])
    moved = ~is_other_stream & (np.diff(life, prepend=-1) != 0)
    old = _flowed_before(owners, life, said["run_s"].to_numpy()[one], moved)
    inside = window[one] >= 0
    one, moved, old = one[inside], moved[inside], old[inside]
    groups = RowGroups([key[one] for key in (probe, kind, track, window)])
    last = one[groups.last_row()]
    rows = pl.DataFrame(
        [
            said["probe"][last],
            said["kind"][last],
            pl.Series("track", track[last]),
            pl.Series("window", window[last]),
            pl.Series("rows", groups.rows()),
            pl.Series("moves", groups.total(moved.astype(np.float64))),
            pl.Series("taken_over", groups.total(old.astype(np.float64))),
        ]
    ).with_columns(direction=pl.lit(direction))
    return rows.join(windows, on=[*STREAM, "window"], how="left", maintain_order="left")


def _flowed_before(
    owners: Owners, life: IntArray, run_s: FloatArray, moved: BoolArray
) -> BoolArray:
    """Those of the rows `moved` at which the other stream had been flowing already."""
    found = np.zeros(len(moved), dtype=np.bool_)
    for row in np.flatnonzero(moved).tolist():
        flows = owners[int(life[row])][0].flows
        found[row] = any(begin_s < run_s[row] <= end_s for begin_s, end_s in flows)
    return found


def _lives(owners: Owners, table: PollTable) -> IntArray:
    """For each series the number of the stream that it is of; -1: none."""
    found = np.full(int(table.said_series[-1]) + 1 if len(table.said_series) else 0, -1)
    for number, (life, _) in enumerate(owners):
        found[list(life.series)] = number
    return found


def rows_held(tables: RtpTables, edges: FloatArray) -> pl.DataFrame:
    """probe, window, direction, and how many rows of streams are there; a repeat counts once."""
    found = []
    for direction, table in (("inbound", tables.received), ("outbound", tables.sent)):
        if table is None:
            continue
        said = table.said
        window = rates.window_of(said["run_s"].cast(pl.Float64).to_numpy(), edges)
        kept = np.flatnonzero(window >= 0)
        probe = in_order(said["probe"])[kept]
        each = RowGroups(
            (table.said_series[kept], window[kept]), at=said["page_time_s"].to_numpy()[kept]
        ).last_row()
        groups = RowGroups([probe[each], window[kept][each]])
        last = kept[each[groups.last_row()]]
        found.append(
            pl.DataFrame(
                [
                    said["probe"][last],
                    pl.Series("window", window[last]),
                    pl.Series("held", groups.rows()),
                ]
            ).with_columns(direction=pl.lit(direction))
        )
    schema = {
        "probe": pl.String(),
        "window": pl.Int64(),
        "held": pl.Int64(),
        "direction": pl.String(),
    }
    return pl.concat(found) if found else pl.DataFrame(schema=schema)
