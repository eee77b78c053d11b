"""Fills an experiment from its inventory.

Settings of the experiment file override the inventory.
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
    """The experiment with the inventory's addresses for settings that its file leaves out.

    `written` says whether the experiment file has a key, `server.ssh`. If no probe runs here, the
    page under test is the demo app beside the server, which all machines reach.
    """
    server, listed = experiment.server, inventory.server
    if listed is not None:
        if not written("server.kurento"):
            server = replace(server, kurento=listed.kurento)
        if not (written("server.ssh") or written("server.local")):
            server = replace(server, ssh=listed.ssh)
        if not written("server.reset.command") and server.reset.by == "command":
            server = replace(server, reset=replace(server.reset, command=listed.reset))
        if not written("server.price.machine"):
            server = replace(server, price=_priced(server.price, listed, written))
    hosts = _hosts(inventory.hosts or ())
    if not hosts or written("hosts"):
        hosts = experiment.hosts
    app = experiment.app
    if listed is not None and listed.app is not None and not any(host.here for host in hosts):
        app = _app_beside(app, listed.app, written)
    return replace(experiment, server=server, hosts=hosts, app=app)


def _priced(price: Price, server: InventoryServer, written: Callable[[str], bool]) -> Price:
    """The price settings with the inventory's machine, if it names one."""
    if server.machine is None:
        return price
    return replace(
        price,
        machine=server.machine,
        region=price.region if written("server.price.region") else server.region or price.region,
        table=price.table if written("server.price.table") else server.prices,
    )


def _hosts(listed: tuple[InventoryHost, ...]) -> tuple[HostSettings, ...]:
    """This machine, and each Ray cluster with its head's address and number of machines."""
    hosts = [HostSettings(here=True, place=h.place, cores=h.cores) for h in listed if h.here]
    for head in listed:
        if head.ray == "head" and head.ssh is not None:
            hosts.append(
                HostSettings(
                    here=False,
                    ray=f"ray://{in_url(_machine_of(head.ssh.to))}:{RAY_PORT}",
                    machines=sum(_together(head, other) for other in listed),
                    place=head.place,
                    cores=head.cores,
                )
            )
    return tuple(hosts)


def _together(head: InventoryHost, other: InventoryHost) -> bool:
    """Whether they belong to one cluster."""
    same_place = (other.place, other.region) == (head.place, head.region)
    return other.ray is not None and same_place


def _machine_of(to: str) -> str:
    """The host of `user@host:22`."""
    return parse_destination(to, "ssh.to").host


def _app_beside(app: AppSettings, url: str, written: Callable[[str], bool]) -> AppSettings:
    if written("app.url") or written("app.run"):
        return app
    return replace(app, run=None, url=url)
