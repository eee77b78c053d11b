"""Price tables: read, or refused with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import BadInput
from farm.results.cost import MachinePrice
from farm.results.price_table import parse_price_table, read_price_table

GOOD = """
format: 1
currency: USD
date: 2026-11-01
source: a list of a day
machines:
  - {machine: c4.2xlarge, region: us-east-1, per_hour: 0.398, vcpus: 8, memory_gib: 15}
  - {machine: own, region: cellar, per_hour: 1, vcpus: 4}
"""


def test_a_table_is_read() -> None:
    table = parse_price_table(GOOD, "prices.yaml")
    assert (table.currency, table.date, table.source) == ("USD", "2026-11-01", "a list of a day")
    assert table.find("c4.2xlarge", "us-east-1") == MachinePrice(
        "c4.2xlarge", "us-east-1", 0.398, 8, memory_gib=15
    )
    assert table.find("own", "us-east-1") is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("0.398", "-1"), "prices.yaml:7: machines[0].per_hour: -1 is less than or equal to the"),
        (
            ("currency: USD", "currency: dollars"),
            "prices.yaml:3: currency: 'dollars' does not match",
        ),
        (("vcpus: 4", "cores: 4"), "prices.yaml:8: machines[1]: "),
        (("format: 1", "format: 2"), "prices.yaml:2: format: 1 was expected"),
        (("machines:", "machines: {"), "prices.yaml:7: not YAML: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_its_place(
    change: tuple[str, str], complaint: str
) -> None:
    with pytest.raises(BadInput) as raised:
        parse_price_table(GOOD.replace(*change), "prices.yaml")
    assert str(raised.value).startswith(complaint)
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"server\.price\.table: .*: cannot be read: No such file"):
        read_price_table(tmp_path / "none.yaml", "server.price.table")
