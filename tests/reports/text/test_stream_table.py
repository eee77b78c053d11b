"""The table of streams: encodings that pause are there, and said to."""

from __future__ import annotations

import dataclasses

from farm.model.trial_evidence import LayerInterval, StreamIdentity
from farm.verdict.trial_streams import TrialStreams
from reports.series.by_probe import by_probe
from reports.text.stream_table import HEADINGS, StreamTable
from tests.farm.trial_evidence import good

COLUMNS = {heading.text: place for place, heading in enumerate(HEADINGS)}


def layer(rid: str, window: int, bitrate_bps: float | None, width: int | None) -> LayerInterval:
    frames = None if bitrate_bps is None else 20.0 * (bitrate_bps > 0)
    height = None if width is None else width * 3 // 4
    return LayerInterval("p000", "video", 0, rid, window, bitrate_bps, frames, width, height)


def test_an_encoding_that_pauses_has_a_row_that_says_so() -> None:
    layers = (
        *(layer("f", window, 0.0, None) for window in range(4)),
        *(layer("h", window, 200e3 * (window > 0), 320) for window in range(4)),
        *(layer("q", window, 100e3, 160) for window in range(4)),
        *(layer("x", window, None, None) for window in range(4)),
    )
    sent = StreamIdentity("p000", "outbound", "video", 0, owed=True, seen=True)
    evidence = dataclasses.replace(good(), streams=(sent,), layers=layers)
    rows = StreamTable(evidence, ["s000"], 1.0).rows(evidence.plan.probes[0], None)
    shown = {
        row[COLUMNS["stream"]].text: [
            row[COLUMNS[name]].text for name in ("owed", "size", "bitrate")
        ]
        for row in rows
    }
    assert shown["encoding f of it"] == ["paused", "", "0 kbit/s"]
    assert shown["encoding h of it"] == ["paused in 1 of 4 windows", "320x240", "150 kbit/s"]
    assert shown["encoding q of it"] == ["", "160x120", "100 kbit/s"]
    assert shown["encoding x of it"][0] == ""


def test_a_streams_loss_is_the_reports_whichever_way_it_goes() -> None:
    """What came late in the next window is no loss; the worst window tells by itself."""
    moved = (30, -25, 30, -25)
    evidence = good()
    intervals = tuple(
        dataclasses.replace(
            each,
            packets=500,
            packets_lost=moved[each.window],
            residual_loss_ratio=max(0, moved[each.window]) / 500,
        )
        for each in evidence.intervals
    )
    evidence = dataclasses.replace(evidence, intervals=intervals)
    probe = evidence.plan.probes[0]
    rows = list(StreamTable(evidence, ["s000"], 1.0).rows(probe, None))
    assert len(rows) == 4
    assert {row[COLUMNS["post-repair loss"]].text for row in rows} == {"0.50 %"}
    assert {row[COLUMNS["worst window"]].text for row in rows} == {"6.0 %"}
    seen = by_probe(evidence.plan, intervals)
    assert (round(seen.lost_up[0], 4), round(seen.lost_down[0], 4)) == (0.005, 0.005)
    worst = TrialStreams(evidence).inbound_loss(probe.probe, "video")
    assert worst == seen.lost_down[0]
