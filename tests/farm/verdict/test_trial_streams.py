import dataclasses
import math
from typing import Any

import pytest

from farm.model.criteria import Criteria
from farm.model.trial_evidence import LayerInterval, StreamIdentity, StreamInterval, TrialEvidence
from farm.verdict.baseline import Baseline, baseline_of
from farm.verdict.trial_streams import TrialStreams
from tests.farm.trial_evidence import Change, good, losing, spoilt, stream


def heard(evidence: TrialEvidence) -> dict[str, list[tuple[str, ...]]]:
    """Whose videos each probe receives."""
    streams = TrialStreams(evidence)
    return {
        probe.probe: [each.senders for each in streams.owed(probe.probe, "inbound", "video")]
        for probe in evidence.plan.probes
    }


def test_in_a_call_each_receives_the_other() -> None:
    assert heard(good(load=4)) == {
        "p000": [("p001",)],
        "p001": [("p000",)],
        "p002": [("p003",)],
        "p003": [("p002",)],
    }


def test_in_a_broadcast_all_receive_the_presenter() -> None:
    evidence = good("broadcast", 4)
    presenter = evidence.plan.probes[0]

    viewers = {probe: [("p000",)] for probe in ("p001", "p002", "p003")}
    assert heard(evidence) == {"p000": [], **viewers}
    receivers = TrialStreams(evidence).receivers_of(presenter, "video")
    assert [hearer.probe for hearer in receivers] == ["p001", "p002", "p003"]


def test_in_a_mixed_room_the_server_makes_what_is_received() -> None:
    assert heard(good("group", 4)) == {f"p00{number}": [()] for number in range(4)}


def test_in_a_forwarded_room_each_receives_all_others() -> None:
    evidence = good("group", 3, members=3, media="forwarded")
    assert heard(evidence)["p001"] == [("p000",), ("p002",)]


def test_what_is_expected_is_what_the_plan_says() -> None:
    expected = TrialStreams(good("broadcast", 2)).expected

    assert [(each.probe, each.direction, each.kind) for each in expected] == [
        ("p000", "outbound", "audio"),
        ("p000", "outbound", "video"),
        ("p001", "inbound", "audio"),
        ("p001", "inbound", "video"),
    ]


def codes(evidence: TrialEvidence, probe: str, baseline: Baseline | None = None) -> list[str]:
    """The limits that the videos a probe received broke."""
    streams = TrialStreams(evidence)
    return [
        breach.code
        for each in streams.owed(probe, "inbound", "video")
        for breach in streams.breaches(each, Criteria(), baseline)
    ]


def test_what_the_sender_did_not_send_cannot_be_delivered() -> None:
    nothing = spoilt(good(), stream("p001", "outbound", "video", bitrate_bps=0.0))
    assert codes(spoilt(nothing, stream("p000", "inbound", "video", bitrate_bps=0.0)), "p000") == []


def test_each_stream_of_a_forwarded_room_is_held_to_its_own_sender() -> None:
    room = good("group", 3, members=3, media="forwarded")
    modest = spoilt(room, stream("p001", "outbound", "video", bitrate_bps=100_000.0))

    def from_p001(interval: StreamInterval) -> Change | None:
        mine = interval.probe == "p000" and interval.kind == "video" and interval.track == 0
        return {"bitrate_bps": 100_000.0} if mine and interval.direction == "inbound" else None

    assert codes(spoilt(modest, from_p001), "p000") == []
    assert codes(spoilt(room, from_p001), "p000") == ["delivered"]


def test_a_camera_asked_for_less_owes_less_and_so_does_who_forwards_it() -> None:
    slow = spoilt(good(), stream("p001", "outbound", "video", frame_rate=15.0))
    seen = spoilt(slow, stream("p000", "inbound", "video", frame_rate=15.0))

    assert codes(seen, "p000") == ["frame_rate"]
    assert (
        codes(spoilt(seen, stream("p001", "outbound", "video", asked_frame_rate=15.0)), "p000")
        == []
    )
    assert (
        codes(spoilt(seen, stream("p001", "outbound", "video", asked_frame_rate=None)), "p000")
        == []
    ), "a picture that is no camera's owes no rate"


def test_a_forwarded_picture_may_grow_and_shrink_but_not_to_less_than_half_the_pixels() -> None:
    baseline = baseline_of([good()], at_least=1)
    size = {"frame_width": 480, "frame_height": 360}
    assert codes(spoilt(good(), stream("p000", "inbound", "video", **size)), "p000", baseline) == []
    size = {"frame_width": 1280, "frame_height": 960}
    assert codes(spoilt(good(), stream("p000", "inbound", "video", **size)), "p000", baseline) == []
    size = {"frame_width": 320, "frame_height": 240}
    small = spoilt(good(), stream("p000", "inbound", "video", **size))
    assert codes(small, "p000", baseline) == ["pixels"]
    assert codes(small, "p000") == [], "nothing to compare it with"


def test_of_simulcast_the_layer_of_the_size_received_is_what_was_sent() -> None:
    layers = tuple(
        LayerInterval("p001", "video", 0, rid, window, bitrate_bps, 20.0, 160 * scale, 120 * scale)
        for window in range(4)
        for rid, bitrate_bps, scale in (
            ("q", 60_000.0, 1),
            ("h", 150_000.0, 2),
            ("f", 500_000.0, 4),
        )
    )
    simulcast = dataclasses.replace(good(), layers=layers)

    def of_layer(bitrate_bps: float, width: int, height: int) -> TrialEvidence:
        figures = {"bitrate_bps": bitrate_bps, "frame_width": width, "frame_height": height}
        return spoilt(simulcast, stream("p000", "inbound", "video", **figures))

    assert codes(of_layer(150_000.0, 320, 240), "p000") == []
    assert codes(of_layer(60_000.0, 320, 240), "p000") == ["delivered"]
    assert codes(of_layer(60_000.0, 200, 100), "p000") == [], "of a size nobody sends: the smallest"


def layered(*layers: tuple[str, float, float, int]) -> TrialEvidence:
    """p001 sends encodings: rid, bitrate, frame rate, height."""
    return dataclasses.replace(
        good(),
        layers=tuple(
            LayerInterval("p001", "video", 0, rid, at, bps, rate, height * 4 // 3, height)
            for at in range(4)
            for rid, bps, rate, height in layers
        ),
    )


def received(evidence: TrialEvidence, **figures: Any) -> list[str]:
    """The limits that p000's video breaks where it has these figures in its last window."""
    return codes(spoilt(evidence, stream("p000", "inbound", "video", [3], **figures)), "p000")


def test_an_encoding_owes_no_more_frames_than_it_is_sent_with() -> None:
    two = layered(("q", 60_000.0, 10.0, 120), ("f", 500_000.0, 20.0, 480))
    small = {"bitrate_bps": 60_000.0, "frame_width": 160, "frame_height": 120}
    assert received(two, **small, frame_rate=10.0) == []
    assert received(two, **small, frame_rate=5.0) == ["frame_rate"]
    assert received(two, frame_rate=10.0) == ["frame_rate"], "it is of the larger one"


def test_a_window_in_which_the_server_went_over_to_another_encoding_is_not_compared() -> None:
    two = layered(("q", 60_000.0, 20.0, 120), ("f", 500_000.0, 20.0, 480))
    assert received(two, bitrate_bps=200_000.0, is_resized=True) == []
    assert received(two, bitrate_bps=200_000.0) == ["delivered"]


def test_a_server_may_leave_out_temporal_layers_but_no_more() -> None:
    planned = TrialStreams(good()).expected
    scalable = dataclasses.replace(
        good(),
        streams=tuple(
            dataclasses.replace(each, scalability_mode="L1T2" if each.kind == "video" else "")
            for each in planned
        ),
    )
    assert received(scalable, frame_rate=10.0, bitrate_bps=300_000.0) == []
    assert received(scalable, frame_rate=5.0, bitrate_bps=100_000.0) == ["frame_rate"]
    assert received(scalable, bitrate_bps=300_000.0) == ["delivered"], "all frames came"


def room_of_unknown_copies() -> TrialEvidence:
    """A forwarded room of three; nobody knows which of its senders' tracks p000's videos are."""
    room = good("group", 3, members=3, media="forwarded")
    streams = tuple(
        dataclasses.replace(each, sent_tracks=((-math.inf, -1),))
        if (each.probe, each.direction, each.kind) == ("p000", "inbound", "video")
        else each
        for each in TrialStreams(room).expected
    )
    return dataclasses.replace(room, streams=streams)


def of_first_video(evidence: TrialEvidence) -> list[str]:
    """The limits that the video breaks which p000 has of p001."""
    streams = TrialStreams(evidence)
    (first, *_) = streams.owed("p000", "inbound", "video")
    assert first.senders == ("p001",)
    return [each.code for each in streams.breaches(first, Criteria(), None)]


@pytest.mark.parametrize(("is_resized", "breaches"), [(False, ["delivered"]), (True, [])])
def test_of_senders_that_may_have_sent_it_those_with_its_size_count(
    is_resized: bool, breaches: list[str]
) -> None:
    """p002 sends little, and small pictures: what changed its size may have been its."""
    room = room_of_unknown_copies()
    small = {"frame_width": 160, "frame_height": 120, "bitrate_bps": 60_000.0}
    thin = {"bitrate_bps": 150_000.0, "is_resized": is_resized}
    evidence = spoilt(room, stream("p002", "outbound", "video", **small))
    evidence = spoilt(evidence, stream("p000", "inbound", "video", **thin))
    assert of_first_video(evidence) == breaches


def test_of_a_sender_with_copies_for_others_any_of_them_may_be_what_was_received() -> None:
    """p001 sends p002 a copy of fewer bytes than what stands for its camera."""
    room = room_of_unknown_copies()
    copy = StreamIdentity("p001", "outbound", "video", 1, owed=False, seen=True)
    copies = tuple(
        dataclasses.replace(each, track=1, bitrate_bps=140_000.0, owed=False)
        for each in room.intervals
        if (each.probe, each.direction, each.kind) == ("p001", "outbound", "video")
    )
    thin = stream("p000", "inbound", "video", bitrate_bps=140_000.0)
    assert of_first_video(spoilt(room, thin)) == ["delivered"]
    with_copy = dataclasses.replace(
        room, streams=(*room.streams, copy), intervals=(*room.intervals, *copies)
    )
    assert of_first_video(spoilt(with_copy, thin)) == []


def test_a_servers_own_audio_is_not_what_a_microphone_sent() -> None:
    room = good("group", 3, members=3, media="forwarded")
    streams = tuple(
        dataclasses.replace(each, senders=("p001", "p002")) if each.probe == "p000" else each
        for each in TrialStreams(room).expected
        if not (each.probe == "p000" and each.direction == "inbound" and each.track == 1)
    )
    mixed = dataclasses.replace(room, streams=streams)
    quiet = spoilt(mixed, stream("p000", "inbound", "audio", bitrate_bps=10_000.0))
    assert [
        breach.code
        for each in TrialStreams(quiet).owed("p000", "inbound", "audio")
        for breach in TrialStreams(quiet).breaches(each, Criteria(), None)
    ] == []


def test_what_a_page_did_not_want_sent_is_held_against_nobody() -> None:
    dead = {"packets": 0, "bitrate_bps": 0.0, "frame_rate": 0.0, "stalled_ratio": 1.0, "gap_s": 9.0}
    gone = spoilt(good(), stream("p000", "inbound", "video", range(2, 4), **dead))
    assert "gap" in codes(gone, "p000")
    assert (
        codes(spoilt(gone, stream("p000", "inbound", "video", range(2, 4), owed=False)), "p000")
        == []
    )


def test_a_second_track_does_not_stand_in_for_the_first() -> None:
    evidence = good()
    stray = dataclasses.replace(evidence.intervals[0], track=1, gap_s=9.0)
    streams = TrialStreams(dataclasses.replace(evidence, intervals=(*evidence.intervals, stray)))

    assert streams.windows("p000", "outbound", "audio")[0].track == 0


def test_loss_over_the_hold_is_weighed_by_packets() -> None:
    lossy = stream("p000", "inbound", "video", [0], **losing(0.5, due=200))
    streams = TrialStreams(spoilt(good(), lossy))

    assert streams.inbound_loss("p000", "video") == pytest.approx(100 / 2000)
    assert streams.inbound_loss("p000", "audio") == 0
    assert TrialStreams(good("broadcast", 2)).inbound_loss("p000", "video") is None


def test_loss_is_what_the_worst_stream_lost_in_all_and_no_mean_of_several() -> None:
    forwarded = good("group", 3, members=3, media="forwarded")

    def moved(interval: StreamInterval) -> Change | None:
        if (interval.probe, interval.direction, interval.kind) != ("p000", "inbound", "video"):
            return None
        late = {"packets_lost": (30, -25, 30, -25)[interval.window]}
        return late if interval.track == 0 else losing(0.5, due=1200)

    assert TrialStreams(spoilt(forwarded, moved)).inbound_loss("p000", "video") == 0.5


def test_without_a_baseline_a_mixed_picture_is_held_to_its_first_size() -> None:
    evidence = spoilt(good("group", 4), stream("p001", "inbound", "video", [2, 3], frame_width=400))
    assert codes(evidence, "p001") == ["size"]
