"""A folder of the farm's own: a marker in it names each file that the farm made there.

What is not named there is neither used, overwritten nor removed, nor is a link followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from farm.errors import BadInput

MARKER = "made-by-probe-farm"

_HEAD = "Made by `farm provision`; `farm teardown` removes what is named here, no more:\n"
_THE_FOLDER = "."
"""The line of the marker that says that the farm made the folder itself."""
_BEING_WRITTEN = ".new"


def kind_of(path: Path) -> int | None:
    """The kind of file at a path (`stat.S_IFMT`), links not followed; `None` if there is none."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


class MarkedFolder:
    """Its `path`; `files` and `folders` are the names of what may be made in it.

    What writes raises BadInput.
    """

    def __init__(self, path: Path, files: Collection[str], folders: Collection[str]) -> None:
        self.path = path
        self._files = files
        self._folders = folders

    @property
    def is_ours(self) -> bool:
        """Whether `farm provision` made the folder."""
        marker = self.path / MARKER
        return (
            kind_of(self.path) == stat.S_IFDIR
            and kind_of(marker) == stat.S_IFREG
            and marker.read_bytes().startswith(_HEAD.encode())
        )

    def check(self) -> None:
        """Raises BadInput if the folder is not the farm's and cannot become so; OSError."""
        kind = kind_of(self.path)
        if kind not in {None, stat.S_IFDIR}:
            raise BadInput(f"{self.path}: expected a folder of the farm's own, or nothing")
        if kind is not None and any(self.path.iterdir()):
            raise BadInput(
                f"{self.path}: not empty, and not made by `farm provision`: expected a folder of "
                "the farm's own, or nothing"
            )

    def make(self) -> None:
        """Make the folder, after `check`; an empty one that was there is used, and kept later."""
        with self.used():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = kind_of(self.path) is None
            if is_new:
                self.path.mkdir(mode=0o700)
            with (self.path / MARKER).open("x", encoding="utf-8") as marker:
                marker.write(_HEAD + (f"{_THE_FOLDER}\n" if is_new else ""))

    def made(self) -> tuple[str, ...]:
        """The files that the marker names, of those that the farm could have made."""
        lines = (self.path / MARKER).read_text(encoding="utf-8").splitlines()
        return tuple(line for line in lines[1:] if self._can_be_ours(line))

    def take(self, name: str) -> None:
        """Note that a file of that name is ours, before it is made."""
        if "/" in name:
            self.take(name.partition("/")[0])
        with self.used():
            made, path = self.made(), self.path / name
            there = kind_of(path)
            wanted = stat.S_IFDIR if name in self._folders else stat.S_IFREG
            if there is not None and (name not in made or there != wanted):
                raise BadInput(f"{path}: not made by `farm provision`: expected nothing there")
            if name not in made:
                with (self.path / MARKER).open("a", encoding="utf-8") as marker:
                    marker.write(f"{name}\n{name}{_BEING_WRITTEN}\n")
                    marker.flush()
                    os.fsync(marker.fileno())

    def write(self, name: str, content: bytes, to: Path | None = None) -> None:
        """Write a file in one step, to `to` or into the folder."""
        self.take(name)
        path = self.path / name
        beside = path.with_name(f"{path.name}{_BEING_WRITTEN}")
        with self.used():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if kind_of(beside) == stat.S_IFREG:
                beside.unlink()  # of a call that was killed
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(content)
                f.flush()
                os.fsync(f.fileno())
            beside.rename(to or path)

    def remove(self, names: Collection[str]) -> None:
        """Remove the files of `made` and the marker; then the empty folders that it made."""
        for name in (*names, MARKER):
            path = self.path / name
            if kind_of(path.parent) == stat.S_IFDIR and kind_of(path) == stat.S_IFREG:
                path.unlink()
        for name in (*self._folders, _THE_FOLDER):
            path = self.path / name
            if name in names and kind_of(path) == stat.S_IFDIR and not any(path.iterdir()):
                path.rmdir()

    @contextmanager
    def used(self) -> Iterator[None]:
        """Raise OSErrors of the folder as BadInput."""
        try:
            yield
        except OSError as error:
            raise BadInput(f"{self.path}: cannot be used: {error.strerror}") from error

    def _can_be_ours(self, name: str) -> bool:
        """Whether a file in this folder can have this name."""
        folder, _, file = name.removesuffix(_BEING_WRITTEN).rpartition("/")
        if folder:
            return folder in self._folders and file not in {"", ".", ".."}
        return file in {_THE_FOLDER, *self._files, *self._folders}
