"""Which files a recorded call owes, and what can be wrong with them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.analysis.recorded_calls import (
    OwedRecording,
    checked_recordings,
    owed_recordings,
    projected_recordings_bytes,
    recording_fault,
)
from farm.model.call_files import RecordedFile, RecordedTrack
from farm.testing import calls

OWED = OwedRecording("s000", "s000-caller.webm", ("audio", "video"), lasted_s=20.0)
PATH = "/var/tmp/farm/run/s000-caller.webm"


def file(audio_s: float | None = 20.0, video_s: float | None = 20.0) -> RecordedFile:
    tracks = (RecordedTrack("audio", audio_s), RecordedTrack("video", video_s))
    return RecordedFile(PATH, 1_000_000, tracks)


def test_each_side_of_a_call_that_everybody_had_joined_owes_a_file() -> None:
    owed = owed_recordings(calls(2, recorded=True), {"s001": 20.0})
    assert [(one.session, one.name, one.kinds, one.lasted_s) for one in owed] == [
        ("s001", "s001-callee.webm", ("audio", "video"), 20.0),
        ("s001", "s001-caller.webm", ("audio", "video"), 20.0),
    ]


def test_a_janus_owes_a_file_for_each_kind() -> None:
    plan = calls(1, recorded=True)
    sessions = tuple(
        replace(
            session,
            probes=tuple(
                replace(probe, recorded_as=f"{session.session}-{probe.role}.mjr")
                for probe in session.probes
            ),
        )
        for session in plan.sessions
    )
    owed = owed_recordings(replace(plan, sessions=sessions), {"s000": 20.0})
    assert [(one.name, one.kinds) for one in owed] == [
        ("s000-callee-audio.mjr", ("audio",)),
        ("s000-callee-video.mjr", ("video",)),
        ("s000-caller-audio.mjr", ("audio",)),
        ("s000-caller-video.mjr", ("video",)),
    ]


def test_a_recording_of_a_few_packets_is_none_of_the_whole_call() -> None:
    owed = OwedRecording("s000", "s000-caller-video.mjr", ("video",), lasted_s=20.0)
    few = RecordedFile(PATH, 1000, (RecordedTrack("video", 19.9, packets=9),))
    assert recording_fault(owed, few) == (
        "the video of the recording s000-caller-video.mjr has only 9 packets,"
        " the call lasted 20.0 s"
    )
    many = RecordedFile(PATH, 1000, (RecordedTrack("video", 19.9, packets=900),))
    assert recording_fault(owed, many) is None


def test_a_call_that_is_not_recorded_owes_nothing() -> None:
    assert owed_recordings(calls(2), {"s000": 20.0, "s001": 20.0}) == ()


@pytest.mark.parametrize("length_s", [17.1, 20.0, 26.0])
def test_a_file_about_as_long_as_the_call_is_whole(length_s: float) -> None:
    assert recording_fault(OWED, file(length_s, length_s)) is None


@pytest.mark.parametrize(
    ("seen", "wrong"),
    [
        (RecordedFile(PATH, None), f"there is no recording {PATH}"),
        (RecordedFile(PATH, 0), "the recording s000-caller.webm is empty"),
        (
            RecordedFile(PATH, 500, (), "Invalid data found when processing input"),
            "the recording s000-caller.webm cannot be played: "
            "Invalid data found when processing input",
        ),
        (
            RecordedFile(PATH, 500),
            "the recording s000-caller.webm cannot be played: no media in it",
        ),
        (
            RecordedFile(PATH, 500, (RecordedTrack("video", 20.0),)),
            "the recording s000-caller.webm has no audio",
        ),
        (
            file(video_s=5.04),
            "the video of the recording s000-caller.webm lasts 5.0 s, the call lasted 20.0 s",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_figures(seen: RecordedFile, wrong: str) -> None:
    assert recording_fault(OWED, seen) == wrong


def test_a_page_without_a_microphone_owes_no_sound() -> None:
    silent = OwedRecording("s000", "s000-caller.webm", ("video",), lasted_s=20.0)
    assert recording_fault(silent, RecordedFile(PATH, 500, (RecordedTrack("video", 20.0),))) is None


def test_what_nobody_could_read_is_neither_whole_nor_spoilt() -> None:
    owed = owed_recordings(calls(2, recorded=True), {"s000": 20.0, "s001": 20.0})
    found = checked_recordings(
        owed,
        (
            file(),
            RecordedFile(PATH, 500, tracks=None),
            file(audio_s=None, video_s=None),
            RecordedFile("/var/tmp/farm/run/s001-caller.webm", None),
        ),
    )
    assert found.whole == 1
    assert found.unknown == ("s000-caller.webm", "s001-callee.webm")
    assert found.faults == {
        "s001": "there is no recording /var/tmp/farm/run/s001-caller.webm",
    }


def test_both_files_of_a_call_are_told_in_one_line() -> None:
    owed = owed_recordings(calls(1, recorded=True), {"s000": 20.0})
    empty = RecordedFile(PATH, 0)
    assert checked_recordings(owed, (empty, empty)).faults == {
        "s000": "the recording s000-callee.webm is empty; the recording s000-caller.webm is empty",
    }


def test_eighteen_users_for_four_minutes_take_some_300_mb() -> None:
    size = projected_recordings_bytes(calls(9, recorded=True), 240.0)
    assert 270e6 < size < 320e6
    assert projected_recordings_bytes(calls(9), 240.0) == 0
