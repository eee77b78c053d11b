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
"""Noted where it was not there before."""
_BEING_WRITTEN = ".new"


def kind_of(path: Path) -> int | None:
    """What is there, as `stat.S_IFMT` has it, links not followed; `None`: nothing."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


class MarkedFolder:
    """`files` and `folders` are the names of what may be made in it; in `folders` any file may be.

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
        """Raises BadInput where one that is not ours yet could not be made, OSError."""
        kind = kind_of(self.path)
        if kind not in {None, stat.S_IFDIR}:
            raise BadInput(f"{self.path}: expected a folder of the farm's own, or nothing")
        if kind is not None and any(self.path.iterdir()):
            raise BadInput(
                f"{self.path}: not empty, and not made by `farm provision`: expected a folder of "
                "the farm's own, or nothing"
            )

    def make(self) -> None:
        """After `check`: there is none, or an empty one, which stays when the run is over."""
        with self.used():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            is_new = kind_of(self.path) is None
            if is_new:
                self.path.mkdir(mode=0o700)
            with (self.path / MARKER).open("x", encoding="utf-8") as marker:
                marker.write(_HEAD + (f"{_THE_FOLDER}\n" if is_new else ""))

    def made(self) -> tuple[str, ...]:
        """What it made in there; whatever else a marker names is not ours, whoever wrote it."""
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
        """A file that is made whole or not at all; it comes to lie at `to`, or in the folder."""
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
        """Those of `made` and the marker; then what it made of folders, the empty ones."""
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
        """What cannot be done in it is BadInput."""
        try:
            yield
        except OSError as error:
            raise BadInput(f"{self.path}: cannot be used: {error.strerror}") from error

    def _can_be_ours(self, name: str) -> bool:
        """Whether it is what something in this folder is called."""
        folder, _, file = name.removesuffix(_BEING_WRITTEN).rpartition("/")
        if folder:
            return folder in self._folders and file not in {"", ".", ".."}
        return file in {_THE_FOLDER, *self._files, *self._folders}
