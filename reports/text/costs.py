"""Sentences and tables of what a session costs. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from farm.model.json_values import from_jsonable
from farm.results.priced_machine import PriceCheck
from reports.exports.row_commands import OF_TRIALS
from reports.text.table import Cell, Heading, Table, number_cell

UNKNOWN_COST = (
    "What that costs is unknown: name the machine in server.price, and farm size states it."
)


def cost_points(
    cost: Mapping[str, Any] | None,
    recommended: int | None = None,
    check: Mapping[str, Any] | None = None,
) -> list[str]:
    """The cost of the `recommended` load in a sentence or two, or how to learn it.

    `check` compares the measured machine with the one named, as a `PriceCheck` in JSON.
    """
    checked = None if not check else from_jsonable(PriceCheck, check)
    note = None if checked is None else checked.mismatch
    if checked is not None and checked.unlike:
        return [
            f"What that costs is unknown: {note}. server.price.machine names {checked.machine}, "
            "whose price is not that of the machine measured."
        ]
    if not cost:
        return [UNKNOWN_COST] if recommended is not None else []
    currency, unit = cost["currency"], cost["unit"]
    points = [
        f"At the recommended load a {unit} costs {_money(cost['per_session_hour'], currency)} an "
        f"hour on {cost['machine']} in {cost['region']} (prices of {cost['date']})."
    ]
    return [*points, f"{note[:1].upper()}{note[1:]}."] if note else points


def cost_tables(cost: Mapping[str, Any] | None) -> tuple[Table, ...]:
    """Tables of cost: the machine measured, other sizes of its family (extrapolated), a month."""
    if not cost:
        return ()
    tables = (_measured(cost), _family(cost), *_month(cost))
    return tuple(replace(table, traced=OF_TRIALS) for table in tables)


def _measured(cost: Mapping[str, Any]) -> Table:
    currency, unit = cost["currency"], cost["unit"]
    return Table(
        f"Cost at the recommended load, in {currency}; {cost['source']}, {cost['date']}",
        (
            Heading("machine"),
            Heading("region"),
            *_numbers("machine-hour", f"{unit}-hour", "user-minute", "Mbit/s for an hour"),
        ),
        (
            (
                Cell(cost["machine"]),
                Cell(cost["region"]),
                _price(cost["per_hour"]),
                _price(cost["per_session_hour"]),
                _price(cost["per_user_minute"]),
                _price(cost["per_mbps_hour"]),
            ),
        ),
    )


def _family(cost: Mapping[str, Any]) -> Table:
    unit = cost["unit"]
    return Table(
        "Sizes of the same family: one is measured, the others are extrapolated",
        (
            Heading("machine"),
            *_numbers("vCPUs", "machine-hour", f"{unit}s", f"{unit}-hour"),
            Heading("how it is known"),
        ),
        tuple(
            (
                Cell(size["machine"]),
                number_cell(size["vcpus"]),
                _price(size["per_hour"]),
                number_cell(size["sessions"]),
                _price(size["per_session_hour"]),
                Cell(f"extrapolated: {size['assumption']}" if size["assumption"] else "measured"),
            )
            for size in cost["family"]
        ),
    )


def _month(cost: Mapping[str, Any]) -> Sequence[Table]:
    month = cost["month"]
    if not month:
        return ()
    currency = cost["currency"]
    return (
        Table(
            f"A month of the daily curve, up to {month['peak_sessions']} {cost['unit']}s at once",
            (Heading("machines"), *_numbers("machine-hours a day", f"{currency} a month")),
            (
                (
                    Cell(f"{month['machines_at_peak']}, for the peak, all day"),
                    number_cell(24 * month["machines_at_peak"]),
                    _sum(month["always_at_peak"]),
                ),
                (
                    Cell("as many as each hour needs, none in reserve (a lower bound)"),
                    number_cell(month["machine_hours_a_day"]),
                    _sum(month["scaled_hourly"]),
                ),
            ),
        ),
    )


def _numbers(*texts: str) -> tuple[Heading, ...]:
    return tuple(Heading(text, number=True) for text in texts)


def _price(value: float | None) -> Cell:
    """A price to three significant digits, for sessions cost little."""
    return number_cell(value, None if value is None else f"{value:.3g}")


def _sum(value: float) -> Cell:
    return number_cell(value, f"{value:,.2f}")


def _money(value: float, currency: str) -> str:
    return f"{value:.3g} {currency}"
