"""What machines cost: AWS's price list, cached for a week, or the table beside this file."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from farm.errors import BadInput, CloudError, FarmError
from farm.recording.durable_file import beside, sweep
from farm.results.cost import MachinePrice, PriceTable
from farm.results.price_table import parse_price_table
from infra.aws.cloud import Cloud, translated

AWS = "AWS's price list, on demand, Linux, shared tenancy"
LIST_REGION = "us-east-1"
"""The region whose endpoint serves the price list of all regions."""
KEPT = timedelta(days=7)

Wanted = tuple[str, str]


def prices(
    cloud: Cloud, wanted: Iterable[Wanted], cache: Path, today: date
) -> tuple[PriceTable, str | None]:
    """Prices of (machine, region) pairs, and why some are not from AWS's price list.

    Prices that AWS gave within a week are taken from `cache`. Machines without a price are left
    out.
    """
    asked = tuple(dict.fromkeys(wanted))
    kept = _kept(cache, today)
    if kept is not None and all(kept.find(*each) for each in asked):
        return kept, None
    try:
        found = tuple(each for one in asked for each in _listed(cloud, *one))
    except FarmError as error:
        return repository_table(), f"AWS's price list could not be read ({error})"
    others = kept.machines if kept is not None and kept.date == today.isoformat() else ()
    known = tuple(each for each in others if (each.machine, each.region) not in asked)
    table = PriceTable("USD", today.isoformat(), AWS, known + found)
    if table.machines:
        _keep(cache, table)
    return table, None


def repository_table() -> PriceTable:
    """The table in `prices.yaml`."""
    text = (files("infra.aws") / "prices.yaml").read_text(encoding="utf-8")
    return parse_price_table(text, "prices.yaml")


def _listed(cloud: Cloud, machine: str, region: str) -> tuple[MachinePrice, ...]:
    """The price in AWS's price list; empty where it has no such machine. Raises FarmError."""
    terms = {
        "instanceType": machine,
        "regionCode": region,
        "operatingSystem": "Linux",
        "tenancy": "Shared",
        "preInstalledSw": "NA",
        "capacitystatus": "Used",
    }
    client = cloud.client("pricing", LIST_REGION)
    with translated("get_products", LIST_REGION):
        answer = client.get_products(
            ServiceCode="AmazonEC2",
            Filters=[{"Type": "TERM_MATCH", "Field": k, "Value": v} for k, v in terms.items()],
        )
    found = [_price(json.loads(text), machine, region) for text in answer["PriceList"]]
    return tuple(each for each in found if each is not None)[:1]


def _price(product: Mapping[str, Any], machine: str, region: str) -> MachinePrice | None:
    attributes = product["product"]["attributes"]
    for offer in product["terms"].get("OnDemand", {}).values():
        for dimension in offer["priceDimensions"].values():
            usd = float(dimension["pricePerUnit"].get("USD", 0))
            if dimension["unit"] == "Hrs" and usd > 0:
                memory = str(attributes["memory"]).removesuffix(" GiB").replace(",", "")
                processor = str(attributes.get("physicalProcessor", ""))
                return MachinePrice(
                    machine,
                    region,
                    usd,
                    int(attributes["vcpu"]),
                    float(memory),
                    architecture=("arm64" if "Graviton" in processor else "x86_64")
                    if processor
                    else None,
                )
    return None


def _kept(cache: Path, today: date) -> PriceTable | None:
    try:
        table = parse_price_table(cache.read_text(encoding="utf-8"), str(cache))
        return table if today - date.fromisoformat(table.date) < KEPT else None
    except (OSError, ValueError, BadInput):
        return None


def _keep(cache: Path, table: PriceTable) -> None:
    """Writes the cache; a failure to write is ignored."""
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        sweep(cache.parent)
        with beside(cache) as to:
            to.write_text(_text(table), encoding="utf-8")
    except OSError:
        return


def _text(table: PriceTable) -> str:
    machines = [
        {key: value for key, value in asdict(each).items() if value is not None}
        for each in table.machines
    ]
    plain = {"format": 1, **asdict(table), "machines": machines}
    return yaml.safe_dump(plain, sort_keys=False, default_flow_style=None, width=200)


def main() -> int:
    """Print a table of these machines in these regions, in the format of `prices.yaml`."""
    parser = argparse.ArgumentParser(prog="infra.aws.prices", description=main.__doc__)
    parser.add_argument("machine")
    parser.add_argument("region", nargs="+")
    options = parser.parse_args()
    try:
        found = [
            each for region in options.region for each in _listed(Cloud(), options.machine, region)
        ]
    except (BadInput, CloudError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    today = datetime.now(UTC).date().isoformat()
    sys.stdout.write(_text(PriceTable("USD", today, AWS, tuple(found))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
