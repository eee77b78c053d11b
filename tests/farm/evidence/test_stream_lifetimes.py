"""The streams of a page's statistics: what each of them is."""

from __future__ import annotations

import polars as pl

from farm.evidence.poll_table import PollTable
from farm.evidence.stream_lifetimes import SERIES, lives


def test_a_sent_stream_is_as_scalable_as_its_encoder_says() -> None:
    rows = pl.DataFrame(
        {
            "probe": ["p000"] * 4,
            "connection": ["pc1"] * 4,
            "id": ["OT1", "OT1", "OT2", "OT2"],
            "ssrc": [11, 11, 12, 12],
            "kind": ["video", "video", "audio", "audio"],
            "mid": ["0", "0", "1", "1"],
            "scalabilityMode": ["L1T2", "L1T2", None, None],
            "packetsSent": [0, 50, 0, 50],
            "timestamp": [1000.0, 2000.0, 1000.0, 2000.0],
            "host_monotonic_s": [1.0, 2.0, 1.0, 2.0],
            "run_s": [1.0, 2.0, 1.0, 2.0],
        }
    )
    found = lives(PollTable(rows, SERIES, ("packetsSent",)), "outbound", "packetsSent")
    assert {life.kind: life.scalability_mode for life in found} == {"video": "L1T2", "audio": ""}
    assert {life.kind: life.ssrcs for life in found} == {"video": {11}, "audio": {12}}
