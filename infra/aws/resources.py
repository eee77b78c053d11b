"""The AWS resources that a run needs, and those that exist, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

RUN_TAG = "probe-farm:run"
NAME_TAG = "probe-farm:name"
EXPIRES_TAG = "probe-farm:expires"

MEDIA_PORTS = (40000, 65535)
"""The UDP ports that Kurento is configured to use (`cloud_init/server.yaml`)."""
KURENTO_PORT, APP_PORT, SSH_PORT = 8888, 8443, 22

Role = Literal["server", "host"]
LIVING = ("pending", "running", "stopping", "stopped")


@dataclass(frozen=True, slots=True, order=True)
class Rule:
    """One firewall rule: `source` is an address range, or `self`, the group's own machines."""

    protocol: str
    first: int
    last: int
    source: str


@dataclass(frozen=True, slots=True)
class WantedMachine:
    """A machine to create: `types` in order of preference; `image` `None` is Ubuntu's own."""

    name: str
    role: Role
    place: str
    region: str
    types: tuple[str, ...]
    image: str | None
    disk_gib: int
    elastic_ip: bool = False
    user_data: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Everything that one run needs.

    `operator` is an address range; all machines end at `expires`.
    """

    run: str
    expires: datetime
    operator: str
    machines: tuple[WantedMachine, ...]
    public_key: str = ""
    earlier: tuple[str, ...] = ()
    """Regions in which the run may have had something before."""

    @property
    def everywhere(self) -> tuple[str, ...]:
        """All regions in which the run may have resources."""
        return tuple(dict.fromkeys((*self.regions, *self.earlier)))

    @property
    def regions(self) -> tuple[str, ...]:
        """The regions in which machines are wanted, the server's first."""
        return tuple(dict.fromkeys(machine.region for machine in self.machines))

    def roles(self, region: str) -> tuple[Role, ...]:
        found = (machine.role for machine in self.machines if machine.region == region)
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class MachineType:
    """A machine type as AWS describes it; `zones` are the region's zones that have it."""

    name: str
    architecture: str
    vcpus: int
    memory_gib: float
    network: str
    zones: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegionFacts:
    """What a region offers: its default network (`subnets`: zone -> id), types, Ubuntu's images."""

    region: str
    network: str
    subnets: Mapping[str, str]
    types: Mapping[str, MachineType]
    images: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Machine:
    """An instance, also one that has ended lately."""

    id: str
    run: str
    name: str
    region: str
    zone: str
    type: str
    state: str
    launched: datetime
    ended: datetime | None
    public_ip: str | None
    private_ip: str | None
    expires: str | None

    @property
    def lives(self) -> bool:
        return self.state in LIVING


@dataclass(frozen=True, slots=True)
class Group:
    """A security group."""

    id: str
    run: str
    name: str
    region: str
    rules: frozenset[Rule]


@dataclass(frozen=True, slots=True)
class Key:
    """A key pair; AWS has its public half."""

    id: str
    run: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Address:
    """An Elastic IP; `machine` is the instance that has it."""

    id: str
    run: str
    name: str
    region: str
    ip: str
    machine: str | None
    association: str | None


@dataclass(frozen=True, slots=True)
class Observed:
    """The resources of one run, or of all runs, in the regions that were listed."""

    machines: tuple[Machine, ...] = ()
    groups: tuple[Group, ...] = ()
    keys: tuple[Key, ...] = ()
    addresses: tuple[Address, ...] = ()

    def __add__(self, other: Observed) -> Observed:
        return Observed(
            self.machines + other.machines,
            self.groups + other.groups,
            self.keys + other.keys,
            self.addresses + other.addresses,
        )

    @property
    def living(self) -> tuple[Machine, ...]:
        return tuple(machine for machine in self.machines if machine.lives)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(thing.id for thing in self._things)

    @property
    def anything(self) -> bool:
        """Whether any resource other than ended instances is left."""
        running = any(machine.state != "terminated" for machine in self.machines)
        return running or bool(self.groups or self.keys or self.addresses)

    def of(self, run: str) -> Observed:
        return Observed(
            tuple(thing for thing in self.machines if thing.run == run),
            tuple(thing for thing in self.groups if thing.run == run),
            tuple(thing for thing in self.keys if thing.run == run),
            tuple(thing for thing in self.addresses if thing.run == run),
        )

    @property
    def runs(self) -> tuple[str, ...]:
        return tuple(sorted({thing.run for thing in self._things}))

    @property
    def _things(self) -> tuple[Machine | Group | Key | Address, ...]:
        return (*self.machines, *self.groups, *self.keys, *self.addresses)


@dataclass(frozen=True, slots=True)
class Call:
    """One call to EC2; `either` are parameters to try in turn while AWS has no capacity."""

    region: str
    operation: str
    says: str
    either: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The next calls, and what has to happen before more can be planned."""

    calls: tuple[Call, ...] = ()
    waits: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        return not self.calls and not self.waits
