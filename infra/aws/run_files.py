"""What must not be lost between two calls of `farm provision`: a run's name and its keys.

They lie in a folder that is the farm's alone, `NAME.aws` beside the inventory, or around it where
that is `NAME.aws/inventory.yaml`. `run.json` is written before the first call to AWS, so that
whatever is killed later is found again by its name. Nobody else may read any of it.

    made-by-probe-farm   says that the folder is the farm's, and names each file that it made there
    run.json             the run's name, its expiry, its regions
    id_ed25519[.pub]     logs in to all machines of the run
    known_hosts          what their machines prove themselves by
    host_keys/NAME       the private halves of that, by machine

What is not named there is neither used, overwritten nor removed, nor is a link followed; an
inventory is the farm's by its first line and the run that it names.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_ssh_private_key,
)

from farm.errors import BadInput

INVENTORY = "inventory.yaml"
FOLDER_SUFFIX = ".aws"
MARKER = "made-by-probe-farm"

_MARKER_HEAD = "Made by `farm provision`; `farm teardown` removes what is named here, no more:\n"
_INVENTORY_HEAD = "# Written by `farm provision`; what an experiment writes itself is stronger.\n"
_RECORD = "run.json"
_KEY = "id_ed25519"
_KNOWN_HOSTS = "known_hosts"
_HOST_KEYS = "host_keys"
_OF_EACH_RUN = (_RECORD, _KEY, f"{_KEY}.pub", _KNOWN_HOSTS, _HOST_KEYS, INVENTORY)
_THE_FOLDER = "."
"""Noted where it was not there before."""
_BEING_WRITTEN = ".new"


@dataclass(frozen=True, slots=True)
class RunRecord:
    """`expires` is ISO 8601, UTC."""

    run: str
    expires: str
    regions: tuple[str, ...]

    @property
    def expires_at(self) -> datetime:
        return datetime.fromisoformat(self.expires)


class RunFiles:
    """The files of one run; `inventory` is where the experiment looks for it.

    `check` says whether they can be; what writes raises BadInput.
    """

    def __init__(self, inventory: Path) -> None:
        self.inventory = inventory
        self.folder = _folder_of(inventory)

    def record(self) -> RunRecord | None:
        """Of this folder, or of an older farm's. Raises BadInput when it cannot be read."""
        with self._used():
            if not self._is_ours:
                return self._older_record()
        path = self.folder / _RECORD
        try:
            return _record_in(path) if _kind(path) is not None else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(f"{path}: cannot be read: {error}") from error

    def check(self, record: RunRecord | None) -> None:
        """Raises BadInput where the files of that run, or of a new one, would touch others'."""
        with self._used():
            older = None if self._is_ours else self._older_record()
            if older is not None:
                raise BadInput(
                    f"{self.inventory.parent / _RECORD}: run {older.run} is an older farm's, which "
                    "did not note what it made: end it first, by farm teardown"
                )
            if not self._is_ours:
                self._check_folder()
            if _kind(self.inventory) is not None:
                named = _run_of(self.inventory)
                if named is None:
                    raise BadInput(
                        f"{self.inventory}: not written by `farm provision`: expected no file there"
                    )
                if record is None or named != record.run:
                    raise BadInput(
                        f"{self.inventory}: of another run, {named}: expected no file there"
                    )

    def _check_folder(self) -> None:
        kind = _kind(self.folder)
        if kind not in {None, stat.S_IFDIR}:
            raise BadInput(f"{self.folder}: expected a folder of the farm's own, or nothing")
        if kind is not None and any(self.folder.iterdir()):
            raise BadInput(
                f"{self.folder}: not empty, and not made by `farm provision`: expected a folder of "
                "the farm's own, or nothing"
            )

    def keep(self, record: RunRecord) -> None:
        """On the disk when this returns, and all names taken that come after it."""
        self.check(record)
        if not self._is_ours:
            self._make_folder()
        for name in _OF_EACH_RUN:
            self._take(name)
        self._write(_RECORD, json.dumps(asdict(record), indent=2).encode())

    def forget(self) -> tuple[Path, ...]:
        """The run is over: its keys open nothing any more. What is left, for it is not ours."""
        with self._used():
            return self._forget() if self._is_ours else self._forget_older()

    def _forget(self) -> tuple[Path, ...]:
        record, made = self.record(), self._made()
        if record is not None and _run_of(self.inventory) == record.run:
            self.inventory.unlink()
        for name in (*(name for name in made if name != INVENTORY), MARKER):
            path = self.folder / name
            if _kind(path.parent) == stat.S_IFDIR and _kind(path) == stat.S_IFREG:
                path.unlink()
        for name in (_HOST_KEYS, _THE_FOLDER):
            path = self.folder / name
            if name in made and _kind(path) == stat.S_IFDIR and not any(path.iterdir()):
                path.rmdir()
        left = set(self.folder.iterdir()) if self.folder.exists() else set()
        return tuple(sorted(left | {self.inventory} if os.path.lexists(self.inventory) else left))

    def public_key(self) -> str:
        """Of the key that logs in to all machines, made when there is none yet."""
        public = self._key(_KEY)
        self._write(f"{_KEY}.pub", f"{public}\n".encode())
        return public

    def host_key(self, machine: str) -> tuple[str, str]:
        """(private, public) of a machine, made when there is none yet."""
        name = f"{_HOST_KEYS}/{machine}"
        public = self._key(name)
        return (self.folder / name).read_text(encoding="utf-8"), public

    def write_known_hosts(self, addresses: Mapping[str, Iterable[str]]) -> None:
        """By machine the addresses that it is reached at."""
        lines = [
            f"{address} {self.host_key(machine)[1]}\n"
            for machine, found in addresses.items()
            for address in found
        ]
        self._write(_KNOWN_HOSTS, "".join(lines).encode())

    def write_inventory(self, plain: Mapping[str, Any]) -> None:
        self.check(self.record())
        text = yaml.safe_dump(dict(plain), sort_keys=False, allow_unicode=True, width=100)
        self._write(INVENTORY, (_INVENTORY_HEAD + text).encode(), self.inventory)

    @property
    def key_path(self) -> str:
        """Of the key that logs in, as the inventory has it: by the way from there."""
        return os.path.relpath(self.folder / _KEY, self.inventory.parent)

    @property
    def known_hosts_path(self) -> str:
        """Likewise."""
        return os.path.relpath(self.folder / _KNOWN_HOSTS, self.inventory.parent)

    # ------------------------------------------------------------ what is ours

    @property
    def _is_ours(self) -> bool:
        """Whether `farm provision` made the folder."""
        marker = self.folder / MARKER
        return (
            _kind(self.folder) == stat.S_IFDIR
            and _kind(marker) == stat.S_IFREG
            and marker.read_bytes().startswith(_MARKER_HEAD.encode())
        )

    def _make_folder(self) -> None:
        """After `check`: there is none, or an empty one, which stays when the run is over."""
        with self._used():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            is_new = _kind(self.folder) is None
            if is_new:
                self.folder.mkdir(mode=0o700)
            with (self.folder / MARKER).open("x", encoding="utf-8") as marker:
                marker.write(_MARKER_HEAD + (f"{_THE_FOLDER}\n" if is_new else ""))

    def _made(self) -> tuple[str, ...]:
        """What it made in there; whatever else a marker names is not ours, whoever wrote it."""
        lines = (self.folder / MARKER).read_text(encoding="utf-8").splitlines()
        return tuple(line for line in lines[1:] if _can_be_ours(line))

    def _take(self, name: str) -> None:
        """Note that a file of that name is ours, before it is made."""
        if "/" in name:
            self._take(name.partition("/")[0])
        with self._used():
            made, path = self._made(), self.folder / name
            there, wanted = _kind(path), stat.S_IFDIR if name == _HOST_KEYS else stat.S_IFREG
            if there is not None and (name not in made or there != wanted):
                raise BadInput(f"{path}: not made by `farm provision`: expected nothing there")
            if name not in made:
                with (self.folder / MARKER).open("a", encoding="utf-8") as marker:
                    marker.write(f"{name}\n{name}{_BEING_WRITTEN}\n")
                    marker.flush()
                    os.fsync(marker.fileno())

    def _write(self, name: str, content: bytes, to: Path | None = None) -> None:
        """A file that is made whole or not at all; it comes to lie at `to`, or in the folder."""
        self._take(name)
        path = self.folder / name
        beside = path.with_name(f"{path.name}{_BEING_WRITTEN}")
        with self._used():
            path.parent.mkdir(mode=0o700, exist_ok=True)
            if _kind(beside) == stat.S_IFREG:
                beside.unlink()  # of a call that was killed
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(content)
                f.flush()
                os.fsync(f.fileno())
            beside.rename(to or path)

    def _key(self, name: str) -> str:
        """The public half of a key that is made when there is none yet."""
        self._take(name)
        path = self.folder / name
        if not path.exists():
            made = Ed25519PrivateKey.generate()
            private = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
            self._write(name, private)
        key = load_ssh_private_key(path.read_bytes(), None)
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return public.decode()

    @contextmanager
    def _used(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BadInput(f"{self.folder}: cannot be used: {error.strerror}") from error

    # ------------------------------------------------------------ of a farm before the marker

    def _older_record(self) -> RunRecord | None:
        """Of a run whose files an older farm put beside its inventory, among whatever was there."""
        try:
            path = self.inventory.parent / _RECORD
            found = _record_in(path) if _kind(path) == stat.S_IFREG else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return None
        if found is None:
            return None
        its_own = self.folder == self.inventory.parent and _kind(self.folder) == stat.S_IFDIR
        return found if its_own or _run_of(self.inventory) == found.run else None

    def _forget_older(self) -> tuple[Path, ...]:
        """Its record and inventory are known by what they say; keys may be anybody's."""
        folder, record = self.inventory.parent, self._older_record()
        if record is None:
            return ()
        if _kind(folder) != stat.S_IFDIR:
            return (folder,)
        if _run_of(self.inventory) == record.run:
            self.inventory.unlink()
        (folder / _RECORD).unlink()
        names = (_KEY, f"{_KEY}.pub", _KNOWN_HOSTS, _HOST_KEYS)
        return tuple(folder / name for name in names if os.path.lexists(folder / name))


def _folder_of(inventory: Path) -> Path:
    """The folder of the run whose inventory lies there. Raises BadInput."""
    if not inventory.name:
        raise BadInput(f"{inventory}: expected a file: the inventory that is to be written")
    if inventory.name == INVENTORY and inventory.parent.suffix == FOLDER_SUFFIX:
        return inventory.parent
    named = inventory.stem if inventory.suffix == ".yaml" else inventory.name
    return inventory.with_name(f"{named}{FOLDER_SUFFIX}")


def _kind(path: Path) -> int | None:
    """What is there, as `stat.S_IFMT` has it, links not followed; `None`: nothing."""
    try:
        return stat.S_IFMT(path.lstat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return None


def _can_be_ours(name: str) -> bool:
    """Whether it is what a file of a run is called."""
    folder, _, file = name.removesuffix(_BEING_WRITTEN).rpartition("/")
    if folder:
        return folder == _HOST_KEYS and file not in {"", ".", ".."}
    return file in {_THE_FOLDER, *_OF_EACH_RUN}


def _record_in(path: Path) -> RunRecord:
    """Raises OSError, ValueError, KeyError, TypeError."""
    if _kind(path) != stat.S_IFREG:
        raise ValueError("not a file")
    found = json.loads(path.read_text(encoding="utf-8"))
    return RunRecord(found["run"], found["expires"], tuple(found["regions"]))


def _run_of(inventory: Path) -> str | None:
    """The run that an inventory names; `None` where `farm provision` did not write it."""
    if _kind(inventory) != stat.S_IFREG:
        return None
    try:
        text = inventory.read_text(encoding="utf-8")
        plain = yaml.safe_load(text) if text.startswith(_INVENTORY_HEAD) else None
    except (OSError, ValueError, RecursionError, yaml.YAMLError):
        return None
    named = plain.get("run") if isinstance(plain, dict) else None
    return named if isinstance(named, str) else None
