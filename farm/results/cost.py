"""What a session costs on the machine that was measured, and on its siblings. Pure.

Prices come from a `PriceTable`; all figures are for the recommended load. What was not measured is
marked as an extrapolation, with its assumption.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

HOURS_A_MONTH = 730.0
"""365 days of 24 hours in 12 months, as clouds bill."""

DAYS_A_MONTH = HOURS_A_MONTH / 24

UNMEASURED = "which no measurement of that size supports"
BY_CORES = f"sessions in proportion to vCPUs, {UNMEASURED}"

OF_THE_SERVER = frozenset({"cpu_quota", "cpu_thread", "udp_buffers", "descriptors", "signalling"})
"""What limits a server however large its machine is (`attribution.limit.Resource`)."""


@dataclass(frozen=True, slots=True)
class MachinePrice:
    """One size of machine in one region; `None` where the table does not say."""

    machine: str
    region: str
    per_hour: float
    vcpus: int
    memory_gib: float | None = None
    network_gbps: float | None = None
    architecture: str | None = None

    @property
    def family(self) -> str:
        """`c4` of `c4.2xlarge`; a name without a dot is its own family."""
        return self.machine.partition(".")[0]


@dataclass(frozen=True, slots=True)
class PriceTable:
    """Prices on one day. `date` is ISO 8601, `source` says where they were read."""

    currency: str
    date: str
    source: str
    machines: tuple[MachinePrice, ...]

    def find(self, machine: str, region: str) -> MachinePrice | None:
        wanted = (machine, region)
        return next((each for each in self.machines if (each.machine, each.region) == wanted), None)

    def family_of(self, priced: MachinePrice) -> tuple[MachinePrice, ...]:
        """The same family's machines in the same region, the smallest first, itself included."""
        siblings = (
            each
            for each in self.machines
            if (each.family, each.region) == (priced.family, priced.region)
        )
        return tuple(sorted(siblings, key=lambda each: (each.vcpus, each.per_hour)))


@dataclass(frozen=True, slots=True)
class Carried:
    """What the server carries at the recommended load, and what limits it.

    `sessions` are calls or rooms, of a broadcast its viewers (`unit` says which, in the singular);
    `users` are all probes; `throughput_bps` is payload in and out together.
    """

    unit: str
    sessions: int
    users: int
    throughput_bps: float | None
    limited_by: str = "unknown"


@dataclass(frozen=True, slots=True)
class SizeCost:
    """One size of a family. `assumption` is `None` for the size that was measured."""

    machine: str
    vcpus: int
    per_hour: float
    sessions: int
    per_session_hour: float | None
    assumption: str | None


@dataclass(frozen=True, slots=True)
class MonthlyBill:
    """A month of a daily curve: machines for its peak all day, or as many as each hour needs.

    Without machines in reserve this is a lower bound of the cost of a real autoscaler, which starts
    machines before they are needed.
    """

    peak_sessions: int
    machines_at_peak: int
    always_at_peak: float
    machine_hours_a_day: int
    scaled_hourly: float


@dataclass(frozen=True, slots=True)
class Cost:
    """Prices in `currency`; per session-hour means one session for one hour, and so on."""

    machine: str
    region: str
    currency: str
    date: str
    source: str
    per_hour: float
    unit: str
    per_session_hour: float
    per_user_minute: float
    per_mbps_hour: float | None
    family: tuple[SizeCost, ...]
    month: MonthlyBill | None


def cost_of(
    table: PriceTable,
    machine: str,
    region: str,
    carried: Carried,
    daily_sessions: Sequence[float] | None = None,
) -> Cost | None:
    """The cost; `None` where the machine is not in the table or no session is carried.

    `daily_sessions` are the sessions at once in each hour of a day, 24 of them.
    """
    priced = table.find(machine, region)
    if priced is None or carried.sessions < 1:
        return None
    mbps = None if not carried.throughput_bps else carried.throughput_bps / 1e6
    return Cost(
        machine=machine,
        region=region,
        currency=table.currency,
        date=table.date,
        source=table.source,
        per_hour=priced.per_hour,
        unit=carried.unit,
        per_session_hour=priced.per_hour / carried.sessions,
        per_user_minute=priced.per_hour / carried.users / 60,
        per_mbps_hour=None if mbps is None else priced.per_hour / mbps,
        family=tuple(_size(each, priced, carried) for each in table.family_of(priced)),
        month=None
        if daily_sessions is None
        else monthly_bill(priced.per_hour, carried.sessions, daily_sessions),
    )


def monthly_bill(
    per_hour: float, sessions_a_machine: int, daily_sessions: Sequence[float]
) -> MonthlyBill:
    """The bill of a month of equal days. At least one machine runs at any time."""
    needed = [max(1, math.ceil(sessions / sessions_a_machine)) for sessions in daily_sessions]
    return MonthlyBill(
        peak_sessions=math.ceil(max(daily_sessions)),
        machines_at_peak=max(needed),
        always_at_peak=max(needed) * per_hour * HOURS_A_MONTH,
        machine_hours_a_day=sum(needed),
        scaled_hourly=sum(needed) * per_hour * DAYS_A_MONTH,
    )


def price_of_measuring(per_hour: Sequence[float], longest_s: float) -> float:
    """The cost of machines of these prices for a measurement of at most that length."""
    return sum(per_hour) * longest_s / 3600


def _size(size: MachinePrice, measured: MachinePrice, carried: Carried) -> SizeCost:
    if size == measured:
        sessions, assumption = carried.sessions, None
    else:
        share, assumption = _grown(size, measured, carried.limited_by)
        sessions = math.floor(carried.sessions * share + 1e-9)
    return SizeCost(
        machine=size.machine,
        vcpus=size.vcpus,
        per_hour=size.per_hour,
        sessions=sessions,
        per_session_hour=size.per_hour / sessions if sessions else None,
        assumption=assumption,
    )


def _grown(size: MachinePrice, measured: MachinePrice, limited_by: str) -> tuple[float, str]:
    """The ratio of the limiting resource in another size, and the assumption in that."""
    if limited_by in OF_THE_SERVER and size.vcpus > measured.vcpus:
        same = f"no more sessions, for {limited_by} does not grow with the machine"
        return 1.0, f"{same}, {UNMEASURED}"
    of = {
        "memory": (size.memory_gib, measured.memory_gib, "memory"),
        "network_bits": (size.network_gbps, measured.network_gbps, "the network's bandwidth"),
    }
    mine, theirs, words = of.get(limited_by, (None, None, ""))
    if mine is not None and theirs:
        return mine / theirs, f"sessions in proportion to {words}, {UNMEASURED}"
    return size.vcpus / measured.vcpus, BY_CORES
