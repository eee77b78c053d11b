"""The inventory: addresses and keys of server and hosts, by `farm provision` or by hand.

Values of a file of its own, which an experiment names (`inventory:`).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from farm.model.server_settings import Ssh
from farm.model.setting import setting

RAY_PORT = 10001
"""Where a Ray head listens for clients, by Ray's own default."""


@dataclass(frozen=True, slots=True)
class InventoryServer:
    kurento: str = setting("", "ws://host:8888/kurento")
    ssh: Ssh | None = setting(None, "how to reach its machine")
    reset: str | None = setting(None, "command that gives a fresh media server")
    app: str | None = setting(None, "where the demo app answers on it")
    machine: str | None = setting(None, "its type, such as c4.2xlarge")
    region: str | None = setting(None, "where it stands, such as us-east-1")
    prices: Path | None = setting(None, "a price table that has it; null: the farm's own")


@dataclass(frozen=True, slots=True)
class InventoryHost:
    here: bool = setting(False, "this machine")
    name: str = setting("here", "what it is called")
    place: str = setting("here", "a name for where it is")
    cores: tuple[int, ...] | None = setting(None, "those its browsers may use", null="all")
    ssh: Ssh | None = setting(None, "how to reach it")
    ray: Literal["head", "worker"] | None = setting(
        None, "its part in the Ray cluster of its place"
    )
    private_address: str | None = setting(None, "as machines of its region reach it")
    machine: str | None = setting(None, "its type")
    region: str | None = setting(None, "where it stands")


@dataclass(frozen=True, slots=True)
class Inventory:
    """One inventory file, validated. `run` is the tag of what `farm provision` made."""

    format: int = setting(1, "of this file", minimum=1, maximum=1)
    run: str | None = setting(None, "the tag of all that belongs to it on AWS")
    expires: str | None = setting(None, "when its machines end themselves (ISO 8601, UTC)")
    server: InventoryServer | None = setting(None, "the system under test")
    hosts: tuple[InventoryHost, ...] | None = setting(None, "machines for probes")


TO_COME = Inventory(server=InventoryServer("ws://server:8888/kurento", Ssh("server"), "true"))
"""The stand-in for an inventory that `farm provision` has not written yet."""
