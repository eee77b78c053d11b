from farm.model.trial_evidence import StreamInterval
from farm.verdict.baseline import baseline_of
from tests.farm.trial_evidence import Change, good, spoilt, stream


def test_two_trials_that_agree_make_a_baseline_of_medians() -> None:
    baseline = baseline_of([good(index=0), good(index=1)])

    assert baseline is not None
    assert baseline.trials == (0, 1)
    video = baseline.of("callee", "inbound", "video")
    assert video is not None
    assert (video.frame_rate, video.frame_width, video.frame_height) == (20.0, 640, 480)
    sent = baseline.of("caller", "outbound", "video")
    assert sent is not None
    assert sent.target_bitrate_bps == 500_000


def test_one_window_off_does_not_move_the_median() -> None:
    odd = spoilt(good(), stream("p000", "inbound", "video", [2], frame_rate=3.0))

    baseline = baseline_of([odd, good(index=1)])

    assert baseline is not None
    assert baseline.of("callee", "inbound", "video").frame_rate == 20.0  # type: ignore[union-attr]


def test_one_trial_is_not_enough_unless_it_is_said_to_be() -> None:
    assert baseline_of([good()]) is None
    alone = baseline_of([good()], at_least=1)
    assert alone is not None
    assert alone.trials == (0,)


def test_two_that_differ_need_a_third_that_agrees_with_one_of_them() -> None:
    def slow(interval: StreamInterval) -> Change:
        return {"target_bitrate_bps": (interval.target_bitrate_bps or 0) * 0.7}

    odd = spoilt(good(index=0), slow)

    assert baseline_of([odd, good(index=1)]) is None
    third = baseline_of([odd, good(index=1), good(index=2)])
    assert third is not None
    assert third.trials == (1, 2)
