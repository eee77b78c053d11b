"""Which layer of a sender's video a receiver was given, and when that changed."""

from __future__ import annotations

from typing import Any

import pytest

from farm.evidence import trial_evidence
from farm.evidence.received_layers import NO_FRAME, OF_NO_LAYER, OF_SEVERAL, SIZES_UNKNOWN
from farm.model.trial_evidence import ReceivedLayer
from tests.farm.evidence.polled import END_S, HOLD_S, Course, Polled, plan, room

SIZES = {"q": (160, 120), "h": (320, 240), "f": (640, 480)}
SPANS = ((2.0, 18.0), (18.0, 27.0), (27.0, END_S))


def steady(bytes_per_s: float = 20_000.0) -> Course:
    return lambda now_s: bytes_per_s * now_s


def simulcast(sizes: dict[str, tuple[int, int]], **members: Any) -> Polled:
    """A call of which p000 sends a video in encodings of these sizes."""
    polled = Polled(plan())
    for place, (rid, (width, height)) in enumerate(sizes.items()):
        size = {"frameWidth": width, "frameHeight": height}
        polled.sent("p000", steady(), ssrc=100 + place, rid=rid, **size, **members)
    return polled


def given(polled: Polled, *sizes: tuple[int, int], rates: tuple[float, ...] = (20.0,) * 3) -> None:
    """p001 is given frames of these sizes, in the spans `SPANS`, on one stream."""
    before = 0.0
    for (begin_s, end_s), (width, height), rate in zip(SPANS, sizes, rates, strict=True):
        start = len(polled.rows["inbound-rtp"])
        size = {"frameWidth": width, "frameHeight": height}
        polled.received("p001", steady(), (begin_s, end_s), **size)
        for row in polled.rows["inbound-rtp"][start:]:
            seconds = row["run_s"] - begin_s
            row["framesDecoded"] = round(before + rate * seconds)
            row["bytesReceived"] = round(20_000 * row["run_s"])
            row["packetsReceived"] = row["bytesReceived"] // 1000
        before += rate * (end_s - begin_s)


def spans(polled: Polled) -> list[ReceivedLayer]:
    found = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0).received_layers
    return [each for each in found if each.probe == "p001"]


def named(polled: Polled) -> list[tuple[float, str]]:
    """The layers that p001 was given, each with the time from which on."""
    return [(each.begin_s, each.layer or each.why) for each in spans(polled)]


def test_a_receiver_has_the_layer_of_the_size_of_its_frames() -> None:
    polled = simulcast(SIZES)
    given(polled, SIZES["f"], SIZES["q"], SIZES["h"])
    assert named(polled) == [(HOLD_S, "f"), (18.5, "q"), (27.5, "h")]
    first, _, last = spans(polled)
    assert (first.sender, first.frame_width, first.frame_height) == ("p000", 640, 480)
    assert last.end_s == END_S


def test_a_layer_that_keeps_its_size_is_one_span() -> None:
    polled = simulcast(SIZES)
    given(polled, SIZES["h"], SIZES["h"], SIZES["h"])
    assert named(polled) == [(HOLD_S, "h")]


def test_where_it_cannot_be_known_the_reason_is_given() -> None:
    polled = simulcast(SIZES)
    given(polled, SIZES["f"], (500, 300), SIZES["f"])
    assert named(polled)[1] == (18.5, OF_NO_LAYER)
    polled = simulcast({"q": (320, 240), "h": (320, 240)})
    given(polled, *[(320, 240)] * 3)
    assert named(polled) == [(HOLD_S, OF_SEVERAL)]
    polled = simulcast(SIZES)
    given(polled, *[SIZES["f"]] * 3)
    for row in polled.rows["outbound-rtp"]:  # as light probes send
        row["frameWidth"] = row["frameHeight"] = None
    assert named(polled) == [(HOLD_S, SIZES_UNKNOWN)]


def test_a_video_that_stands_still_is_given_no_layer() -> None:
    polled = simulcast(SIZES)
    given(polled, *[SIZES["f"]] * 3, rates=(20.0, 0.0, 20.0))
    assert named(polled) == [(HOLD_S, "f"), (19.5, NO_FRAME), (27.5, "f")]


def test_a_layer_that_its_sender_paused_is_not_the_one_received() -> None:
    polled = simulcast({"q": (320, 240)})
    polled.sent("p000", lambda _: 0.0, ssrc=102, rid="f", frameWidth=320, frameHeight=240)
    for row in polled.rows["outbound-rtp"]:
        if row["rid"] == "f":
            row["framesEncoded"] = 0
    given(polled, *[(320, 240)] * 3)
    assert named(polled) == [(HOLD_S, "q")]


def scalable(mode: str) -> Polled:
    polled = Polled(plan())
    size = {"frameWidth": 640, "frameHeight": 480}
    polled.sent("p000", steady(), scalabilityMode=mode, framesPerSecond=20.0, **size)
    return polled


@pytest.mark.parametrize(
    ("mode", "lower"), [("L3T1", (320, 240)), ("L3T3_KEY", (320, 240)), ("L2T1h", (427, 320))]
)
def test_spatial_layers_of_one_encoding_are_known_by_their_share_of_its_size(
    mode: str, lower: tuple[int, int]
) -> None:
    polled = scalable(mode)
    given(polled, (640, 480), lower, (640, 480))
    top = 1 if mode.startswith("L2") else 2
    assert [name for _, name in named(polled)] == [f"S{top}", f"S{top - 1}", f"S{top}"]


def test_temporal_layers_are_known_by_the_frame_rate() -> None:
    polled = scalable("L1T3")
    given(polled, *[(640, 480)] * 3, rates=(20.0, 10.0, 4.0))
    assert [name for _, name in named(polled)] == ["T2", "T1", "T0"]
    seen_s = [at_s for at_s, _ in named(polled)[1:]]
    assert all(
        0 <= at_s - begin_s <= 2 for at_s, (begin_s, _) in zip(seen_s, SPANS[1:], strict=True)
    )


def test_frames_that_came_and_were_not_decoded_are_no_temporal_layer() -> None:
    polled = scalable("L1T3")
    given(polled, *[(640, 480)] * 3, rates=(20.0, 10.0, 20.0))
    for row in polled.rows["inbound-rtp"]:
        row["framesReceived"] = round(20 * row["run_s"])
    assert named(polled) == [(HOLD_S, "T2")]


def test_a_mode_that_the_page_changes_names_the_layers_from_then_on() -> None:
    polled = scalable("L2T1")
    for row in polled.rows["outbound-rtp"]:
        if row["run_s"] > 20:
            row["scalabilityMode"] = "L3T1"
    given(polled, (320, 240), (320, 240), (160, 120))
    found = named(polled)
    assert [name for _, name in found] == ["S0", "S1", "S0"]
    assert found[1][0] == 20.5, "half of the size is the middle one of three"


def test_frames_that_are_lost_are_no_temporal_layer() -> None:
    polled = scalable("L1T3")
    given(polled, *[(640, 480)] * 3, rates=(20.0, 10.0, 20.0))
    for row in polled.rows["inbound-rtp"]:
        row["packetsLost"] = round(5 * row["run_s"])
    assert named(polled) == [(HOLD_S, "T2")]


def test_of_smaller_frames_than_usual_spatial_layers_are_unknown() -> None:
    polled = scalable("L2T1")
    for row in polled.rows["outbound-rtp"]:
        if row["run_s"] > 20:
            row["frameWidth"], row["frameHeight"] = 320, 240
    given(polled, (640, 480), (320, 240), (320, 240))
    assert [name for _, name in named(polled)] == ["S1", "S0", OF_NO_LAYER]


def test_a_sender_without_layers_has_none_that_are_received() -> None:
    polled = Polled(plan())
    polled.sent("p000", steady(), frameWidth=640, frameHeight=480, scalabilityMode="L1T1")
    given(polled, *[(640, 480)] * 3)
    assert named(polled) == []


def test_spatial_layers_are_one_frame_each() -> None:
    """Chromium counts a frame once for each of its spatial layers."""
    polled = scalable("L3T3")
    for row in polled.rows["outbound-rtp"]:
        row["framesEncoded"] = 3 * row["framesEncoded"]
    evidence = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)
    rates = [
        each.frame_rate
        for each in evidence.intervals
        if each.probe == "p000" and each.direction == "outbound" and each.kind == "video"
    ]
    assert rates == [pytest.approx(20.0, rel=0.01)] * 3


def test_layers_are_the_same_whatever_the_order_of_rows() -> None:
    polled = simulcast(SIZES)
    given(polled, SIZES["f"], SIZES["q"], SIZES["h"])
    trial = polled.trial()
    once = trial_evidence(trial, window_s=10.0, poll_s=1.0).received_layers
    for seed in range(3):
        again = trial_evidence(trial.shuffled(seed), window_s=10.0, poll_s=1.0)
        assert again.received_layers == once


def test_whose_layers_they_are_is_unknown_where_the_sender_is() -> None:
    polled = Polled(room(3))
    for number, probe in enumerate(("p000", "p001", "p002")):
        for place, (rid, (width, height)) in enumerate(SIZES.items()):
            polled.sent(
                probe,
                steady(),
                ssrc=100 * number + place,
                rid=rid,
                frameWidth=width,
                frameHeight=height,
            )
    for place in range(2):
        polled.received(
            "p000", steady(), ssrc=900 + place, mid=str(place + 1), frameWidth=320, frameHeight=240
        )
    found = trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)
    mine = [each for each in found.received_layers if each.probe == "p000"]
    assert {(each.sender, each.why) for each in mine} == {("p001 or p002", "its sender is unknown")}
