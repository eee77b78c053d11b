"""What a shell says of recorded files, read back."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from farm.model.call_files import RecordedFile, RecordedTrack
from farm.server.recorded_files import files, free_bytes, has_ffprobe, inspect_command

PATHS = ("/r/s000-callee.webm", "/r/s000-caller.webm", "/r/s001-callee.webm", "/r/s001-caller.webm")


def test_each_file_has_its_answer() -> None:
    said = """\
@ffprobe
@file 0 @size 392914 @track audio 0.007000 11.994000 @track video 0.033000 11.900000 @probed @end
@file 1 @missing @end
@file 2 @size 0 @end
@file 3 @size 500 @probed @trouble [matroska,webm @ 0x564b2b5db680] EBML header parsing failed @end
"""
    whole, missing, empty, junk = files(PATHS, said)
    assert (whole.path, whole.size_bytes) == (PATHS[0], 392914)
    assert [(track.kind, round(track.length_s or 0, 3)) for track in whole.tracks or ()] == [
        ("audio", 11.987),
        ("video", 11.867),
    ]
    assert missing == RecordedFile(PATHS[1], None)
    assert empty == RecordedFile(PATHS[2], 0)
    assert junk.tracks == ()
    assert junk.trouble == "[matroska,webm @ 0x564b2b5db680] EBML header parsing failed"
    assert has_ffprobe(said)


def test_a_file_that_may_not_be_read_is_unknown_inside() -> None:
    (hidden,) = files(PATHS[:1], "@file 0 @size 500 @hidden @end\n")
    assert hidden == RecordedFile(PATHS[0], 500, tracks=None)


def test_a_greeting_of_the_login_is_passed_over() -> None:
    said = "Welcome to kms-1!\n@file 0 @size 500 @track audio 0 2 @end\nYou have mail.\n"
    (file,) = files(PATHS[:1], said)
    assert file.tracks == (RecordedTrack("audio", 2.0),)


def test_a_file_that_a_process_has_open_is_being_written(tmp_path: Path) -> None:
    bin_ = tmp_path / "bin"  # without an ffprobe in it
    bin_.mkdir()
    for name in ("stat", "find", "grep", "readlink"):
        (bin_ / name).symlink_to(shutil.which(name) or name)
    half, whole = tmp_path / "half.webm", tmp_path / "whole.webm"
    whole.write_text("all of it")
    with half.open("w") as file:
        file.write("some of it")
        file.flush()
        said = subprocess.run(
            ["/bin/sh", "-c", inspect_command([str(half), str(whole)])],
            env={**os.environ, "PATH": str(bin_)},
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        ).stdout
    seen = files([str(half), str(whole)], said)
    assert [file.being_written for file in seen] == [True, False]


def test_free_space_is_what_df_calls_available() -> None:
    said = """\
Filesystem     1024-blocks     Used Available Capacity Mounted on
/dev/nvme0n1p1   102400000 50000000  52400000      49% /
"""
    assert free_bytes(said) == 52_400_000 * 1024
