"""The files of recorded calls on the server: commands for any POSIX shell, and what they answer.

Where the server has `ffprobe`, every packet of a file is counted there and only the sums come back;
where it has not, the beginning of each file does (`head`).
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence
from typing import cast

from farm.server_observations import RecordedFile, RecordedTrack
from farm.webrtc_stats import MediaKind

HEAD_BYTES = 262_144
"""Enough for the length, the tracks and the first packets of both: seconds of a call."""

MARKER = ".made-by-probe-farm"
"""In a directory that the farm made: no other is cleared, opened to every user, or removed."""

# `kind,time` of every packet -> one line a kind: its first and its last time. Packets without a
# time (N/A) are no media that plays.
_SUM_UP = """
$1 == "audio" || $1 == "video" {
    if ($2 + 0 == $2) { if (!($1 in first)) first[$1] = $2; last[$1] = $2 }
    next
}
NF && !complaints++ { print "@trouble", $0 }
END { for (kind in first) print "@track", kind, first[kind], last[kind] }
"""

_LOOK = f"""\
probe=$(command -v ffprobe) && echo @ffprobe
is_open() {{
    find /proc/[0-9]*/fd -maxdepth 1 -lname "$1" 2>/dev/null | grep -q .
}}
look() {{
    size=$(stat -L -c %s "$1" 2>/dev/null) || {{ echo @missing; return; }}
    echo "@file $size"
    [ -r "$1" ] || {{ echo @hidden; return; }}
    [ -z "$probe" ] && [ "$size" != 0 ] && is_open "$(readlink -f "$1")" && echo @open
    [ -n "$probe" ] && [ "$size" != 0 ] || return
    "$probe" -v error -show_entries packet=codec_type,pts_time -of csv=p=0 "$1" 2>&1 |
        awk -F, {shlex.quote(_SUM_UP)}
}}
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


def free_bytes(said: str) -> int:
    """Of what `df -Pk` said last (POSIX: blocks, used, available, capacity, mounted on)."""
    return int(said.strip().splitlines()[-1].split()[3]) * 1024


def look(paths: Sequence[str]) -> str:
    """The command whose output `files` wants."""
    return _LOOK + "".join(f"look {shlex.quote(path)}\n" for path in paths)


def files(paths: Sequence[str], said: str) -> tuple[RecordedFile, ...]:
    """Of the same paths, in order. Without ffprobe a file that may be read has no tracks yet."""
    answers: list[list[list[str]]] = []
    for line in said.splitlines():
        words = line.split()
        if words[:1] in (["@missing"], ["@file"]):
            answers.append([words])
        elif words and words[0].startswith("@") and answers:
            answers[-1].append(words)
    return tuple(_file(path, answer) for path, answer in zip(paths, answers, strict=True))


def has_ffprobe(said: str) -> bool:
    """Whether the files that `look` found were also looked into."""
    return said.startswith("@ffprobe\n")


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


def _file(path: str, answer: Sequence[Sequence[str]]) -> RecordedFile:
    if answer[0][0] == "@missing":
        return RecordedFile(path, None)
    size = int(answer[0][1])
    said = [words for words in answer if words[0] == "@trouble"]
    tracks = tuple(
        RecordedTrack(cast(MediaKind, kind), float(last) - float(first))
        for word, kind, first, last in (words for words in answer if words[0] == "@track")
    )
    hidden = ["@hidden"] in answer
    return RecordedFile(
        path,
        size,
        None if hidden else tracks,
        " ".join(said[0][1:]) if said else "",
        being_written=["@open"] in answer,
    )
