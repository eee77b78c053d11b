"""The files that `farm provision` keeps between two calls: a run's name and its keys.

They are in a folder of the farm's own, `NAME.aws` beside the inventory, or the inventory's folder
where that is `NAME.aws/inventory.yaml`. `run.json` is written before the first call to AWS, so that
a run whose provision was killed is found by its name. Only the user may read these files.

    made-by-probe-farm   says that the folder is the farm's, and names each file that it made there
    run.json             the run's name, its expiry, its regions
    id_ed25519[.pub]     logs in to all machines of the run
    known_hosts          the machines' public host keys
    host_keys/NAME       their private host keys, by machine

Files that the marker does not name are never used, overwritten or removed, and no link is followed.
An inventory is the farm's if its first line says so and it names the run.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

from farm.errors import BadInput
from infra.aws.marked_folder import MarkedFolder, kind_of
from infra.aws.older_run_files import forget_older, older_record
from infra.aws.run_record import INVENTORY_HEAD, RECORD, RunRecord, record_in, run_of
from infra.aws.ssh_keys import new_private_key, public_half

INVENTORY = "inventory.yaml"
FOLDER_SUFFIX = ".aws"

_KEY = "id_ed25519"
_KNOWN_HOSTS = "known_hosts"
_HOST_KEYS = "host_keys"
_KEYS = (_KEY, f"{_KEY}.pub", _KNOWN_HOSTS, _HOST_KEYS)
_OF_EACH_RUN = (RECORD, *_KEYS, INVENTORY)
_FILES = tuple(name for name in _OF_EACH_RUN if name != _HOST_KEYS)


class RunFiles:
    """The files of one run; `inventory` is the path that the experiment names.

    `check` says whether they can be written; methods that write raise BadInput.
    """

    def __init__(self, inventory: Path) -> None:
        self.inventory = inventory
        self.folder = _folder_of(inventory)
        self._own = MarkedFolder(self.folder, _FILES, (_HOST_KEYS,))

    def record(self) -> RunRecord | None:
        """The record in the folder, or of an older farm. Raises BadInput if it is unreadable."""
        with self._own.used():
            if not self._own.is_ours:
                return older_record(self.inventory, self.folder)
        path = self.folder / RECORD
        try:
            return record_in(path) if kind_of(path) is not None else None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise BadInput(f"{path}: cannot be read: {error}") from error

    def check(self, record: RunRecord | None) -> None:
        """Raises BadInput if the files of that run, or of a new one, would touch other files."""
        with self._own.used():
            older = None if self._own.is_ours else older_record(self.inventory, self.folder)
            if older is not None:
                raise BadInput(
                    f"{self.inventory.parent / RECORD}: run {older.run} is an older farm's, which "
                    "did not note what it made: end it first, by farm teardown"
                )
            if not self._own.is_ours:
                self._own.check()
            if kind_of(self.inventory) is not None:
                named = run_of(self.inventory)
                if named is None:
                    raise BadInput(
                        f"{self.inventory}: not written by `farm provision`: expected no file there"
                    )
                if record is None or named != record.run:
                    raise BadInput(
                        f"{self.inventory}: of another run, {named}: expected no file there"
                    )

    def keep(self, record: RunRecord) -> None:
        """Write the record, and reserve the names of the files that follow, on the disk."""
        self.check(record)
        if not self._own.is_ours:
            self._own.make()
        for name in _OF_EACH_RUN:
            self._own.take(name)
        self._own.write(RECORD, json.dumps(asdict(record), indent=2).encode())

    def forget(self) -> tuple[Path, ...]:
        """Remove the files of a run that is over; returns those that stay, as they are not ours."""
        with self._own.used():
            if self._own.is_ours:
                return self._forget()
            return forget_older(self.inventory, self.folder, _KEYS)

    def _forget(self) -> tuple[Path, ...]:
        record, made = self.record(), self._own.made()
        if record is not None and run_of(self.inventory) == record.run:
            self.inventory.unlink()
        self._own.remove([name for name in made if name != INVENTORY])
        left = set(self.folder.iterdir()) if self.folder.exists() else set()
        return tuple(sorted(left | {self.inventory} if os.path.lexists(self.inventory) else left))

    def public_key(self) -> str:
        """The public key that logs in to all machines; made at the first call."""
        public = self._key(_KEY)
        self._own.write(f"{_KEY}.pub", f"{public}\n".encode())
        return public

    def host_key(self, machine: str) -> tuple[str, str]:
        """A machine's host key (private, public); made at the first call."""
        name = f"{_HOST_KEYS}/{machine}"
        public = self._key(name)
        return (self.folder / name).read_text(encoding="utf-8"), public

    def write_known_hosts(self, addresses: Mapping[str, Iterable[str]]) -> None:
        """Write known_hosts, from each machine's addresses."""
        lines = [
            f"{address} {self.host_key(machine)[1]}\n"
            for machine, found in addresses.items()
            for address in found
        ]
        self._own.write(_KNOWN_HOSTS, "".join(lines).encode())

    def write_inventory(self, plain: Mapping[str, Any]) -> None:
        self.check(self.record())
        text = yaml.safe_dump(dict(plain), sort_keys=False, allow_unicode=True, width=100)
        self._own.write(INVENTORY, (INVENTORY_HEAD + text).encode(), self.inventory)

    @property
    def key_path(self) -> str:
        """The path of the login key, relative to the inventory."""
        return os.path.relpath(self.folder / _KEY, self.inventory.parent)

    @property
    def known_hosts_path(self) -> str:
        """The path of known_hosts, relative to the inventory."""
        return os.path.relpath(self.folder / _KNOWN_HOSTS, self.inventory.parent)

    def _key(self, name: str) -> str:
        """The public half of a key pair; made at the first call."""
        self._own.take(name)
        path = self.folder / name
        if not path.exists():
            self._own.write(name, new_private_key())
        return public_half(path.read_bytes())


def _folder_of(inventory: Path) -> Path:
    """The folder of the run whose inventory lies there. Raises BadInput."""
    if not inventory.name:
        raise BadInput(f"{inventory}: expected a file: the inventory that is to be written")
    if inventory.name == INVENTORY and inventory.parent.suffix == FOLDER_SUFFIX:
        return inventory.parent
    named = inventory.stem if inventory.suffix == ".yaml" else inventory.name
    return inventory.with_name(f"{named}{FOLDER_SUFFIX}")
