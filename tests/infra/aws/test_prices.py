"""Prices: AWS's list, what is kept of it, the table beside it, and what a bill makes of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from farm.results.cost import PriceTable
from infra.aws.cloud import Cloud
from infra.aws.prices import LIST_REGION, prices, repository_table
from infra.aws.resources import Machine
from infra.aws.statement import bill_of, cost_so_far
from tests.infra.aws.cloud_runs import EAST, ONE_PLACE, wanted_for

TODAY = date(2026, 11, 24)
PRODUCT = {
    "product": {"attributes": {"vcpu": "8", "memory": "15 GiB", "networkPerformance": "High"}},
    "terms": {
        "OnDemand": {
            "T": {
                "priceDimensions": {
                    "D": {"unit": "Hrs", "pricePerUnit": {"USD": "0.4210000000"}},
                }
            }
        }
    },
}


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return Cloud()


def listing(cloud: Cloud, *products: dict[str, Any]) -> Stubber:
    stub = Stubber(cloud.client("pricing", LIST_REGION))
    stub.add_response("get_products", {"PriceList": [json.dumps(each) for each in products]})
    stub.activate()
    return stub


def test_awss_list_is_asked_once_and_kept_for_a_week_with_its_date(
    cloud: Cloud, tmp_path: Path
) -> None:
    cache = tmp_path / "deep" / "prices.yaml"
    listing(cloud, PRODUCT)
    table, why = prices(cloud, [("c4.2xlarge", EAST)], cache, TODAY)
    assert why is None
    assert table.date == "2026-11-24"
    found = table.find("c4.2xlarge", EAST)
    assert found is not None
    assert (found.per_hour, found.vcpus, found.memory_gib) == (0.421, 8, 15.0)

    later, why = prices(cloud, [("c4.2xlarge", EAST)], cache, TODAY + timedelta(days=6))
    assert (later, why) == (table, None)  # the stub has no second answer
    old, why = prices(cloud, [("c4.2xlarge", EAST)], cache, TODAY + timedelta(days=7))
    assert old == repository_table()
    assert why is not None and "could not be read" in why


def test_a_machine_that_the_list_does_not_have_has_no_price(cloud: Cloud, tmp_path: Path) -> None:
    listing(cloud)
    table, why = prices(cloud, [("c4.2xlarge", EAST)], tmp_path / "prices.yaml", TODAY)
    assert why is None
    assert table.find("c4.2xlarge", EAST) is None


def test_a_damaged_cache_is_none(cloud: Cloud, tmp_path: Path) -> None:
    cache = tmp_path / "prices.yaml"
    cache.write_text("format: 1\ncurrency: USD\ndate: {")
    listing(cloud, PRODUCT)
    table, _ = prices(cloud, [("c4.2xlarge", EAST)], cache, TODAY)
    assert table.find("c4.2xlarge", EAST) is not None


def test_the_table_beside_it_has_the_machine_of_the_experiment() -> None:
    table = repository_table()
    found = table.find("c4.2xlarge", EAST)
    assert found is not None
    assert (found.per_hour, found.vcpus, found.memory_gib) == (0.398, 8, 15)
    assert [size.machine for size in table.family_of(found)][:2] == ["c4.large", "c4.xlarge"]


def test_a_bill_says_what_it_does_not_know() -> None:
    bill = bill_of(wanted_for(ONE_PLACE), repository_table())
    disks_and_addresses = 2 * (0.005 + 30 * 0.08 / 730)
    assert bill.per_hour == pytest.approx(0.398 + 0.34 + disks_and_addresses)
    assert bill.over(10) == f"{bill.per_hour * 10:.2f} USD"
    nothing = PriceTable("USD", "2026-11-24", "a test", ())
    unknown = bill_of(wanted_for(ONE_PLACE), nothing)
    assert unknown.unknown == ("c4.2xlarge in us-east-1", "c6i.2xlarge in us-east-1")
    assert unknown.over(1).startswith("at least ")


def test_what_it_has_cost_counts_from_launch_to_the_end_or_now() -> None:
    began = datetime(2026, 11, 24, 10, tzinfo=UTC)

    def machine(ended: datetime | None) -> Machine:
        state = "running" if ended is None else "terminated"
        return Machine(
            *("i-1", "calls-1", "server", EAST, "us-east-1a", "c4.2xlarge", state, began, ended),
            *(None, None, None),
        )

    now = began + timedelta(hours=4)
    spent = cost_so_far(
        [machine(None), machine(began + timedelta(hours=1))], repository_table(), now
    )
    assert spent.per_hour == pytest.approx(5 * (0.398 + 0.005))
