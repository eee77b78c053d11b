"""Prices from figures worked out by hand."""

from __future__ import annotations

import pytest

from farm.results.cost import (
    Carried,
    MachinePrice,
    PriceTable,
    cost_of,
    monthly_bill,
    price_of_measuring,
)

TABLE = PriceTable(
    "USD",
    "2026-01-31",
    "made for tests",
    (
        MachinePrice("c4.2xlarge", "us-east-1", 0.40, 8),
        MachinePrice("c4.large", "us-east-1", 0.10, 2),
        MachinePrice("c4.4xlarge", "us-east-1", 0.80, 16),
        MachinePrice("c5.2xlarge", "us-east-1", 0.30, 8),
        MachinePrice("c4.2xlarge", "eu-west-1", 0.45, 8),
    ),
)
CALLS = Carried("call", sessions=8, users=16, throughput_bps=16e6)


def test_prices_per_call_user_and_megabit() -> None:
    cost = cost_of(TABLE, "c4.2xlarge", "us-east-1", CALLS)
    assert cost is not None
    assert cost.per_session_hour == pytest.approx(0.05)
    assert cost.per_user_minute == pytest.approx(0.4 / 16 / 60)
    assert cost.per_mbps_hour == pytest.approx(0.025)
    assert (cost.currency, cost.date, cost.source) == ("USD", "2026-01-31", "made for tests")
    assert cost.month is None


def test_siblings_are_marked_as_not_measured_and_rounded_down() -> None:
    cost = cost_of(TABLE, "c4.2xlarge", "us-east-1", Carried("call", 9, 18, None))
    assert cost is not None
    assert [(size.machine, size.sessions) for size in cost.family] == [
        ("c4.large", 2),
        ("c4.2xlarge", 9),
        ("c4.4xlarge", 18),
    ]
    assert [size.assumption is None for size in cost.family] == [False, True, False]
    assert cost.family[0].per_session_hour == pytest.approx(0.05)
    assert cost.per_mbps_hour is None


@pytest.mark.parametrize(
    ("limited_by", "sessions", "words"),
    [
        ("cpu_total", [4, 8, 16], "in proportion to vCPUs"),
        ("cpu_thread", [4, 8, 8], "cpu_thread does not grow with the machine"),
        ("memory", [3, 8, 24], "in proportion to memory"),
        ("network_bits", [4, 8, 8], "in proportion to the network's bandwidth"),
    ],
)
def test_siblings_grow_by_what_limited_the_one_measured(
    limited_by: str, sessions: list[int], words: str
) -> None:
    sizes = [("m.s", 4, 12.0, 2.5), ("m.m", 8, 32.0, 5.0), ("m.l", 16, 96.0, 5.0)]
    machines = [MachinePrice(name, "r", 1.0, cores, gib, gbps) for name, cores, gib, gbps in sizes]
    table = PriceTable("USD", "2026-01-31", "made for tests", tuple(machines))
    cost = cost_of(table, "m.m", "r", Carried("call", 8, 16, None, limited_by))
    assert cost is not None
    assert [size.sessions for size in cost.family] == sessions
    assert words in (cost.family[2].assumption or "")


def test_a_sibling_too_small_for_one_session_has_no_price_for_one() -> None:
    cost = cost_of(TABLE, "c4.2xlarge", "us-east-1", Carried("room", 3, 12, None))
    assert cost is not None
    smallest = cost.family[0]
    assert (smallest.machine, smallest.sessions, smallest.per_session_hour) == ("c4.large", 0, None)


@pytest.mark.parametrize(
    ("machine", "region", "sessions"),
    [("c9.huge", "us-east-1", 8), ("c4.2xlarge", "mars-1", 8), ("c4.2xlarge", "us-east-1", 0)],
)
def test_what_is_not_priced_or_carries_nothing_has_no_cost(
    machine: str, region: str, sessions: int
) -> None:
    assert cost_of(TABLE, machine, region, Carried("call", sessions, 2, None)) is None


def test_a_month_of_a_daily_curve() -> None:
    curve = [0.0] * 8 + [20.0] * 8 + [7.0] * 8
    bill = monthly_bill(0.4, 8, curve)
    assert (bill.peak_sessions, bill.machines_at_peak) == (20, 3)
    assert bill.machine_hours_a_day == 8 * 1 + 8 * 3 + 8 * 1
    assert bill.always_at_peak == pytest.approx(3 * 0.4 * 730)
    assert bill.scaled_hourly == pytest.approx(40 * 0.4 * 730 / 24)


def test_the_price_of_the_measurement_itself() -> None:
    assert price_of_measuring([0.4, 0.1, 0.1], 3 * 3600) == pytest.approx(1.8)
