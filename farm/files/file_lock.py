"""A lock between processes, on a file: the kernel's (flock), so that it ends with whoever holds it.

    with take(folder / "lock", folder):     # refused with who holds it: InUse
        ...
    with waited_for(beside):                # for work of a moment: the others wait
        ...

A crash or kill -9 leaves no lock behind, and children get none: programs are started without its
descriptor (PEP 446). The file stays where it is; its text says who holds the lock. It may be moved
or removed by its holder alone: who opened it before then sees that another one, or none, is at its
path, and looks there.
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
    """A process that has a lock, `since` in ISO 8601, UTC; unknown when it only just took it."""

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
    """The lock at `path`; the file is made where missing. `of` is what it is for, in words.

    Raises InUse while somebody has it, this process included; OSError where there can be none.
    """
    while True:
        descriptor = _opened(path)
        try:
            if not _exclusive(descriptor):
                raise InUse(str(of), str(_said(descriptor)))
            if _is_at(path, descriptor):
                _say(descriptor)
                return FileLock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


@contextmanager
def waited_for(path: Path) -> Iterator[None]:
    """Have the lock at `path` while the body runs, after all who had it before. Raises OSError."""
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
    """Who has the lock at `path`. `None`: nobody, or none that can be seen from here."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _locked(descriptor, fcntl.LOCK_SH) else _said(descriptor)
    except OSError:
        return None  # a filesystem without locks
    finally:
        os.close(descriptor)


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o644)


def _exclusive(descriptor: int) -> bool:
    """Whether the lock is ours now.

    Those who only look have it shared, for a moment: as long as we can share it, nobody has it.
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


def _say(descriptor: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    text = json.dumps(asdict(Holder(os.getpid(), platform.node(), now)))
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def _said(descriptor: int) -> Holder:
    try:
        return Holder(**json.loads(os.pread(descriptor, _HOLDER_BYTES, 0)))
    except (ValueError, TypeError):
        return Holder()
