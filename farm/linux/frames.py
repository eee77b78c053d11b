"""Reads the output of `sample_server.sh` from pieces cut anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

LONGEST_LINE_BYTES = 1 << 20
_FILE = re.compile(
    r"(/proc/[^:]*|/.*?/(?:cpu|cpuacct|memory|io|blkio)\.[a-z_.]+"
    r"|/sys/class/net/[^:]*/speed|/sys/class/dmi/id/[a-z_]+):(.*)"
)


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer: the text of each file that could be read.

    `notes` are the other lines that the script wrote, by their first word.
    """

    number: int
    files: Mapping[str, str]
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class FrameReader:
    """Bytes in, frames out. Text outside a frame (a login banner) is ignored.

    A frame that is cut short by the beginning of another is dropped.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._number: int | None = None
        self._lines: list[str] = []
        self._notes: dict[str, list[str]] = {}

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that this piece completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            self._rest = b""
        frames = (self._take(line.decode(errors="replace")) for line in lines)
        return [frame for frame in frames if frame is not None]

    def _take(self, line: str) -> Frame | None:
        match line.split(" ", maxsplit=2):
            case ["@farm", "begin", number] if number.isdecimal():
                self._number, self._lines, self._notes = int(number), [], {}
            case ["@farm", "end", number] if number == str(self._number):
                self._number = None
                notes = {word: tuple(lines) for word, lines in self._notes.items()}
                return Frame(int(number), proc_files(self._lines), notes)
            case ["@farm", word, text] if self._number is not None:
                self._notes.setdefault(word, []).append(text)
            case _ if self._number is not None:
                self._lines.append(line)
        return None


def proc_files(lines: Iterable[str]) -> dict[str, str]:
    """The lines of `grep -H '' /proc/...` as texts by file; other lines are ignored.

    A control group's name may hold colons, the names of its files do not.
    """
    files: dict[str, list[str]] = {}
    for line in lines:
        if match := _FILE.match(line):
            files.setdefault(match[1], []).append(match[2])
    return {path: "\n".join(texts) for path, texts in files.items()}
