"""The encodings of streams that have several (simulcast), each in windows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

import numpy as np
import polars as pl

from farm.analysis import rates
from farm.analysis.rates import FloatArray, IntArray
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.row_groups import RowGroups
from farm.evidence.rtp_tables import tracks
from farm.evidence.stream_lifetimes import StreamLifetime
from farm.evidence.stream_slots import Owner
from farm.model.trial_evidence import LayerInterval
from farm.recording.sample_reader import SampleReader

_LINE = ("probe", "kind", "connection", "mid")
_NAME = pl.coalesce("rid", pl.col("ssrc").cast(pl.String), pl.lit("")).alias("rid")


def layers_of(
    table: PollTable | None,
    reader: SampleReader,
    owners: Iterable[tuple[StreamLifetime, Owner]],
    edges: FloatArray,
) -> list[LayerInterval]:
    """The encodings, in windows, of the sent streams among `owners` that have several at a time.

    An encoding is named by its rid, or by its SSRC where it has none (`a=ssrc-group:SIM`).
    """
    if table is None:
        return []
    of_line = _several(table)
    several = [
        (replace(life, series=of_line[life.probe, life.kind, life.connection, life.mid]), owner)
        for life, owner in owners
        if (life.probe, life.kind, life.connection, life.mid) in of_line
    ]
    if not several:
        return []
    track = tracks(table, several)
    window = rates.window_of(table.known("run_s"), edges)
    kept = np.flatnonzero((track >= 0) & (window >= 0))
    encodings = table.frame.select("probe", "kind", _NAME)
    names = [in_order(encodings[name])[kept] for name in encodings.columns]
    groups = RowGroups(
        (*names, track[kept], window[kept]),
        then=(table.known("run_s")[kept], table.series[kept]),
    )
    last = kept[groups.last_row()]
    columns = zip(
        encodings[last].iter_rows(),
        track[last].tolist(),
        window[last].tolist(),
        _modes_and_codecs(table, reader, last),
        *(_known(values) for values in _figures(table, groups, kept)),
        strict=True,
    )
    return [
        LayerInterval(
            probe=probe,
            kind=kind,
            track=number,
            rid=rid,
            window=at,
            bitrate_bps=bitrate_bps,
            frame_rate=frame_rate,
            frame_width=None if width is None else int(width),
            frame_height=None if height is None else int(height),
            target_bitrate_bps=target_bps,
            inactive_ratio=inactive,
            limited_by_bandwidth_ratio=by_bandwidth,
            limited_by_cpu_ratio=by_cpu,
            scalability_mode=mode,
            codec=codec,
        )
        for (probe, kind, rid), number, at, (mode, codec), *figures in columns
        for bitrate_bps, frame_rate, width, height, target_bps, inactive, by_bandwidth, by_cpu in [
            figures
        ]
    ]


def _figures(table: PollTable, groups: RowGroups, kept: IntArray) -> Iterator[FloatArray]:
    """The figures of each encoding and window, in the order of `LayerInterval`."""
    payload, span_s, frames, frames_span_s = (
        groups.total(values.to_numpy()[kept])
        for values in (
            table.delta("payload"),
            table.span_s("payload"),
            table.delta("framesEncoded"),
            table.span_s("framesEncoded"),
        )
    )
    yield rates.ratio(8 * payload, span_s)
    yield rates.ratio(frames, frames_span_s)
    yield groups.last(table.known("frameWidth")[kept])
    yield groups.last(table.known("frameHeight")[kept])
    yield groups.mean(table.known("targetBitrate")[kept])
    yield groups.mean(1 - table.known("active")[kept])
    reason = table.frame["qualityLimitationReason"]
    for word in ("bandwidth", "cpu"):
        yield groups.mean((reason == word).cast(pl.Float64).to_numpy()[kept])


def _modes_and_codecs(
    table: PollTable, reader: SampleReader, rows: IntArray
) -> list[tuple[str, str]]:
    """The scalability mode and the codec (`VP8`) at each of these rows, empty where unknown."""
    whose = ("probe", "connection", "codecId")
    told = table.frame.select(*whose, "scalabilityMode")[rows]
    codecs = reader.samples("codec", ("probe", "connection", "id", "mimeType"))
    if codecs is None:
        return [(mode or "", "") for mode in told["scalabilityMode"]]
    by_id = codecs.select(*whose[:2], pl.col("id").alias(whose[2]), "mimeType").unique(
        whose, keep="last", maintain_order=True
    )
    named = told.join(by_id, on=whose, how="left", maintain_order="left")
    return [
        (mode or "", (mime or "").rpartition("/")[2])
        for mode, mime in named.select("scalabilityMode", "mimeType").iter_rows()
    ]


def _several(table: PollTable) -> Mapping[tuple[str, str, str, str], tuple[int, ...]]:
    """By probe, kind, connection and mid the series of streams with several at a time."""
    starts = np.flatnonzero(np.diff(table.every_series, prepend=-1))
    ends = np.flatnonzero(np.diff(table.every_series, append=-1))
    last = table.every[ends].select(*_LINE, until_s="run_s")
    begin_s = table.every["run_s"][starts].alias("begin_s")
    series = last.with_columns(begin_s).with_row_index("number")
    shared = series.filter(pl.col("mid").is_not_null() & pl.struct(_LINE).is_duplicated())
    lines: dict[tuple[str, str, str, str], list[tuple[float, float, int]]] = {}
    for number, probe, kind, connection, mid, until_s, begun_s in shared.iter_rows():
        line = probe, kind, connection or "", mid
        lines.setdefault(line, []).append((begun_s, until_s, number))
    return {
        line: tuple(number for *_, number in spans)
        for line, spans in lines.items()
        if any(later[0] < before[1] for before, later in pairwise(sorted(spans)))
    }


def _known(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
