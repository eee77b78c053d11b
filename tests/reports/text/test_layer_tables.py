"""The tables and the figure of layers: what was sent of each, and which a receiver was given."""

from __future__ import annotations

import dataclasses

import numpy as np

from farm.model.trial_evidence import (
    EncodingSettings,
    LayerInterval,
    ReceivedLayer,
    StreamIdentity,
    TrialEvidence,
)
from reports.figures.received_layers import received_layers_chart
from reports.series.received_layers import layers_received, shares_by_second, smallest_first
from reports.text.layer_tables import layer_tables
from reports.text.table import Table
from tests.farm.trial_evidence import good

HEIGHTS = {"h": 720, "l": 180}


def layer(rid: str, window: int, **figures: float) -> LayerInterval:
    height = HEIGHTS[rid]
    return LayerInterval(
        "p000",
        "video",
        0,
        rid,
        window,
        **{"bitrate_bps": 400e3, "frame_rate": 20.0, **figures},
        frame_width=height * 16 // 9,
        frame_height=height,
        codec="VP8",
        scalability_mode="L1T3",
    )


def given(
    begin_s: float, end_s: float, name: str, probe: str = "p001", why: str = ""
) -> ReceivedLayer:
    height = HEIGHTS.get(name, 360)
    return ReceivedLayer(probe, 0, "p000", begin_s, end_s, name, why, height * 16 // 9, height)


def evidence_of(*layers: LayerInterval, given: tuple[ReceivedLayer, ...] = ()) -> TrialEvidence:
    sent = StreamIdentity("p000", "outbound", "video", 0, owed=True, seen=True)
    settings = EncodingSettings("p000", 0, "h", True, 2.0, 500e3, None, "", is_changed=True)
    return dataclasses.replace(
        good(), streams=(sent,), layers=layers, received_layers=given, encodings=(settings,)
    )


def tables(evidence: TrialEvidence) -> list[Table]:
    return list(layer_tables(evidence, layers_received(evidence), "t"))


def rows(table: Table, *headings: str) -> list[tuple[str, ...]]:
    names = [heading.text for heading in table.headings]
    return [tuple(row[names.index(each)].text for each in headings) for row in table.rows]


def test_a_layer_says_who_paused_it() -> None:
    (table,) = tables(
        evidence_of(
            *(layer("h", at, bitrate_bps=0.0, inactive_ratio=1.0) for at in range(2)),
            *(layer("h", at, inactive_ratio=0.0) for at in range(2, 4)),
            *(layer("l", at, inactive_ratio=0.0) for at in range(3)),
            layer("l", 3, bitrate_bps=0.0, inactive_ratio=0.0, limited_by_bandwidth_ratio=1.0),
        )
    )
    assert rows(table, "layer", "paused by its page", "paused otherwise", "bitrate") == [
        ("h", "50 %", "", "200 kbit/s"),
        ("l", "0 %", "in 1 of 4 windows: bandwidth", "300 kbit/s"),
    ]
    assert rows(table, "set by its page")[0] == (
        "size / 2, at most 500 kbit/s, changed in the hold",
    )
    assert rows(table, "set by its page")[1] == ("unknown",)


def test_a_receiver_says_which_layers_it_was_given_and_when_they_changed() -> None:
    begin_s = good().phases.hold_s or 0.0
    spans = (
        given(begin_s, begin_s + 10, "h"),
        given(begin_s + 10, begin_s + 12, "", why="no frame came"),
        given(begin_s + 12, begin_s + 20, "l"),
    )
    _, table = tables(evidence_of(layer("h", 0), given=spans))
    assert rows(table, "layers, share of time", "switches", "when in the hold", "unknown") == [
        ("h 50 %, l 40 %", "1", "h to l at 12 s", "10 %")
    ]
    assert rows(table, "why unknown") == [("no frame came",)]


def test_a_trial_without_layers_has_no_table_of_them() -> None:
    assert tables(good()) == []


def test_the_figure_has_a_row_a_video_and_of_many_the_shares() -> None:
    spans = (
        *(given(10, 20, "h", f"p{number:03}") for number in range(1, 4)),
        given(20, 30, "l", "p001"),
        given(20, 30, "", "p002", why="no frame came"),
    )
    streams = layers_received(evidence_of(layer("h", 0), given=spans))
    names = smallest_first(streams)
    assert names == ("l", "h")
    shares = shares_by_second(streams, names, np.array([15.0, 25.0, 35.0]))
    assert shares[:, 0].tolist() == [0.0, 1.0, 0.0]
    assert shares[:, 1].tolist() == [0.5, 0.0, 0.5], "p003 was not there any more"
    assert np.isnan(shares[:, 2]).all()
    chart = received_layers_chart(streams, good().phases)
    assert list(chart.columns["layer"]) == ["h", "l", "h", "", "h"]
    figure = chart.draw()
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["p001 from p000", "p002 from p000", "p003 from p000"]
    assert "1 switch in 1 of 3 videos" in figure.get_suptitle().replace("\n", " ")
    many = layers_received(
        evidence_of(given=tuple(given(10, 20, "h", f"p{number:03}") for number in range(50)))
    )
    drawn = received_layers_chart(many, good().phases).draw()
    assert drawn.axes[0].get_ylabel() == "received videos, %"
    (only,) = drawn.legends[0].get_patches()
    assert sum(only.get_facecolor()[:3]) < 1.0, "the largest layer is dark, also alone"
