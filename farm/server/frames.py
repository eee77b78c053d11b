"""What `sample_server.sh` says, put together again from pieces cut anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

LONGEST_LINE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    """One answer: the text of each file that could be read; `descriptors` where counted."""

    number: int
    files: Mapping[str, str]
    descriptors: int | None


class FrameReader:
    """Bytes in, frames out. What stands outside a frame (a login banner) is passed over.

    A frame that is cut short by the beginning of another is dropped, never guessed.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._number: int | None = None
        self._lines: list[str] = []
        self._descriptors: int | None = None

    def feed(self, data: bytes) -> list[Frame]:
        """The frames that this piece completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE_BYTES:
            self._rest = b""
        frames = (self._take(line.decode(errors="replace")) for line in lines)
        return [frame for frame in frames if frame is not None]

    def _take(self, line: str) -> Frame | None:
        match line.split(" "):
            case ["@farm", "begin", number] if number.isdecimal():
                self._number, self._lines, self._descriptors = int(number), [], None
            case ["@farm", "descriptors", count] if count.isdecimal():
                self._descriptors = int(count)
            case ["@farm", "end", number] if number == str(self._number):
                self._number = None
                return Frame(int(number), proc_files(self._lines), self._descriptors)
            case _ if self._number is not None:
                self._lines.append(line)
        return None


def proc_files(lines: Iterable[str]) -> dict[str, str]:
    """The lines of `grep -H '' /proc/...` as texts by file; other lines are passed over."""
    files: dict[str, list[str]] = {}
    for line in lines:
        path, colon, rest = line.partition(":")
        if colon and path.startswith("/proc/"):
            files.setdefault(path, []).append(rest)
    return {path: "\n".join(texts) for path, texts in files.items()}
