"""What must not be lost between two calls of `farm provision`: a run's name and its keys.

One folder, the inventory's: `run.json` is written before the first call to AWS, so that whatever is
killed later is found again by its name. Nobody else may read the keys.

    run.json          the run's name, its expiry, its regions
    id_ed25519[.pub]  logs in to all machines of the run
    host_keys/NAME    what each machine proves itself by; known_hosts has the public halves
    inventory.yaml    addresses, as `farm run` and `farm size` read them
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
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
    """The folder of one run; `inventory` is where the experiment looks for it."""

    def __init__(self, inventory: Path) -> None:
        self.folder = inventory.parent
        self.inventory = inventory
        self._record = self.folder / "run.json"

    def record(self) -> RunRecord | None:
        """Raises BadInput when there is one that cannot be read."""
        try:
            found = json.loads(self._record.read_text(encoding="utf-8"))
            return RunRecord(found["run"], found["expires"], tuple(found["regions"]))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(f"{self._record}: cannot be read: {error}") from error

    def keep(self, record: RunRecord) -> None:
        """On the disk when this returns. Raises BadInput."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            beside = self._record.with_suffix(".new")
            with beside.open("w", encoding="utf-8") as file:
                json.dump(asdict(record), file, indent=2)
                file.flush()
                os.fsync(file.fileno())
            beside.rename(self._record)
        except OSError as error:
            raise BadInput(f"{self.folder}: cannot be written: {error.strerror}") from error

    def forget(self) -> None:
        """The run is over: its keys open nothing any more."""
        for path in (
            self._record,
            self.inventory,
            self.folder / "id_ed25519",
            self.folder / "id_ed25519.pub",
            self.folder / "known_hosts",
            *(self.folder / "host_keys").glob("*"),
        ):
            path.unlink(missing_ok=True)
        for folder in (self.folder / "host_keys", self.folder):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()

    def public_key(self) -> str:
        """Of the key that logs in to all machines, made when there is none yet."""
        public = self._key(self.folder / "id_ed25519")
        (self.folder / "id_ed25519.pub").write_text(f"{public}\n", encoding="utf-8")
        return public

    def host_key(self, machine: str) -> tuple[str, str]:
        """(private, public) of a machine, made when there is none yet."""
        path = self.folder / "host_keys" / machine
        public = self._key(path)
        return path.read_text(encoding="utf-8"), public

    def write_known_hosts(self, addresses: Mapping[str, Iterable[str]]) -> None:
        """By machine the addresses that it is reached at."""
        lines = [
            f"{address} {self.host_key(machine)[1]}\n"
            for machine, found in addresses.items()
            for address in found
        ]
        (self.folder / "known_hosts").write_text("".join(lines), encoding="utf-8")

    def write_inventory(self, plain: Mapping[str, Any]) -> None:
        text = yaml.safe_dump(dict(plain), sort_keys=False, allow_unicode=True, width=100)
        head = "# Written by `farm provision`; what an experiment writes itself is stronger.\n"
        beside = self.inventory.with_name(f"{self.inventory.name}.new")
        beside.write_text(head + text, encoding="utf-8")
        beside.rename(self.inventory)

    def _key(self, path: Path) -> str:
        """The public half, of a key that is made whole or not at all."""
        if not path.exists():
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            made = Ed25519PrivateKey.generate()
            beside = path.with_name(f"{path.name}.new")
            beside.unlink(missing_ok=True)
            with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as f:
                f.write(made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
            beside.rename(path)
        key = load_ssh_private_key(path.read_bytes(), None)
        public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
        return public.decode()
