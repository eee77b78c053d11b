"""Recordings of Janus: the track of a file, from its beginning and its end."""

from __future__ import annotations

import json
import struct
import subprocess
from pathlib import Path

import pytest

from farm.model.call_files import RecordedFile, RecordedTrack
from farm.server.mjr import HEAD_BYTES, TAIL_BYTES, mjr_track
from farm.server.recorded_files import files, inspect_command


def recording(kind: str, times_ms: list[int], content: bytes = b"x" * 900) -> bytes:
    header = json.dumps({"t": kind, "c": "vp8", "s": 1, "u": 2}).encode()
    packets = (
        b"MEET" + struct.pack(">IH", time_ms, len(content)) + content for time_ms in times_ms
    )
    return b"MJR00002" + struct.pack(">H", len(header)) + header + b"".join(packets)


def track(data: bytes, packets: int = 1) -> RecordedTrack:
    return mjr_track(data[:HEAD_BYTES], data[-TAIL_BYTES:], packets)


def test_its_length_is_from_the_first_to_the_last_packet() -> None:
    assert track(recording("v", [*range(40, 30_040, 20)])) == RecordedTrack("video", 29.98, 1)
    assert track(recording("a", [7])).length_s == 0


def test_a_packet_that_holds_the_word_of_packets_is_one_packet() -> None:
    content = b"MEET" + struct.pack(">IH", 999_999, 12) + b"y" * 900
    assert track(recording("a", [*range(0, 5000, 20)], content)).length_s == 4.98


def test_the_packet_that_is_being_written_is_left_out_but_for_its_time() -> None:
    whole = recording("v", [0, 20, 40])
    assert track(whole[:-100]).length_s == 0.04


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a recording of Janus"),
        (b"\x1aE\xdf\xa3", "not a recording of Janus"),
        (recording("v", []), "no media in it"),
        (recording("d", [0]), "neither audio nor video"),
        (b"MJR00002", "neither audio nor video"),
    ],
)
def test_what_is_no_recording_is_said(data: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        track(data)


def test_a_shell_counts_the_packets_of_each_file(tmp_path: Path) -> None:
    whole, empty, junk, absent = (tmp_path / f"{name}.mjr" for name in ("w", "e", "j", "a"))
    whole.write_bytes(recording("v", [*range(0, 60_000, 20)]))
    empty.touch()
    junk.write_bytes(b"no recording")
    paths = [str(each) for each in (whole, empty, junk, absent)]
    command = ["sh", "-c", inspect_command(paths)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert files(paths, said) == (
        RecordedFile(
            paths[0], whole.stat().st_size, (RecordedTrack("video", 59.98, packets=3000),)
        ),
        RecordedFile(paths[1], 0),
        RecordedFile(paths[2], 12, (), "not a recording of Janus (MJR00002)"),
        RecordedFile(paths[3], None),
    )
