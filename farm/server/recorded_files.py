"""The files of recorded calls on the server: commands for any POSIX shell, and what they answer.

Where the server has `ffprobe`, every packet of a file is counted there and only the sums come back;
where it has not, the beginning of each file does (`head`).
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Sequence
from typing import cast

from farm.model.call_files import RecordedFile, RecordedTrack
from farm.model.webrtc_stats import MediaKind

HEAD_BYTES = 262_144
"""Enough for the length, the tracks and the first packets of both: seconds of a call."""

BROKEN_OFF = "the server's answer broke off: was the command killed?"

MARKER = ".made-by-probe-farm"
"""In a directory that the farm made: no other is cleared, opened to every user, or removed."""

# `kind,time` of every packet -> of each kind its first and its last time. Packets without a time
# (N/A) are no media that plays. Nothing is said where ffprobe was killed: what it counted by then
# is not the file.
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

# What is said of a file is one line that ends with @end: a line that was cut, or of which a part
# was killed (a server that is out of memory does so), is no answer. Whether a file is there the
# shell looks itself.
_LOOK = f"""\
set -f
probe=$(command -v ffprobe) && echo @ffprobe
is_open() {{
    set +f
    find /proc/[0-9]*/fd -maxdepth 1 -lname "$1" 2>/dev/null | grep -q .
}}
inside() {{
    [ "$size" != 0 ] || return
    [ -r "$1" ] || {{ echo @hidden; return; }}
    if [ -z "$probe" ]; then
        is_open "$(readlink -f "$1")" && echo @open
        return
    fi
    {{
        "$probe" -v error -show_entries packet=codec_type,pts_time -of csv=p=0 "$1" 2>&1
        printf '\\n@status,%s\\n' "$?"
    }} | awk -F, {shlex.quote(_SUM_UP)}
}}
said_of() {{
    if [ -e "$1" ]; then
        size=$(stat -L -c %s "$1" 2>/dev/null) || return
        echo "@size $size"
        inside "$1"
    else
        echo @missing
    fi
    echo @end
}}
look() {{ printf '%s ' @file "$1" $(said_of "$2"); echo; }}
"""


def ready(directory: str) -> str:
    """Makes the directory, which every user may write to, empty but for its folders; says `df`.

    One that is there and was not made by this fails, whatever is in it. The media server writes as
    a user of its own; what it wrote the owner of the directory may delete (sticky, as /tmp is).
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


def free_bytes(said: str) -> int | None:
    """Of what `df -Pk` said last (POSIX: blocks, used, available, capacity, mounted on)."""
    found = re.search(r"^\S.*? \d+ +\d+ +(\d+) +\d+% .*\n?\Z", said, re.MULTILINE)
    return int(found[1]) * 1024 if found else None


def look(paths: Sequence[str]) -> str:
    """The command whose output `files` wants."""
    return _LOOK + "".join(f"look {at} {shlex.quote(path)}\n" for at, path in enumerate(paths))


def files(paths: Sequence[str], said: str) -> tuple[RecordedFile, ...]:
    """Of the same paths, in order; unknown where there is no whole answer.

    Without ffprobe a file that may be read has no tracks yet.
    """
    answers: dict[str, list[str]] = {}
    for line in said.split("\n"):
        words = line.split()
        if words[:1] == ["@file"] and words[2:] and words[-1] == "@end":
            answers[words[1]] = words[2:-1]
    probed = has_ffprobe(said)
    return tuple(_file(path, answers.get(str(at)), probed=probed) for at, path in enumerate(paths))


def has_ffprobe(said: str) -> bool:
    """Whether the files that `look` found were also looked into."""
    return "@ffprobe\n" in said


def head(path: str) -> str:
    """The beginning of a file, as text that any connection carries."""
    return f"head -c {HEAD_BYTES} {shlex.quote(path)} | base64"


def put_away(directory: str, folder: str | None, *, others: bool) -> str:
    """Delete the files or move them to `folder` in the directory; `others`: the folders of before.

    What others wrote there the directory's owner may move and delete.
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


def remove(directory: str, *, kept: bool) -> str:
    """The directory with all that is in it; `kept`: but for its folders."""
    where = shlex.quote(directory)
    if not kept:
        return f"rm -rf {where}"
    folders = f"find {where} -mindepth 1 -maxdepth 1 -type d"
    return f'{_files_in(directory)} -delete; [ -n "$({folders})" ] || rm -rf {where}'


def _files_in(directory: str) -> str:
    """Finds what lies there beside folders, but for the farm's marker."""
    return f"find {shlex.quote(directory)} -mindepth 1 -maxdepth 1 ! -type d ! -name {MARKER}"


def _file(path: str, answer: list[str] | None, *, probed: bool) -> RecordedFile:
    if answer == ["@missing"]:
        return RecordedFile(path, None)
    if answer is None or len(answer) < 2 or answer[0] != "@size" or not answer[1].isdecimal():
        return RecordedFile(path, None, unknown=BROKEN_OFF)
    size, words = int(answer[1]), answer[2:]
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
