"""What is one stream to its user, however often its page began anew."""

from __future__ import annotations

from farm.evidence.stream_tracks import Life, tracks


def test_a_reloaded_page_goes_on_in_its_track() -> None:
    assert tracks([Life("video", 0, 10), Life("video", 11, 20), Life("video", 20, 30)]) == [0, 0, 0]


def test_streams_that_live_at_the_same_time_are_told_apart() -> None:
    lives = [Life("video", 5, 30), Life("video", 0, 10), Life("video", 12, 30), Life("audio", 5, 9)]
    assert tracks(lives) == [1, 0, 0, 0]


def test_nothing_has_no_tracks() -> None:
    assert tracks([]) == []
