"""Costs as sentences and tables."""

from __future__ import annotations

from farm.model.json_values import to_jsonable
from farm.results.cost import Carried, MachinePrice, PriceTable, cost_of
from farm.results.priced_machine import PriceCheck
from reports.text.costs import cost_points, cost_tables

TABLE = PriceTable(
    "USD",
    "2026-01-31",
    "made for tests",
    (
        MachinePrice("c4.2xlarge", "us-east-1", 0.398, 8),
        MachinePrice("c4.4xlarge", "us-east-1", 0.796, 16),
    ),
)
CARRIED = Carried("call", sessions=8, users=16, throughput_bps=16e6)
COST = to_jsonable(cost_of(TABLE, "c4.2xlarge", "us-east-1", CARRIED, [4] * 12 + [20] * 12))


def texts(rows: object) -> list[list[str]]:
    return [[cell.text for cell in row] for row in rows]  # type: ignore[attr-defined]


def test_of_another_machine_than_the_priced_one_no_cost_is_said() -> None:
    check = PriceCheck("c4.2xlarge", ("2 cores, not 8", "a CPU quota"), ())
    for cost in (None, {}):
        assert cost_points(cost, 8, to_jsonable(check)) == [
            "What that costs is unknown: the machine measured is not a c4.2xlarge: 2 cores, not 8; "
            "a CPU quota. server.price.machine names c4.2xlarge, whose price is not that of the "
            "machine measured."
        ]


def test_what_is_not_known_of_the_machine_is_said_beside_its_cost() -> None:
    check = PriceCheck("c4.2xlarge", (), ("memory",))
    assert cost_points(COST, 8, to_jsonable(check))[1:] == [
        "Whether the machine measured is a c4.2xlarge is not known (memory unknown)."
    ]


def test_one_sentence_with_its_date() -> None:
    assert cost_points(COST) == [
        "At the recommended load a call costs 0.0498 USD an hour on c4.2xlarge in us-east-1 "
        "(prices of 2026-01-31)."
    ]
    assert cost_points(None) == []
    assert "server.price" in cost_points(None, 16)[0]


def test_what_was_not_measured_says_so() -> None:
    measured, family, month = cost_tables(COST)
    assert texts(measured.rows) == [
        ["c4.2xlarge", "us-east-1", "0.398", "0.0498", "0.000415", "0.0249"]
    ]
    assert texts(family.rows)[0] == ["c4.2xlarge", "8", "0.398", "8", "0.0498", "measured"]
    assert texts(family.rows)[1][-1].startswith("extrapolated: sessions in proportion to vCPUs")
    assert texts(month.rows) == [
        ["3, for the peak, all day", "72", "871.62"],
        ["as many as each hour needs, none in reserve (a lower bound)", "48", "581.08"],
    ]


def test_an_unknown_cost_has_no_table() -> None:
    assert cost_tables(None) == ()
