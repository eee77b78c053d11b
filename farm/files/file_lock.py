"""A lock between processes on a file: the kernel's (flock), so that it ends with its holder.

    with take(folder / "lock", folder):     # raises InUse with its holder
        ...
    with waited_for(beside):                # for short work: others wait
        ...

A crash or kill -9 leaves no lock behind, and children get none: programs are started without its
descriptor (PEP 446). The file stays in place; its text names the holder. Only the holder may move
or remove it: a process that opened it before then sees that another file, or none, is at the path,
and opens that.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from farm.errors import InUse

_HOLDER_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that has a lock, `since` in ISO 8601, UTC; unknown when it has just taken it."""

    pid: int | None = None
    host: str | None = None
    since: str | None = None

    def __str__(self) -> str:
        if self.pid is None:
            return "since a moment ago"
        return f"pid {self.pid} on {self.host}, since {self.since}"


class FileLock:
    """A lock that is held until `release`, or the end of a `with`, or of this process."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Idempotent."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


def take(path: Path, of: object) -> FileLock:
    """Take the lock at `path`; the file is made if missing. `of` names what it protects.

    Raises InUse while it is held, also by this process; OSError if the file cannot be locked.
    """
    while True:
        descriptor = _opened(path)
        try:
            if not _exclusive(descriptor):
                raise InUse(str(of), str(_read_holder(descriptor)))
            if _is_at(path, descriptor):
                _write_holder(descriptor)
                return FileLock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


@contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """Hold the lock at `path` during the body; waits until it is free. Raises OSError."""
    while True:
        descriptor = _opened(path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_at(path, descriptor):
                yield
                return
        finally:
            os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """The holder of the lock at `path`; `None` if it is free, or the holder cannot be seen."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH) else _read_holder(descriptor)
    except OSError:
        return None  # a filesystem without locks
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _exclusive(descriptor: int) -> bool:
    """Try to take the lock exclusively.

    `holder` takes it shared for a moment: while we can share it, no process has it exclusively.
    """
    while not _locked(descriptor, fcntl.LOCK_EX):
        if not _locked(descriptor, fcntl.LOCK_SH):
            return False
    return True


def _locked(descriptor: int, how: int) -> bool:
    try:
        fcntl.flock(descriptor, how | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_at(path: Path, descriptor: int) -> bool:
    """Whether what was locked is the file at `path`, not one that was removed meanwhile."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _write_holder(descriptor: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = json.dumps(asdict(Holder(os.getpid(), platform.node(), now)))
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _read_holder(descriptor: int) -> Holder:
    try:
        return Holder(**json.loads(os.pread(descriptor, _HOLDER_BYTES, 0)))
    except (ValueError, TypeError):
        return Holder()
