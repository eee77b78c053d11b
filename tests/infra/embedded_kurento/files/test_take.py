"""A recording's timeline: when it begins, what a pause does, what is left out."""

from __future__ import annotations

from infra.embedded_kurento.files.take import WAITING_FRAMES, Take
from infra.embedded_kurento.files.webm import TimedFrame, Tracks
from infra.embedded_kurento.media import MediaKind

BOTH = {MediaKind.AUDIO, MediaKind.VIDEO}


def test_it_begins_with_the_first_key_frame_once_every_kind_has_come() -> None:
    take = Take()
    assert _offer(take, _sound(10.00)) == []
    assert _offer(take, _sound(10.02)) == []
    assert not take.begun
    assert _offer(take, _key(10.01)) == [("VIDEO", 0.0), ("AUDIO", 0.01)]
    assert take.tracks == Tracks((640, 480), audio=True)
    assert _offer(take, _sound(10.04)) == [("AUDIO", 0.03)]
    assert _offer(take, _delta(10.06)) == [("VIDEO", 0.05)]


def test_pictures_wait_for_sound_from_their_latest_key_frame() -> None:
    take = Take()
    for frame in (_key(5.0), _delta(5.1), _key(5.2), _delta(5.3)):
        assert _offer(take, frame) == []
    assert _offer(take, _sound(5.35)) == [("VIDEO", 0.0), ("VIDEO", 0.1), ("AUDIO", 0.15)]


def test_a_kind_that_is_not_connected_is_not_waited_for() -> None:
    take = Take()
    assert _offer(take, _key(1.0), wanted={MediaKind.VIDEO}) == [("VIDEO", 0.0)]
    assert take.tracks == Tracks((640, 480), audio=False)
    assert _offer(take, _sound(1.1), wanted=BOTH) == []
    sound_only = Take()
    assert _offer(sound_only, _sound(3.0), wanted={MediaKind.AUDIO}) == [("AUDIO", 0.0)]
    assert not sound_only.wants_key_frame
    assert sound_only.tracks == Tracks(None, audio=True)


def test_without_one_of_the_kinds_nothing_is_ever_written() -> None:
    take = Take()
    assert all(_offer(take, _delta(at / 10)) == [] for at in range(1000))
    assert not take.begun


def test_pictures_that_wait_too_long_are_dropped_up_to_a_new_key_frame() -> None:
    take = Take()
    _offer(take, _key(0.0))
    assert not take.wants_key_frame
    for number in range(WAITING_FRAMES):
        _offer(take, _delta(number / 20))
    assert take.wants_key_frame
    assert _offer(take, _sound(60.0)) == []
    assert _offer(take, _delta(60.0)) == []
    assert _offer(take, _key(60.1)) == [("VIDEO", 0.0)]


def test_what_waited_before_a_pause_is_left_out() -> None:
    take = Take()
    _offer(take, _key(0.0))
    take.pause(1.0)
    take.resume(9.0)
    assert _offer(take, _sound(9.1)) == []
    assert _offer(take, _key(9.2)) == [("VIDEO", 0.0)]


def test_a_pause_is_cut_out() -> None:
    take = Take()
    _offer(take, _sound(0.0))
    _offer(take, _key(0.0))
    assert _offer(take, _delta(1.0)) == [("VIDEO", 1.0)]
    take.pause(1.0)
    assert _offer(take, _delta(2.0)) == []
    take.resume(5.0)
    assert _offer(take, _key(5.5)) == [("VIDEO", 1.5)]


def _offer(take: Take, frame: TimedFrame, wanted: set[MediaKind] = BOTH) -> list[tuple[str, float]]:
    size = (640, 480) if frame.kind is MediaKind.VIDEO and frame.is_key else None
    return [(timed.kind.value, round(timed.at_s, 3)) for timed in take.offer(frame, size, wanted)]


def _key(at_s: float) -> TimedFrame:
    return TimedFrame(MediaKind.VIDEO, b"key", at_s, is_key=True)


def _delta(at_s: float) -> TimedFrame:
    return TimedFrame(MediaKind.VIDEO, b"delta", at_s, is_key=False)


def _sound(at_s: float) -> TimedFrame:
    return TimedFrame(MediaKind.AUDIO, b"opus", at_s, is_key=True)
