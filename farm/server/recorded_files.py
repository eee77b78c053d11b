"""Commands about files of recorded calls on the server, for any POSIX shell, and their parsers.

If the server has `ffprobe`, it reads every packet of a file there and only sums come back; if not,
the beginning of each file does (`head`). Of a recording of Janus its beginning and end come back,
and the number of its packets.
"""

from __future__ import annotations

import base64
import binascii
import posixpath
import re
import shlex
from collections.abc import Sequence
from typing import cast

from farm.model.call_files import RecordedFile, RecordedTrack
from farm.model.webrtc_stats import MediaKind
from farm.server import mjr

HEAD_BYTES = 262_144
"""Enough for the length, the tracks and the first packets of both: some seconds of a call."""

BROKEN_OFF = "the server's answer broke off: was the command killed?"

MARKER = ".made-by-probe-farm"
"""Marks a directory as made by the farm: no other is cleared, made writable, or removed."""

# `kind,time` of every packet -> of each kind its first and its last time. Packets without a time
# (N/A) are no media that plays. Nothing is printed if ffprobe was killed: what it counted by then
# is not the whole file.
_SUM_UP = """
$1 == "@status" { status = $2; next }
$1 == "audio" || $1 == "video" {
    if ($2 + 0 == $2) { if (!($1 in first)) first[$1] = $2; last[$1] = $2 }
    next
}
NF && !complaints++ { complaint = $0 }
END {
    if (status == "" || status >= 128) exit
    for (kind in first) print "@track", kind, first[kind], last[kind]
    print "@probed"
    if (complaints) print "@trouble", complaint
}
"""

# Each file gets one line that ends with @end: a line that was cut, or of which a command was killed
# (as by a server out of memory), is no answer. Whether a file exists the shell itself checks.
_INSPECT = f"""\
set -f
probe=$(command -v ffprobe) && echo @ffprobe
is_open() {{
    set +f
    find /proc/[0-9]*/fd -maxdepth 1 -lname "$1" 2>/dev/null | grep -q .
}}
inside() {{
    [ "$size" != 0 ] || return
    [ -r "$1" ] || {{ echo @hidden; return; }}
    case $1 in *{mjr.SUFFIX})
        is_open "$(readlink -f "$1")" && echo @open
        echo @mjr "$(LC_ALL=C grep -ao MEET "$1" | wc -l)"
        head -c {mjr.HEAD_BYTES} "$1" | base64 | tr -d '\\n'
        echo
        tail -c {mjr.TAIL_BYTES} "$1" | base64 | tr -d '\\n'
        echo
        return ;;
    esac
    if [ -z "$probe" ]; then
        is_open "$(readlink -f "$1")" && echo @open
        return
    fi
    {{
        "$probe" -v error -show_entries packet=codec_type,pts_time -of csv=p=0 "$1" 2>&1
        printf '\\n@status,%s\\n' "$?"
    }} | awk -F, {shlex.quote(_SUM_UP)}
}}
describe() {{
    if [ -e "$1" ]; then
        size=$(stat -L -c %s "$1" 2>/dev/null) || return
        echo "@size $size"
        inside "$1"
    else
        echo @missing
    fi
    echo @end
}}
inspect() {{ printf '%s ' @file "$1" $(describe "$2"); echo; }}
"""


def prepare_command(directory: str) -> str:
    """Makes the directory, writable for every user, without files in it; prints `df`.

    Fails for a directory that exists and was not made by this command. The media server writes as
    a user of its own; the owner of the directory may delete its files (sticky, as /tmp is).
    """
    where, marker = shlex.quote(directory), shlex.quote(f"{directory}/{MARKER}")
    above = shlex.quote(posixpath.dirname(directory) or ".")
    return (
        f"umask 022 && mkdir -p {above} && "
        f"if [ -e {where} ] || [ -L {where} ]; then"
        f" [ -f {marker} ] && [ ! -L {marker} ] && [ ! -L {where} ] ||"
        f" {{ echo it is there, and the farm did not make it >&2; exit 1; }};"
        f" else mkdir {where} && : >{marker}; fi"
        f" && chmod 1777 {where} && {_files_in(directory)} -delete && df -Pk {where}"
    )


def free_bytes(output: str) -> int | None:
    """Free bytes by the last line of `df -Pk` (POSIX: blocks, used, available, capacity, mount)."""
    match = re.search(r"^\S.*? \d+ +\d+ +(\d+) +\d+% .*\n?\Z", output, re.MULTILINE)
    return int(match[1]) * 1024 if match else None


def inspect_command(paths: Sequence[str]) -> str:
    """The command whose output `files` reads."""
    return _INSPECT + "".join(
        f"inspect {at} {shlex.quote(path)}\n" for at, path in enumerate(paths)
    )


def files(paths: Sequence[str], output: str) -> tuple[RecordedFile, ...]:
    """The files at these paths, in order; unknown if there is no whole answer.

    Without ffprobe a file that may be read has no tracks yet.
    """
    answers: dict[str, list[str]] = {}
    for line in output.split("\n"):
        words = line.split()
        if words[:1] == ["@file"] and words[2:] and words[-1] == "@end":
            answers[words[1]] = words[2:-1]
    probed = has_ffprobe(output)
    return tuple(_file(path, answers.get(str(at)), probed=probed) for at, path in enumerate(paths))


def has_ffprobe(output: str) -> bool:
    """Whether the server has ffprobe, so that tracks were read there."""
    return "@ffprobe\n" in output


def head_command(path: str) -> str:
    """The command that prints the beginning of a file, as base64."""
    return f"head -c {HEAD_BYTES} {shlex.quote(path)} | base64"


def put_away_command(directory: str, folder: str | None, *, others: bool) -> str:
    """Delete the files, or move them to `folder`; `others`: delete folders of earlier trials, too.

    The directory's owner may move and delete files of other users there.
    """
    where = shlex.quote(directory)
    every = f"find {where} -mindepth 1 -maxdepth 1"
    steps = [f"{every} -type d -exec rm -rf {{}} +"] if others else []
    if folder is None:
        steps.append(f"{_files_in(directory)} -delete")
    else:
        to = shlex.quote(f"{directory}/{folder}")
        steps += [f"mkdir -p {to}", f"{_files_in(directory)} -exec mv -f -t {to} {{}} +"]
    return " && ".join(steps)


def remove_command(directory: str, *, kept: bool) -> str:
    """Remove the directory with all its files; `kept`: not its folders."""
    where = shlex.quote(directory)
    if not kept:
        return f"rm -rf {where}"
    folders = f"find {where} -mindepth 1 -maxdepth 1 -type d"
    return f'{_files_in(directory)} -delete; [ -n "$({folders})" ] || rm -rf {where}'


def _files_in(directory: str) -> str:
    """The `find` for everything in it except folders and the farm's marker."""
    return f"find {shlex.quote(directory)} -mindepth 1 -maxdepth 1 ! -type d ! -name {MARKER}"


def _file(path: str, answer: list[str] | None, *, probed: bool) -> RecordedFile:
    if answer == ["@missing"]:
        return RecordedFile(path, None)
    if answer is None or len(answer) < 2 or answer[0] != "@size" or not answer[1].isdecimal():
        return RecordedFile(path, None, unknown=BROKEN_OFF)
    size, words = int(answer[1]), answer[2:]
    if path.endswith(mjr.SUFFIX) and "@mjr" in words:
        return _mjr_file(path, size, words)
    if "@hidden" in words or (probed and size > 0 and "@probed" not in words):
        return RecordedFile(path, size, tracks=None)
    trouble: list[str] = []
    if "@trouble" in words:
        at = words.index("@trouble")
        words, trouble = words[:at], words[at + 1 :]
    tracks = tuple(
        RecordedTrack(cast(MediaKind, words[at + 1]), float(words[at + 3]) - float(words[at + 2]))
        for at, word in enumerate(words)
        if word == "@track"
    )
    return RecordedFile(path, size, tracks, " ".join(trouble), being_written="@open" in words)


def _mjr_file(path: str, size: int, words: list[str]) -> RecordedFile:
    """A recording of Janus: the words behind @mjr are its packets, its beginning, its end."""
    is_open = "@open" in words
    answer = words[words.index("@mjr") + 1 :]
    try:
        packets, head, tail = answer
        count = int(packets)
        track = mjr.mjr_track(base64.b64decode(head), base64.b64decode(tail), count)
    except binascii.Error:
        return RecordedFile(path, size, tracks=None)
    except ValueError as error:
        if len(answer) != 3 or not answer[0].isdecimal():
            return RecordedFile(path, size, tracks=None)
        return RecordedFile(path, size, (), str(error), being_written=is_open)
    return RecordedFile(path, size, (track,), being_written=is_open)
