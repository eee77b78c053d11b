"""The resources of the server's machine, from all that a run knows about it."""

from __future__ import annotations

import platform
import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import psutil

from farm.analysis.aggregates import known
from farm.analysis.same_machine import is_shared
from farm.attribution import ServerResources
from farm.model.experiment import Experiment
from farm.model.host_samples import HostFacts
from farm.model.server_samples import ServerFacts
from farm.results.cost import PriceTable


def machine_of(
    experiment: Experiment,
    facts: ServerFacts,
    hosts: Iterable[HostFacts],
    prices: PriceTable | None = None,
) -> ServerResources:
    """The server's resources; `hosts` ran probes, and one may be the server's own machine."""
    server = experiment.server
    price = None if prices is None else prices.find(server.price.machine or "", server.price.region)
    of_type = None if price is None or price.network_gbps is None else price.network_gbps * 1e9
    return ServerResources(
        memory_bytes=facts.memory_bytes,
        cores=facts.cores,
        process_cores=facts.cores if server.cores is None else len(server.cores),
        shared=is_shared(facts, hosts),
        own_cores=server.cores is not None,
        network_bps=min(known((facts.interface_bps, of_type)), default=None),
    )


@dataclass(frozen=True, slots=True)
class ThisMachine:
    """The identity of this machine: its name, kernel and memory."""

    hostname: str = field(default_factory=socket.gethostname)
    kernel: str = field(default_factory=platform.release)
    memory_bytes: int = field(default_factory=lambda: psutil.virtual_memory().total)


def listening_here(urls: Iterable[str | None]) -> tuple[int, ...]:
    """Processes that listen at those of these addresses that are on this machine.

    Only root sees those of other users.
    """
    ours = {"localhost", socket.gethostname()}
    ours |= {each.address for several in psutil.net_if_addrs().values() for each in several}
    ports = set()
    for address in (urlsplit(url) for url in urls if url is not None):
        if address.hostname in ours:
            secure = address.scheme in ("https", "wss")
            ports.add(address.port or (443 if secure else 80))
    if not ports:
        return ()
    return tuple(
        {
            each.pid
            for each in psutil.net_connections("tcp")
            if each.status == psutil.CONN_LISTEN
            and each.laddr
            and each.laddr.port in ports
            and each.pid
        }
    )
