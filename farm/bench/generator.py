"""The load generator: this machine and those of Ray clusters that run probes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from itertools import chain, count, pairwise
from pathlib import Path

from farm.bench.known_density import density_file, room_for
from farm.browser.chromium_program import chromium_version, find_chromium
from farm.errors import BadInput, GeneratorError
from farm.execution.collector import closed_afterwards
from farm.hosts import LocalHost, RemoteHost
from farm.hosts.processes import Root
from farm.hosts.ray import RayCluster, RayMachine
from farm.hosts.sampler import usable_cores
from farm.hosts.wiring import HostOrder, host_service, local_host
from farm.model.experiment import AUTO, Experiment, HostSettings
from farm.model.host_samples import HostFacts, HostLook
from farm.model.inventory import RAY_PORT
from farm.model.page_address import app_address
from farm.model.run_clock import RunClock
from farm.planning.placement import HostRoom
from farm.planning.trial_planning import camera_size
from farm.processes import Processes
from farm.protocols import Host, HostKit

HERE = "here"
LOOPBACK = "127.0.0.1"
Late = Callable[[], Awaitable[float | None]]


@dataclass(frozen=True, slots=True)
class GeneratorMachine:
    """A machine that can run probes; `ray` and `cluster` are `None` for this machine."""

    order: HostOrder
    room: HostRoom
    ray: RayMachine | None = None
    cluster: RayCluster | None = None


class Generator:
    """All hosts of an experiment, opened anew for each trial. Made by `open_generator`.

    `seen` collects the facts of the hosts that were opened.
    """

    def __init__(self, machines: Sequence[GeneratorMachine], clock: RunClock) -> None:
        self._machines = {machine.order.name: machine for machine in machines}
        self._clock = clock
        self.seen: dict[str, HostFacts] = {}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._machines)

    @property
    def rooms(self) -> Mapping[str, HostRoom]:
        return {name: machine.room for name, machine in self._machines.items()}

    @property
    def address(self) -> str:
        """This machine's address, as all hosts reach it: loopback if there are no others.

        Raises BadInput when a host has no route.
        """
        others = [machine.ray.address for machine in self._machines.values() if machine.ray]
        ours = [address_towards(other) for other in others]
        return next((each for each in ours if not ip_address(each).is_loopback), LOOPBACK)

    async def looks(
        self, chromium: Path | None, app_url: str | None
    ) -> dict[str, HostLook | BadInput | GeneratorError]:
        """The facts of each other machine, or the error why they are unknown.

        `chromium` is the path that the experiment names, `app_url` the page under test.
        """

        async def look(machine: GeneratorMachine) -> HostLook | BadInput | GeneratorError:
            host = self._remote(machine)
            try:
                look = await host.look(chromium, app_url)
            except (BadInput, GeneratorError) as error:
                return error
            finally:
                await host.close()
            trouble = look_trouble(machine.order, look, app_url)
            return look if trouble is None else BadInput(f"host {host.name}: {trouble}")

        others = {name: machine for name, machine in self._machines.items() if machine.ray}
        looks = await asyncio.gather(*(look(machine) for machine in others.values()))
        return dict(zip(others, looks, strict=True))

    async def check(self, kit: HostKit, note: Callable[[str], None]) -> None:
        """Raise BadInput for the first of the other machines that cannot run probes."""
        wanted = kit.probes.chromium
        versions: dict[str, str | None] = {}
        for name, look in (await self.looks(wanted, kit.app_url)).items():
            if isinstance(look, BadInput | GeneratorError):
                raise BadInput(str(look))
            versions[name] = look.chromium
        if versions and any(machine.ray is None for machine in self._machines.values()):
            program = find_chromium(wanted)
            versions[HERE] = await asyncio.to_thread(chromium_version, program)
        if len(set(versions.values())) > 1:
            of_each = ", ".join(f"{name} {version}" for name, version in versions.items())
            note(
                f"hosts have different Chromiums, so their probes may behave differently: {of_each}"
            )

    @asynccontextmanager
    async def hosts(
        self,
        names: Sequence[str],
        kit: HostKit,
        processes: Processes,
        late: Late | None,
        media_server: Root,
    ) -> AsyncIterator[Mapping[str, Host]]:
        """The hosts of these names, open; closed at the end. Raises BadInput, GeneratorError.

        `late` asks the demo app on this machine for its delay, which the first host reports.
        `media_server` returns the media server's process, where it runs on this machine.
        """
        hosts: dict[str, LocalHost | RemoteHost] = {}
        for name in names:
            machine, asks = self._machines[name], None if hosts else late
            if machine.ray is None:
                clock = self._clock.reading
                hosts[name] = local_host(machine.order, processes, clock, asks, media_server)
            else:
                hosts[name] = self._remote(machine, asks)
        async with closed_afterwards(hosts.values()):
            opened = await asyncio.gather(
                *(host.open(kit) for host in hosts.values()), return_exceptions=True
            )
            for facts in opened:
                if isinstance(facts, BaseException):
                    raise facts
                self.seen[facts.host] = facts
            yield hosts

    def _remote(self, machine: GeneratorMachine, late: Late | None = None) -> RemoteHost:
        assert machine.ray is not None and machine.cluster is not None  # noqa: S101
        serve = partial(host_service, machine.order)
        connect = partial(machine.cluster.open_channel, machine.ray.name, serve)
        return RemoteHost(machine.order.name, connect, self._clock, late)


@asynccontextmanager
async def open_generator(experiment: Experiment, clock: RunClock) -> AsyncIterator[Generator]:
    """The generator with its clusters connected; leaves no process there. Raises BadInput."""
    machines: list[GeneratorMachine] = []
    async with AsyncExitStack() as stack:
        for at, settings in enumerate(experiment.hosts):
            if settings.ray is None:
                room = _room(experiment, settings, usable_cores(settings.cores))
                machines.append(GeneratorMachine(_order(experiment, settings, HERE), room))
                continue
            try:
                cluster = await RayCluster.connect(ray_address(settings.ray))
                stack.push_async_callback(cluster.close)
                members = await cluster.machines()
            except (BadInput, GeneratorError) as error:
                raise BadInput(f"hosts[{at}].ray: {error}") from error
            check_machines(at, settings, members)
            taken = [HERE, *(machine.order.name for machine in machines)]
            names = names_beside(taken, settings.place, members)
            for each, name in zip(members, names, strict=True):
                order = _order(experiment, settings, name)
                room = _room(experiment, settings, len(settings.cores or ()) or each.cores)
                machines.append(GeneratorMachine(order, room, each, cluster))
        yield Generator(machines, clock)


def ray_address(setting: str) -> str:
    return f"ray://{LOOPBACK}:{RAY_PORT}" if setting == AUTO else setting


def address_towards(other: str) -> str:
    """The source address of this machine's packets to `other`. Raises BadInput."""
    try:
        family, kind, _, _, there = socket.getaddrinfo(other, 9, type=socket.SOCK_DGRAM)[0]
        with socket.socket(family, kind) as nothing_sent:
            nothing_sent.connect(there)
            return str(nothing_sent.getsockname()[0])
    except OSError as error:
        raise BadInput(f"no route from here to the host at {other}: {error.strerror}") from error


def names_beside(
    taken: Sequence[str], place: str, members: Sequence[RayMachine]
) -> tuple[str, ...]:
    """A unique name for each machine: its own, with its place, or with a number."""
    names: list[str] = []
    for machine in members:
        full = f"{machine.name}@{place}"
        numbered = (f"{full}-{number}" for number in count(2))
        either = chain((machine.name, full), numbered)
        names.append(next(name for name in either if name not in {*taken, *names}))
    return tuple(names)


def look_trouble(order: HostOrder, look: HostLook, app_url: str | None) -> str | None:
    """Why a machine cannot run probes; `None` if it can."""
    absent = [core for core in order.cores or () if core >= look.cores]
    if look.chromium is None:
        return look.chromium_trouble
    if absent:
        return f"it has no core {absent[0]} (hosts[].cores), of {look.cores}"
    if look.app_trouble is not None:
        return (
            f"it cannot reach the page under test, {app_address(app_url or '')}: {look.app_trouble}"
        )
    return None


def _room(experiment: Experiment, settings: HostSettings, cores: int) -> HostRoom:
    """The room on a machine. Raises BadInput where a measured density is asked for and unknown."""
    return HostRoom(cores, settings.probes or room_for(experiment, cores, density_file()))


def _order(experiment: Experiment, settings: HostSettings, name: str) -> HostOrder:
    return HostOrder(
        name,
        settings.place,
        settings.cores,
        camera_size(experiment),
        experiment.probes.fidelity,
    )


def check_machines(at: int, settings: HostSettings, members: Sequence[RayMachine]) -> None:
    """Raise BadInput for too few machines, or two of the same name."""
    names = ", ".join(machine.name for machine in members) or "none"
    if not members:
        raise BadInput(f"hosts[{at}].ray: {settings.ray}: no machine of it has CPUs for probes")
    if settings.machines is not None and len(members) < settings.machines:
        raise BadInput(
            f"hosts[{at}].machines: {settings.machines}: the cluster has {len(members)} ({names})"
        )
    for one, other in pairwise(sorted(members, key=lambda machine: machine.name)):
        if one.name == other.name:
            raise BadInput(
                f"hosts[{at}].ray: {settings.ray}: two of its machines are called {one.name}: "
                "give them names (ray start --node-name)"
            )
