"""The encodings of a sent stream that has several, window by window."""

from __future__ import annotations

import pytest

from farm.evidence import trial_evidence
from farm.model.trial_evidence import LayerInterval, TrialEvidence
from tests.farm.evidence.polled import END_S, Course, Polled, plan

RIDS = ("q", "h", "f")
SIZES = dict(zip(RIDS, (160, 320, 640), strict=True))


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def steady(bytes_per_s: float) -> Course:
    return lambda now_s: bytes_per_s * now_s


def simulcast(*, largest_until_s: float = END_S) -> Polled:
    """p000 sends three encodings of its camera, 80, 160 and 320 kbit/s."""
    polled = Polled(plan())
    for place, rid in enumerate(RIDS):
        polled.sent(
            "p000",
            steady(10_000.0 * 2**place),
            ssrc=100 + place,
            rid=rid,
            still_s=largest_until_s if rid == "f" else END_S,
            frameWidth=SIZES[rid],
            frameHeight=SIZES[rid],
        )
    return polled


def in_window(layers: tuple[LayerInterval, ...], window: int) -> dict[str, LayerInterval]:
    return {layer.rid: layer for layer in layers if layer.window == window}


def test_each_encoding_is_shown_with_its_size_and_rate() -> None:
    layers = evidence_of(simulcast()).layers
    assert len(layers) == 3 * 3
    for window in range(3):
        by_rid = in_window(layers, window)
        assert set(by_rid) == set(RIDS)
        for place, rid in enumerate(RIDS):
            layer = by_rid[rid]
            assert (layer.probe, layer.kind, layer.track) == ("p000", "video", 0)
            assert (layer.frame_width, layer.frame_height) == (SIZES[rid], SIZES[rid])
            assert layer.bitrate_bps == pytest.approx(80_000 * 2**place)
            assert layer.frame_rate == pytest.approx(20, rel=0.01)


def test_encodings_are_one_stream_whose_payload_is_theirs_together() -> None:
    evidence = evidence_of(simulcast())
    videos = [
        each for each in evidence.intervals if each.direction == "outbound" and each.kind == "video"
    ]
    mine = [each for each in videos if each.probe == "p000"]
    assert [each.track for each in mine] == [0, 0, 0]
    assert mine[1].bitrate_bps == pytest.approx(80_000 * 7)
    assert mine[1].frame_rate == pytest.approx(20, rel=0.01), "frames are its largest's, no sum"


def test_an_encoding_that_is_paused_sends_nothing_and_its_stream_goes_on() -> None:
    evidence = evidence_of(simulcast(largest_until_s=20.5))
    paused, still = (in_window(evidence.layers, 2)[rid] for rid in ("f", "h"))
    assert (paused.bitrate_bps, paused.frame_rate) == (0.0, 0.0)
    assert still.bitrate_bps == pytest.approx(160_000)
    (stream,) = (
        each
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == ("p000", "outbound", "video")
        if each.window == 2
    )
    assert stream.frame_rate == pytest.approx(20, rel=0.01)
    assert stream.frame_width == SIZES["h"], "the largest that is sent"


def test_an_encoding_that_never_sent_is_a_layer_at_rest() -> None:
    polled = Polled(plan())
    for place, rid in enumerate(RIDS):
        polled.sent("p000", steady(10_000.0 if rid == "q" else 0.0), ssrc=100 + place, rid=rid)
    for row in polled.rows["outbound-rtp"]:
        if row["rid"] != "q":
            row["framesEncoded"] = 0
    by_rid = in_window(evidence_of(polled).layers, 1)
    assert {rid: layer.bitrate_bps for rid, layer in by_rid.items()} == {
        "q": pytest.approx(80_000),
        "h": 0.0,
        "f": 0.0,
    }
    assert (by_rid["f"].frame_rate, by_rid["f"].frame_width) == (0.0, None)


def test_encodings_without_rids_are_named_by_their_ssrcs() -> None:
    polled = Polled(plan())
    for ssrc, bytes_per_s in ((100, 10_000.0), (101, 40_000.0)):
        polled.sent("p000", steady(bytes_per_s), ssrc=ssrc)
    by_ssrc = in_window(evidence_of(polled).layers, 1)
    assert {name: layer.bitrate_bps for name, layer in by_ssrc.items()} == {
        "100": pytest.approx(80_000),
        "101": pytest.approx(320_000),
    }


def test_an_ssrc_that_changed_is_no_layer() -> None:
    polled = Polled(plan())
    polled.sent("p000", steady(10_000.0), (2.0, 20.0), ssrc=100)
    polled.sent("p000", steady(10_000.0), (20.0, END_S), ssrc=101)
    assert evidence_of(polled).layers == ()


def test_a_screen_beside_a_camera_is_no_layer_of_it() -> None:
    polled = Polled(plan())
    polled.sent("p000", steady(10_000.0), ssrc=100)
    polled.sent("p000", steady(40_000.0), mid="5", ssrc=101, track="screen")
    assert evidence_of(polled).layers == ()


def test_a_stream_with_one_encoding_has_no_layers() -> None:
    polled = Polled(plan())
    polled.sent("p000", steady(10_000))
    polled.sent("p001", steady(10_000), rid="f")
    assert evidence_of(polled).layers == ()


def test_what_is_received_has_no_layers() -> None:
    polled = simulcast()
    polled.received("p001", steady(10_000))
    assert {layer.probe for layer in evidence_of(polled).layers} == {"p000"}


def test_layers_are_the_same_whatever_the_order_of_their_rows() -> None:
    trial = simulcast().trial()
    once = trial_evidence(trial, window_s=10.0, poll_s=1.0).layers
    for seed in range(3):
        assert trial_evidence(trial.shuffled(seed), window_s=10.0, poll_s=1.0).layers == once
