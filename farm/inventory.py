"""The inventory: addresses and keys of server and hosts, by `farm provision` or by hand.

Values of a file of its own, which an experiment names (`inventory:`). What the experiment itself
writes is stronger than what the inventory says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from farm.destination import in_url, parse_destination
from farm.experiment import App, Experiment, Host, Price, Ssh, setting

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
"""What stands in for the one that `farm provision` is about to write."""


def filled(
    experiment: Experiment, inventory: Inventory, written: Callable[[str], bool]
) -> Experiment:
    """The experiment with the inventory's addresses where it wrote none of its own.

    `written` says whether the experiment file has a key, `server.ssh`. Where no probe is here, the
    page under test is the demo app beside the server: machines for probes reach that.
    """
    server, found = experiment.server, inventory.server
    if found is not None:
        if not written("server.kurento"):
            server = replace(server, kurento=found.kurento)
        if not (written("server.ssh") or written("server.local")):
            server = replace(server, ssh=found.ssh)
        if not written("server.reset.command") and server.reset.by == "command":
            server = replace(server, reset=replace(server.reset, command=found.reset))
        if not written("server.price.machine"):
            server = replace(server, price=_priced(server.price, found, written))
    hosts = _hosts(inventory.hosts or ())
    if not hosts or written("hosts"):
        hosts = experiment.hosts
    app = experiment.app
    if found is not None and found.app is not None and not any(host.here for host in hosts):
        app = _app_beside(app, found.app, written)
    return replace(experiment, server=server, hosts=hosts, app=app)


def _priced(price: Price, server: InventoryServer, written: Callable[[str], bool]) -> Price:
    """What the machine costs, if the inventory says which it is."""
    if server.machine is None:
        return price
    return replace(
        price,
        machine=server.machine,
        region=price.region if written("server.price.region") else server.region or price.region,
        table=price.table if written("server.price.table") else server.prices,
    )


def _hosts(found: tuple[InventoryHost, ...]) -> tuple[Host, ...]:
    """This machine, and each Ray cluster at its head's address with as many machines as it has."""
    hosts = [Host(here=True, place=h.place, cores=h.cores) for h in found if h.here]
    for head in found:
        if head.ray == "head" and head.ssh is not None:
            hosts.append(
                Host(
                    here=False,
                    ray=f"ray://{in_url(_machine_of(head.ssh.to))}:{RAY_PORT}",
                    machines=sum(_together(head, other) for other in found),
                    place=head.place,
                    cores=head.cores,
                )
            )
    return tuple(hosts)


def _together(head: InventoryHost, other: InventoryHost) -> bool:
    """Are they of one cluster?"""
    same_place = (other.place, other.region) == (head.place, head.region)
    return other.ray is not None and same_place


def _machine_of(to: str) -> str:
    """`user@host:22` without user and port."""
    return parse_destination(to, "ssh.to").host


def _app_beside(app: App, url: str, written: Callable[[str], bool]) -> App:
    if written("app.url") or written("app.run"):
        return app
    return replace(app, run=None, url=url)
