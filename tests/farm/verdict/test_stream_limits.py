import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.model.criteria import Criteria
from farm.model.trial_evidence import StreamInterval
from farm.verdict.baseline import StreamBaseline
from farm.verdict.stream_limits import Breach, Reference, Sent, failing
from tests.farm.trial_evidence import losing

CRITERIA = Criteria()


def window(number: int, **figures: Any) -> StreamInterval:
    """One window of an inbound video stream; what is not given is unknown."""
    settings: dict[str, Any] = {"direction": "inbound", "kind": "video", "polls": 10, **figures}
    start_s = 30.0 + 10 * number
    return StreamInterval(
        "p000", "s000", "callee", window=number, start_s=start_s, end_s=start_s + 10, **settings
    )


def judged(
    *windows: StreamInterval, reference: Reference | None = None, **criteria: Any
) -> tuple[Breach, ...]:
    by_number = {each.window: each for each in windows}
    return failing(by_number, len(windows), Criteria(**criteria), reference or Reference())


def lossy(number: int, ratio: float = 0.2) -> StreamInterval:
    return window(number, **losing(ratio, due=500))


def clean(number: int) -> StreamInterval:
    return window(number, **losing(0.0, due=500))


# ---------------------------------------------------------------- which windows count


def test_one_bad_window_amid_good_ones_is_forgiven() -> None:
    assert judged(clean(0), lossy(1), clean(2)) == ()


def test_two_bad_windows_in_a_row_fail_the_stream() -> None:
    (breach,) = judged(clean(0), lossy(1), lossy(2, ratio=0.3), clean(3))

    assert (breach.code, breach.value, breach.limit) == ("residual_loss", 0.3, 0.01)
    assert (breach.at_s, breach.worst_at_s) == (40.0, 50.0)
    assert breach.beyond == pytest.approx(30)


def test_a_bad_last_window_fails_the_stream() -> None:
    assert [breach.at_s for breach in judged(clean(0), clean(1), lossy(2))] == [50.0]


def test_what_only_the_last_window_has_is_told_apart() -> None:
    assert [breach.in_last_window for breach in judged(clean(0), clean(1), lossy(2))] == [True]
    assert [breach.in_last_window for breach in judged(clean(0), lossy(1), lossy(2))] == [False]
    assert [breach.in_last_window for breach in judged(lossy(0))] == [True]
    assert [breach.in_last_window for breach in judged(lossy(0), lossy(1))] == [False]


def test_what_was_there_for_two_windows_before_is_not_of_the_last_one() -> None:
    breaches = judged(lossy(0), lossy(1), clean(2), window(3, gap_s=4.0))
    assert {each.code: each.in_last_window for each in breaches} == {
        "residual_loss": False,
        "gap": True,
    }


def test_bad_windows_apart_from_each_other_are_forgiven() -> None:
    assert judged(lossy(0), clean(1), lossy(2), clean(3)) == ()


def test_two_in_a_row_may_break_different_limits() -> None:
    breaches = judged(lossy(0), window(1, gap_s=4.0), clean(2))

    assert {breach.code for breach in breaches} == {"residual_loss", "gap"}


@given(bad=st.lists(st.booleans(), min_size=1, max_size=30))
def test_a_stream_fails_exactly_by_the_rule(bad: list[bool]) -> None:
    windows = [lossy(at) if is_bad else clean(at) for at, is_bad in enumerate(bad)]
    in_a_row = any(one and other for one, other in itertools.pairwise(bad))

    assert bool(judged(*windows)) == (in_a_row or bad[-1])


# ---------------------------------------------------------------- unknown is not zero


def test_unknown_figures_break_nothing() -> None:
    assert judged(window(0), window(1)) == ()


def test_a_stream_of_which_no_poll_tells_fails_for_lack_of_evidence() -> None:
    assert [breach.code for breach in judged(window(0, polls=0), window(1, polls=0))] == [
        "no_evidence"
    ]
    assert [breach.code for breach in failing({}, 3, CRITERIA, Reference())] == ["no_evidence"]


def test_a_hold_without_windows_proves_nothing() -> None:
    assert [breach.code for breach in judged()] == ["no_evidence"]


# ---------------------------------------------------------------- each limit


@pytest.mark.parametrize(
    ("figures", "code"),
    [
        (losing(0.02, due=500), "residual_loss"),
        (losing(1.0), "residual_loss"),
        ({"packets": 500, "repair_ratio": 0.05}, "repair"),
        ({"direction": "outbound", **losing(0.2, "outbound")}, "residual_loss"),
        ({"stalled_ratio": 0.06}, "stalled"),
        ({"gap_s": 2.5}, "gap"),
    ],
)
def test_what_breaks_an_absolute_limit(figures: dict[str, Any], code: str) -> None:
    breaches = judged(window(0, **figures))
    assert [breach.code for breach in breaches] == [code]


@pytest.mark.parametrize(
    "figures",
    [
        losing(0.05, due=100),  # 5 packets
        {"packets": 100, "repair_ratio": 0.05},  # 5 packets
        {"direction": "outbound", **losing(0.05, "outbound", due=100)},
        {"packets": 500, "packets_lost": -3, "residual_loss_ratio": 0.0},
        {"stalled_ratio": 0.05},  # one freeze of 0.5 s in 10
        {"gap_s": 2.0},
    ],
)
def test_no_limit_is_finer_than_five_packets_or_half_a_second(figures: dict[str, Any]) -> None:
    assert judged(window(0, **figures)) == ()


def usual(**figures: Any) -> StreamBaseline:
    settings: dict[str, Any] = {
        "frame_rate": None,
        "target_bitrate_bps": None,
        "frame_width": None,
        "frame_height": None,
        **figures,
    }
    return StreamBaseline("callee", "inbound", "video", **settings)


def test_the_frame_rate_is_held_to_the_cameras_or_a_mixs_to_its_baselines() -> None:
    slow = window(0, frame_rate=15.9)

    (camera,) = judged(slow, reference=Reference(asked={0: 20.0}))
    assert (camera.code, camera.limit) == ("frame_rate", 16.0)
    (baseline,) = judged(slow, reference=Reference(baseline=usual(frame_rate=25.0)))
    assert baseline.limit == 20.0
    assert judged(slow, reference=Reference(asked={0: 15.0})) == ()
    assert judged(slow, reference=Reference(asked={0: None}, baseline=usual(frame_rate=25.0))) == ()
    assert judged(slow) == ()


def test_a_senders_target_is_held_to_the_baselines() -> None:
    reference = Reference(baseline=usual(target_bitrate_bps=500_000.0))
    sending = window(0, direction="outbound", target_bitrate_bps=390_000.0)

    (breach,) = judged(sending, reference=reference)

    assert (breach.code, breach.value, breach.limit) == ("target_bitrate", 390_000, 400_000)


def test_received_video_has_a_least_height_only_where_one_is_set() -> None:
    small = [window(each, frame_width=320, frame_height=180) for each in range(3)]
    assert judged(*small) == ()
    assert judged(*small, frame_height=180) == ()
    (breach,) = judged(*small, frame_height=360)
    assert (breach.code, breach.value, breach.limit, breach.beyond) == ("frame_height", 180, 360, 2)
    assert judged(small[0], window(1, frame_height=720), window(2), frame_height=360) == ()
    sent = [window(each, direction="outbound", frame_height=180) for each in range(3)]
    assert judged(*sent, frame_height=360) == ()


def test_a_mixed_picture_must_keep_its_size() -> None:
    small = window(0, frame_width=400, frame_height=300)

    assert [b.code for b in judged(small, reference=Reference(size=(800, 600)))] == ["size"]
    assert judged(small, reference=Reference(size=(400, 300))) == ()


# ---------------------------------------------------------------- delivered


def delivering(*shares: float) -> tuple[Breach, ...]:
    """Windows in which these shares of 500 kbit/s arrived."""
    sent = {at: Sent(500_000.0, polls=10) for at in range(len(shares))}
    received = [window(at, bitrate_bps=500_000.0 * share) for at, share in enumerate(shares)]
    return judged(*received, reference=Reference(sent=sent))


def test_packets_under_way_are_not_missed() -> None:
    assert delivering(0.9, 1.05) == ()
    assert delivering(0.91, 0.91) == ()


def test_more_than_a_poll_is_missed() -> None:
    (breach,) = delivering(1.0, 0.8, 0.8, 1.0)
    assert (breach.code, breach.limit) == ("delivered", 0.95)
    assert breach.value == pytest.approx(0.8)


def test_a_small_share_that_is_always_missing_shows_over_the_hold() -> None:
    assert [breach.value for breach in delivering(0.86, 0.88)] == [pytest.approx(0.87)]
    (breach,) = delivering(*[0.93] * 24)
    assert breach.code == "delivered"
    assert breach.value == pytest.approx(0.93)


def moved(number: int, share: float, **figures: Any) -> StreamInterval:
    """A window of 10 s in which that share of 500 kbit/s arrived, all of it counted."""
    rate = 500_000.0 * share
    return window(number, bitrate_bps=rate, payload_bytes=int(10 * rate / 8), **figures)


def compared(*pairs: tuple[StreamInterval, Sent]) -> tuple[Breach, ...]:
    sent = dict(enumerate(of for _, of in pairs))
    return judged(*(received for received, _ in pairs), reference=Reference(sent=sent))


ALL = Sent(500_000.0, polls=10)


def test_a_burst_that_was_sent_first_or_last_may_be_counted_in_another_window() -> None:
    """Such as a key frame of a small picture."""
    burst = Sent(500_000.0, polls=10, edge=0.2)
    assert compared((moved(0, 1.0), ALL), (moved(1, 0.8), burst)) == ()
    (breach,) = compared((moved(0, 1.0), ALL), (moved(1, 0.7), burst))
    assert breach.value == pytest.approx(0.7)


def test_what_chance_moves_from_one_window_to_the_next_is_not_missed_over_the_hold() -> None:
    assert delivering(0.91, 1.09, 0.89) == ()
    (breach,) = delivering(0.91, 0.92, 0.89)
    assert breach.value == pytest.approx(0.91)
    assert (breach.at_s, breach.worst_at_s) == (30.0, 50.0)


def test_windows_that_are_apart_are_each_forgiven_what_is_under_way() -> None:
    unknown = Sent(500_000.0, polls=10, unseen=0.2)
    lacking = (moved(0, 0.87), ALL), (moved(1, 1.0), unknown), (moved(2, 0.87), ALL)
    assert compared(*lacking) == ()
    assert [breach.value for breach in delivering(0.87, 0.87)] == [pytest.approx(0.87)]


def test_the_last_window_that_is_known_is_the_last() -> None:
    good = (moved(0, 1.0), ALL), (moved(1, 1.0), ALL), (moved(2, 0.3), ALL)
    assert compared(*good, (moved(3, 1.0), ALL)) == ()
    (breach,) = compared(*good, (moved(3, 1.0), Sent(500_000.0, polls=10, unseen=0.9)))
    assert (breach.value, breach.window) == (pytest.approx(0.3), 2)


def test_where_no_window_is_known_none_is_the_last() -> None:
    unknown = Sent(500_000.0, polls=10, unseen=0.6)
    good = moved(1, 1.0), moved(2, 1.0)
    assert compared((moved(0, 0.0), unknown), *((each, unknown) for each in good)) == ()


def test_while_a_stream_takes_over_from_another_nobody_knows_which_is_forwarded() -> None:
    assert compared((moved(0, 1.0), ALL), (moved(1, 0.6, is_taken_over=True), ALL)) == ()
    (breach,) = compared((moved(0, 1.0), ALL), (moved(1, 0.5, is_taken_over=True), ALL))
    assert breach.value == pytest.approx(0.5)


def test_a_stream_that_both_sides_take_over_is_unknown_for_that_time_once() -> None:
    moving = Sent(500_000.0, polls=10, taking_over=0.3)
    (breach,) = compared((moved(0, 1.0), ALL), (moved(1, 0.5, is_taken_over=True), moving))
    assert breach.value == pytest.approx(0.5)


# ---------------------------------------------------------------- whoever's turn it is


def switching(*, key_frames: int, stalled_ratio: float, may_switch: bool = True) -> list[str]:
    """The limits that a video breaks which froze so long and decoded so many key frames."""
    windows = [
        window(number, key_frames=key_frames, stalled_ratio=stalled_ratio, frame_rate=14.5)
        for number in range(2)
    ]
    reference = Reference(asked=dict.fromkeys(range(2), 20.0), may_switch=may_switch)
    return sorted(breach.code for breach in judged(*windows, reference=reference))


def test_a_video_of_whoever_speaks_may_wait_for_the_key_frame_of_another_sender() -> None:
    assert switching(key_frames=1, stalled_ratio=0.14) == []
    assert switching(key_frames=1, stalled_ratio=0.14, may_switch=False) == [
        "frame_rate",
        "stalled",
    ]


def test_but_not_without_one_nor_for_long() -> None:
    assert switching(key_frames=0, stalled_ratio=0.14) == ["frame_rate", "stalled"]
    assert switching(key_frames=1, stalled_ratio=0.2) == ["stalled"]
    assert switching(key_frames=9, stalled_ratio=0.3) == ["stalled"]
