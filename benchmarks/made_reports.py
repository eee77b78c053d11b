"""The receiver reports of a made-up server on what its pages send: late, at any time, some lost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from benchmarks.made_rows import StatsRows
from farm.analysis.rates import FloatArray
from farm.model.webrtc_stats import MediaKind

LOST = 0.007
"""The share of packets that a healthy network loses."""

SOONEST_S, LATEST_S = 0.5, 8.0
"""How long after a report the next one comes (RFC 3550, 6.2), if anything was sent since."""


def add_reports(
    rows: StatsRows,
    polls: Sequence[float],
    packets: FloatArray,
    *,
    probe: str,
    connection: str,
    ssrc: int,
    kind: MediaKind,
) -> None:
    """Add to each poll the newest report on a stream that had sent so many `packets` by then."""
    chance = np.random.default_rng(ssrc)
    next_s = (polls[0] if polls else 0.0) + chance.uniform(SOONEST_S, LATEST_S)
    newest: dict[str, float | int] | None = None
    told = 0.0
    for now_s in polls:
        while next_s <= now_s:
            sent = float(np.interp(next_s, polls, packets))
            if sent > told:
                newest, told = {"timestamp": next_s * 1000, "packetsLost": int(LOST * sent)}, sent
            next_s += chance.uniform(SOONEST_S, LATEST_S)
        if newest is not None:
            rows.add(
                "remote-inbound-rtp",
                probe=probe,
                connection=connection,
                id=f"RI{ssrc}",
                now_s=now_s,
                ssrc=ssrc,
                kind=kind,
                localId=f"OT{ssrc}",
                **newest,
            )
