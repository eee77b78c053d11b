"""Files of one JSON object a line, appended to and flushed as things happen."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from farm.model.json_values import from_text, to_line
from farm.recording.durable_file import recording_error
from farm.recording.json_file import bytes_of


class JsonLines:
    """Appends lines to a file; once `append` returns, the line survives the end of the process.

    The constructor raises RecordingError, NoSpace, and then leaves nothing open. `opened` opens the
    file for reading and appending, without a buffer; `fsync` is the kernel's.
    """

    def __init__(
        self,
        path: Path,
        *,
        opened: Callable[[Path, str], FileIO] = FileIO,
        fsync: Callable[[int], None] = os.fsync,
    ) -> None:
        self.path = path
        self._fsync = fsync
        with ExitStack() as undone:
            try:
                self._file = undone.enter_context(opened(path, "a+"))
                self._end_torn_line()
            except OSError as error:
                raise recording_error(path, error) from error
            undone.pop_all()

    def append(self, value: Any) -> None:
        """Write one line at once. Raises RecordingError, NoSpace."""
        line = to_line(value).encode(errors="replace")  # pages may send lone surrogates
        try:
            while line:
                line = line[self._file.write(line) :]
        except OSError as error:
            raise recording_error(self.path, error) from error

    def sync(self) -> None:
        """Make what was appended survive a power cut. Raises RecordingError, NoSpace."""
        try:
            self._fsync(self._file.fileno())
        except OSError as error:
            raise recording_error(self.path, error) from error

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _end_torn_line(self) -> None:
        """End a line that a crash left half written, so that the next is a line of its own."""
        if self._file.seek(0, os.SEEK_END):
            self._file.seek(-1, os.SEEK_END)
            if self._file.read(1) != b"\n":
                self._file.write(b"\n")


def read_json_lines(path: Path, *, grows: bool = False) -> tuple[list[dict[str, Any]], list[str]]:
    """The objects of a file, and the faults of lines that were left out.

    A missing file counts as empty. In one that `grows` the last line may be half written, which is
    no fault. In any other such a line is torn.
    """
    try:
        *lines, last = bytes_of(path).split(b"\n")
    except FileNotFoundError:
        return [], []
    except OSError as error:
        return [], [str(error)]
    if not grows:
        lines.append(last)
    values: list[dict[str, Any]] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            value = from_text(line)
        except ValueError:
            wrong.append(f"line {number} is torn")
            continue
        if isinstance(value, dict):
            values.append(value)
        else:
            wrong.append(f"line {number} is not a JSON object")
    return values, wrong
