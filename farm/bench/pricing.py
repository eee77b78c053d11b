"""Prices of the machine under test, and the cost of a measurement before it begins."""

from __future__ import annotations

from collections.abc import Iterable

from farm.analysis.aggregates import known
from farm.errors import BadInput
from farm.execution.steady_state import AT_MOST_S
from farm.model.experiment import Experiment
from farm.model.server_samples import ServerFacts, ServerSample
from farm.model.server_settings import Price
from farm.model.wording import counted
from farm.results.cost import MachinePrice, PriceTable, price_of_measuring
from farm.results.price_table import read_price_table
from farm.results.priced_machine import PriceCheck, check_machine

BETWEEN_TRIALS_S = 60.0
"""Time for reset, browsers, leaving and checking recordings: an estimate on the long side."""


def price_table(price: Price) -> PriceTable:
    """The table that the experiment names, else the farm's own. Raises BadInput."""
    if price.table is not None:
        return read_price_table(price.table, "server.price.table")
    from infra.aws.prices import repository_table  # imports the whole cloud package

    return repository_table()


def price_of_server(price: Price) -> tuple[PriceTable, MachinePrice] | None:
    """The table and the server's price; `None` if no machine is named. Raises BadInput."""
    if price.machine is None:
        return None
    table = price_table(price)
    priced = table.find(price.machine, price.region)
    if priced is None:
        there = sorted(each.machine for each in table.machines if each.region == price.region)
        allowed = f"expected one of {', '.join(there)}" if there else "it has none there"
        raise BadInput(
            f"server.price.machine: {price.machine}: no price for {price.region} in the table of "
            f"{table.date}: {allowed}"
        )
    return table, priced


def checked_price(
    experiment: Experiment, facts: ServerFacts, samples: Iterable[ServerSample] = ()
) -> PriceCheck | None:
    """Whether the machine measured is the one that `server.price` names; `None`: it names none.

    A quota may also be seen in `samples`. Raises BadInput.
    """
    priced = price_of_server(experiment.server.price)
    if priced is None:
        return None
    seen = tuple(samples)
    quotas = known([facts.cpu_quota_cores, *(each.cgroup_cpu_limit_cores for each in seen)])
    cores = known(each.process_cores for each in seen)
    return check_machine(
        priced[1], facts, min(quotas, default=None), int(min(cores)) if cores else None
    )


def price_note(check: PriceCheck | None) -> str | None:
    """A note on the price for the user, before anything is measured."""
    if check is None or check.mismatch is None:
        return None
    ends = ": its price is not this server's, and no cost is made of it" if check.unlike else ""
    return f"server.price.machine: {check.mismatch}{ends}"


def cost_of_measuring(experiment: Experiment, trials: int) -> str | None:
    """The highest cost of server and hosts during a run, in words; `None` without a price.

    Only hosts that `farm provision` made from the same file count.
    """
    priced = price_of_server(experiment.server.price)
    if priced is None:
        return None
    table, machine = priced
    longest_s = longest_run_s(experiment, trials)
    hosts = _prices_of_hosts(experiment, table)
    total = price_of_measuring([machine.per_hour, *(hosts or ())], longest_s)
    hours = longest_s / 3600
    what = "the server" if hosts is None else f"the server and {counted(len(hosts), 'host')}"
    return (
        f"cost: at most {total:.2f} {table.currency} for {what}, {hours:.1f} h of "
        f"{machine.machine} in {machine.region} at {machine.per_hour:g} {table.currency} "
        f"(prices of {table.date})" + ("; hosts cost extra" if hosts is None else "")
    )


def _prices_of_hosts(experiment: Experiment, table: PriceTable) -> list[float] | None:
    """The price of an hour of each host; `None` where they are unknown, or one has no price."""
    if experiment.inventory is None or not experiment.aws.hosts:
        return None
    prices: list[float] = []
    for kind in experiment.aws.hosts:
        priced = table.find(kind.type, kind.region)
        if priced is None:
            return None
        prices += [priced.per_hour] * kind.count
    return prices


def longest_run_s(experiment: Experiment, trials: int) -> float:
    """The longest time for `trials` of the largest load, or the budget if that is shorter."""
    settings, search = experiment.trial, experiment.search
    settle_s = AT_MOST_S if settings.settle_s is None else settings.settle_s
    load = search.maximum if trials > 1 else settings.load or 1
    ramp_s = load / settings.sessions_per_second
    trial_s = ramp_s + settle_s + settings.hold_s + BETWEEN_TRIALS_S
    longest_s = trials * trial_s
    if trials > 1 and search.budget_s is not None:
        return min(longest_s, search.budget_s + trial_s)
    return longest_s
