"""Plans, existing resources and costs, written as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from farm.model.inventory import RAY_PORT
from farm.model.wording import counted
from farm.results.cost import PriceTable
from infra.aws.resources import (
    APP_PORT,
    KURENTO_PORT,
    MEDIA_PORTS,
    SSH_PORT,
    Machine,
    Observed,
    Plan,
    RegionFacts,
    Wanted,
    WantedMachine,
)

USD_PER_ADDRESS_HOUR = 0.005
"""The price of each public IPv4 address and Elastic IP since February 2024."""
USD_PER_DISK_GIB_HOUR = 0.08 / 730
"""The price of gp3 in us-east-1; other regions cost up to twice as much."""

UNPRICED = "data to the internet, about 0.09 USD a GB"
ALSO = "disks, data and taxes not counted"


@dataclass(frozen=True, slots=True)
class Bill:
    """A cost; machines without a known price are in `unknown` and not in `per_hour`."""

    per_hour: float
    unknown: tuple[str, ...]

    def over(self, hours: float) -> str:
        """`1.62 USD`, or `at least` the part with known prices."""
        least = "at least " if self.unknown else ""
        return f"{least}{self.per_hour * hours:.2f} USD"


def bill_of(wanted: Wanted, table: PriceTable) -> Bill:
    """The cost of machines of their preferred types, their disks and public addresses."""
    priced = [
        (machine, table.find(machine.types[0], machine.region)) for machine in wanted.machines
    ]
    return Bill(
        sum(0.0 if price is None else price.per_hour for _, price in priced)
        + sum(m.disk_gib * USD_PER_DISK_GIB_HOUR + USD_PER_ADDRESS_HOUR for m in wanted.machines),
        tuple(
            sorted({f"{m.types[0]} in {m.region}" for m, price in priced if price is None}),
        ),
    )


def planned(
    wanted: Wanted,
    facts: dict[str, RegionFacts],
    there: Observed,
    step: Plan,
    table: PriceTable,
    *,
    account: str,
    hours: float,
    table_note: str | None,
) -> Iterator[str]:
    """The plan, as it is shown before the user is asked to agree."""
    bill = bill_of(wanted, table)
    yield f"Run {wanted.run}, AWS account {account}"
    yield ""
    if step.done:
        yield "Nothing to do: everything exists."
    else:
        yield "Wanted:"
    for machine in wanted.machines:
        yield f"  {_machine(machine, facts, there, table)}"
    yield f"  in {', '.join(wanted.regions)}: a key of this run, and firewalls (security groups)"
    yield from (f"    {line}" for line in _open(wanted))
    ended = [m for m in there.living if m.name not in {w.name for w in wanted.machines}]
    for other in ended:
        yield f"  to be ended, not in the experiment any more: {other.name} ({other.type})"
    yield ""
    yield f"It costs {bill.over(1)} an hour, {bill.over(hours)} for {hours:.3g} hours: machines,"
    yield f"disks, public addresses. Not counted: {UNPRICED}."
    yield f"Prices: {table.source}, {table.date}."
    if table_note:
        yield f"  {table_note}; today's prices may differ."
    if bill.unknown:
        yield f"  Of {', '.join(bill.unknown)} no price is known."
    yield ""
    yield f"To end it: `farm teardown {wanted.run}`, from any machine that may use the account."
    yield f"By itself it ends on {wanted.expires:%Y-%m-%d at %H:%M} UTC: every machine shuts down"
    yield "and is terminated with its disk. What remains then costs nothing, save an Elastic IP"
    yield f"({USD_PER_ADDRESS_HOUR} USD an hour); `farm teardown` removes that, too."
    yield "`farm provision --list` says what runs and what it has cost."


def _machine(
    machine: WantedMachine, facts: dict[str, RegionFacts], there: Observed, table: PriceTable
) -> str:
    kind = facts[machine.region].types[machine.types[0]]
    price = table.find(kind.name, machine.region)
    cost = "price unknown" if price is None else f"{price.per_hour:g} USD an hour"
    does = "Kurento in a container, demo app" if machine.role == "server" else "probes"
    found = next((m for m in there.living if m.name == machine.name), None)
    state = "new" if found is None else f"{found.state}, {found.id}"
    also = f", else {' or '.join(machine.types[1:])}" if machine.types[1:] else ""
    address = ", an Elastic IP" if machine.elastic_ip else ""
    return (
        f"{machine.name}: {kind.name}{also} ({kind.vcpus} vCPUs, {kind.memory_gib:g} GiB) in "
        f"{machine.region}, {machine.disk_gib} GiB disk{address}; {does}; {cost} [{state}]"
    )


def _open(wanted: Wanted) -> Iterator[str]:
    first, last = MEDIA_PORTS
    roles = {machine.role for machine in wanted.machines}
    who = f"you ({wanted.operator})"
    hosts = " and the hosts" if "host" in roles else ""
    yield f"server: TCP {SSH_PORT} (SSH) and {KURENTO_PORT} (Kurento) for {who};"
    yield f"  TCP {APP_PORT} (demo app) and UDP {first}-{last} (media) for you{hosts}"
    if hosts:
        yield f"hosts: TCP {SSH_PORT} and {RAY_PORT} (Ray) for you, everything among themselves"
    yield "nobody else reaches anything"


# ---------------------------------------------------------------- what runs, what is left


def cost_so_far(machines: Iterable[Machine], table: PriceTable, now: datetime) -> Bill:
    """The cost from launch to end or now, addresses included; `per_hour` holds the whole sum."""
    total, unknown = 0.0, set()
    for machine in machines:
        until = machine.ended or now
        hours = max(0.0, (until - machine.launched).total_seconds() / 3600)
        price = table.find(machine.type, machine.region)
        if price is None:
            unknown.add(f"{machine.type} in {machine.region}")
        else:
            total += hours * price.per_hour
        total += hours * USD_PER_ADDRESS_HOUR
    return Bill(total, tuple(sorted(unknown)))


def listed(there: Observed, table: PriceTable, now: datetime) -> Iterator[str]:
    """Each run: its resources, when it ends, what it has cost."""
    if not there.runs:
        yield "The probe farm has nothing on AWS."
    for run in there.runs:
        of_run = there.of(run)
        spent = cost_so_far(of_run.machines, table, now)
        expires = next((m.expires for m in of_run.machines if m.expires), "unknown")
        living = len(of_run.living)
        state = f"{counted(living, 'machine')} {'lives' if living == 1 else 'live'}"
        state = state if living else "no machine lives"
        yield f"{run}: {state}, ends {expires}, cost so far {spent.over(1)}"
        for machine in of_run.machines:
            hours = ((machine.ended or now) - machine.launched).total_seconds() / 3600
            where = machine.public_ip or "no public address"
            yield (
                f"  {machine.name}: {machine.type} in {machine.zone}, {machine.state},"
                f" {where}, {hours:.1f} hours"
            )
        yield from (f"  {thing}" for thing in _still_there(of_run))
        if of_run.anything:
            yield f"  to end it: farm teardown {run}"
    if there.runs:
        yield f"Prices: {table.source}, {table.date}; {ALSO}."


def to_end(there: Observed, table: PriceTable, now: datetime) -> Iterator[str]:
    """What a teardown is about to remove."""
    for machine in there.living:
        yield f"  {machine.name}: {machine.type} in {machine.zone}, {machine.id}, {machine.state}"
    yield from (f"  {thing}" for thing in _still_there(there))
    spent = cost_so_far(there.machines, table, now)
    yield f"It has cost {spent.over(1)} so far ({ALSO})."


def left(there: Observed, table: PriceTable) -> Sequence[str]:
    """What a teardown could not remove, and what that still costs an hour."""
    prices = [table.find(machine.type, machine.region) for machine in there.living]
    per_hour = sum(price.per_hour for price in prices if price is not None)
    per_hour += USD_PER_ADDRESS_HOUR * len(there.addresses)
    things = [f"{m.name} ({m.id}, {m.state})" for m in there.machines if m.state != "terminated"]
    least = "at least " if None in prices else ""
    return (*things, *_still_there(there), f"together {least}{per_hour:.3f} USD an hour")


def _still_there(there: Observed) -> Iterator[str]:
    for address in there.addresses:
        yield f"Elastic IP {address.ip} in {address.region}"
    for group in there.groups:
        yield f"security group {group.name} ({group.id}) in {group.region}"
    for key in there.keys:
        yield f"key {key.name} in {key.region}"
