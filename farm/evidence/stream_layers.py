"""The encodings of streams that have several (simulcast), each in windows."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from farm import rates
from farm.evidence.poll_table import PollTable, in_order
from farm.evidence.row_groups import RowGroups
from farm.evidence.rtp_tables import tracks
from farm.evidence.stream_lives import Life
from farm.evidence.stream_slots import Owner
from farm.rates import FloatArray
from farm.trial import LayerInterval


def layers_of(
    table: PollTable | None, owners: Iterable[tuple[Life, Owner]], edges: FloatArray
) -> list[LayerInterval]:
    """The encodings of the sent streams among `owners` that have several."""
    several = [(life, owner) for life, owner in owners if len(life.rids) > 1]
    if table is None or not several:
        return []
    track = tracks(table, several)
    window = rates.window_of(table.known("run_s"), edges)
    kept = np.flatnonzero((track >= 0) & (window >= 0))
    names = [in_order(table.frame[name])[kept] for name in ("probe", "kind", "rid")]
    groups = RowGroups(
        (*names, track[kept], window[kept]),
        then=(table.known("run_s")[kept], table.series[kept]),
    )
    last = kept[groups.last_row()]
    payload, span_s, frames, frames_span_s = (
        groups.total(values.to_numpy()[kept])
        for values in (
            table.delta("payload"),
            table.span_s("payload"),
            table.delta("framesEncoded"),
            table.span_s("framesEncoded"),
        )
    )
    named = table.frame[last].select("probe", "kind", "rid")
    columns = zip(
        named.iter_rows(),
        track[last].tolist(),
        window[last].tolist(),
        _known(rates.ratio(8 * payload, span_s)),
        _known(rates.ratio(frames, frames_span_s)),
        _known(groups.last(table.known("frameWidth")[kept])),
        _known(groups.last(table.known("frameHeight")[kept])),
        strict=True,
    )
    return [
        LayerInterval(
            probe=probe,
            kind=kind,
            track=number,
            rid=rid or "",
            window=at,
            bitrate_bps=bitrate_bps,
            frame_rate=frame_rate,
            frame_width=None if width is None else int(width),
            frame_height=None if height is None else int(height),
        )
        for (probe, kind, rid), number, at, bitrate_bps, frame_rate, width, height in columns
    ]


def _known(values: FloatArray) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
