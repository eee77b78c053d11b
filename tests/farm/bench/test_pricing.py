"""Prices before anything is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farm.bench.pricing import (
    checked_price,
    cost_of_measuring,
    longest_run_s,
    price_note,
    price_of_server,
)
from farm.errors import BadInput
from farm.model.aws_settings import AwsHosts, AwsSettings
from farm.model.experiment import Experiment, SearchSettings, TrialSettings
from farm.model.server_samples import ServerFacts, ServerSample
from farm.model.server_settings import Price, ServerSettings

TABLE = """
format: 1
currency: EUR
date: 2026-01-31
source: made for tests
machines: [{machine: big, region: cellar, per_hour: 2, vcpus: 8}]
"""


@pytest.fixture
def own(tmp_path: Path) -> Price:
    path = tmp_path / "prices.yaml"
    path.write_text(TABLE)
    return Price(machine="big", region="cellar", table=path)


def experiment(price: Price, **search: float) -> Experiment:
    return Experiment(
        server=ServerSettings(price=price),
        trial=TrialSettings(load=10, sessions_per_second=1, settle_s=20, hold_s=240),
        search=SearchSettings(maximum=40, **search),  # type: ignore[arg-type]
    )


def test_a_run_costs_at_most_what_its_longest_takes(own: Price) -> None:
    assert longest_run_s(experiment(own), 1) == 10 + 20 + 240 + 60
    assert longest_run_s(experiment(own), 10) == 10 * (40 + 20 + 240 + 60)
    assert longest_run_s(experiment(own, budget_s=1800), 10) == 1800 + 360
    told = cost_of_measuring(experiment(own), 10)
    assert told is not None
    assert told.startswith("cost: at most 2.00 EUR for the server, 1.0 h of big in cellar at 2 EUR")


def test_hosts_that_were_provisioned_by_the_same_file_are_counted(own: Price) -> None:
    hosts = (AwsHosts(count=3, type="big", region="cellar"),)
    whole = replace(experiment(own), inventory=Path("there.yaml"), aws=AwsSettings(hosts=hosts))
    told = cost_of_measuring(whole, 10)
    assert told is not None
    assert told.startswith("cost: at most 8.00 EUR for the server and 3 hosts, 1.0 h of big")

    elsewhere = replace(whole, aws=AwsSettings(hosts=(AwsHosts(type="unheard of"),)))
    told = cost_of_measuring(elsewhere, 10)
    assert told is not None
    assert told.endswith("hosts cost extra")


def test_a_quota_that_only_samples_saw_counts(own: Price) -> None:
    cellar = ServerFacts(*("kms", "6.1", 8, "Xeon", 1 << 34, "kms", 7, "eth0", "ssh"))
    asked = experiment(own)
    assert price_note(checked_price(asked, cellar)) is None
    held = [ServerSample(1.0), ServerSample(2.0, cgroup_cpu_limit_cores=0.5)]
    check = checked_price(asked, cellar, held)
    assert price_note(check) == (
        "server.price.machine: the machine measured is not a big: the media server has a CPU "
        "quota of 0.5 cores: its price is not this server's, and no cost is made of it"
    )
    assert checked_price(experiment(Price()), cellar) is None


def test_without_a_machine_there_is_nothing_to_say() -> None:
    assert price_of_server(Price()) is None
    assert cost_of_measuring(experiment(Price()), 10) is None


def test_a_machine_that_no_table_has_is_bad_input(own: Price) -> None:
    with pytest.raises(BadInput, match=r"server\.price\.machine: huge: no price for cellar .* big"):
        price_of_server(Price(machine="huge", region="cellar", table=own.table))


def test_the_farm_s_own_table_has_the_machine_of_the_experiment() -> None:
    priced = price_of_server(Price(machine="c4.2xlarge"))
    assert priced is not None
    table, machine = priced
    assert (machine.vcpus, table.currency) == (8, "USD")
    assert len(table.family_of(machine)) > 1
