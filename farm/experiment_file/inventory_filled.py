"""An experiment filled in from its inventory.

What the experiment itself writes is stronger than what the inventory says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from farm.model.destination import in_url, parse_destination
from farm.model.experiment import AppSettings, Experiment, HostSettings
from farm.model.inventory import RAY_PORT, Inventory, InventoryHost, InventoryServer
from farm.model.server_settings import Price


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


def _hosts(found: tuple[InventoryHost, ...]) -> tuple[HostSettings, ...]:
    """This machine, and each Ray cluster at its head's address with as many machines as it has."""
    hosts = [HostSettings(here=True, place=h.place, cores=h.cores) for h in found if h.here]
    for head in found:
        if head.ray == "head" and head.ssh is not None:
            hosts.append(
                HostSettings(
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


def _app_beside(app: AppSettings, url: str, written: Callable[[str], bool]) -> AppSettings:
    if written("app.url") or written("app.run"):
        return app
    return replace(app, run=None, url=url)
