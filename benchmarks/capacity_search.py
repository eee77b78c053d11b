"""Accuracy and cost in trials of the search for the capacity, against three others.

    python -m benchmarks.capacity_search [--servers N] [--seed S ...]

All run on simulated servers of known capacity (`benchmarks.simulated_servers`), offline, with the
same random numbers. An answer is *within* if it is at most one step or 10 % from the truth, the
load at which a hold passes with probability 0.9. Nothing was tuned to the three seeds: keep it so,
try changes on others. The other searches are

- linear: a plain ramp, one step at a time, until a trial fails;
- bisection: doubling until a trial fails, then halving the gap, each load once;
- mlrsearch: MLRsearch of PyPI (RFC 9971), each load judged by up to three trials (two passes of
  three are enough), starting at the largest load, as it is free to; and `mlrsearch, capped`, on a
  range that ends at twice the first load that failed when doubling.

Only the farm's search states an interval with a probability; in the state `drift` it states none.
The interval of the others is from the largest load that they accept to the next above it. The last
line is one JSON object, over the servers of all seeds: `within`, `median_trials` and `p90_trials`
are for narrow servers (see `SimulatedServer.narrow`), `interval_holds` is for all, drifting ones by
their capacity at the last trial, and `converged_right` is the share of answers within, among those
with state `converged` on servers that do not drift. `seeds` has the search's figures for each seed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from statistics import median
from typing import Any

import MLRsearch
import numpy as np

from benchmarks.simulated_servers import FAMILIES, SimulatedServer, simulated_servers
from farm.search.capacity_search import CapacitySearch

SERVERS, SEEDS = 500, (20270101, 20270102, 20270103)
NEAR = 0.1

Interval = tuple[int | None, int | None]


@dataclass
class Trials:
    """One search's trials on a server: their number, and its random numbers."""

    server: SimulatedServer
    rng: random.Random
    used: int = 0

    def hold(self, load: int) -> tuple[bool, int, int]:
        outcome = self.server.hold(load, self.used, self.rng)
        self.used += 1
        return outcome

    def passes(self, load: int) -> bool:
        return self.hold(load)[0]


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """A search's answer for a server, compared with the truth."""

    server: SimulatedServer
    probes: int | None
    interval: Interval
    trials: int
    state: str = ""

    @property
    def truth(self) -> float:
        return self.server.capacity(self.trials - 1)

    @property
    def within(self) -> bool:
        capacity, truth = self.probes or 0, self.truth
        if capacity == self.server.maximum and truth >= capacity:
            return True
        return abs(capacity - truth) <= max(self.server.step, NEAR * truth)

    @property
    def holds(self) -> bool:
        low, high = self.interval
        inside = (low or 0) <= self.truth and (high is None or self.truth <= high)
        return inside or self.state == "drift"


Search = Callable[[Trials], tuple[int | None, Interval, str]]


def ours(trials: Trials) -> tuple[int | None, Interval, str]:
    server = trials.server
    search = CapacitySearch(server.minimum, server.maximum, server.step)
    while (load := search.next_load()) is not None:
        passed, failed, units = trials.hold(load)
        search.record(load, "pass" if passed else "fail", units_failed=failed, units_total=units)
    estimate = search.estimate()
    return estimate.probes, estimate.interval, estimate.state


def linear(trials: Trials) -> tuple[int | None, Interval, str]:
    good = None
    for load in rungs(trials.server):
        if not trials.passes(load):
            return good, (good, load), ""
        good = load
    return good, (good, None), ""


def bisection(trials: Trials) -> tuple[int | None, Interval, str]:
    good, bad = doubled(trials)
    loads = rungs(trials.server)
    while bad is not None:
        between = [load for load in loads if (good or 0) < load < bad]
        if not between:
            break
        middle = between[len(between) // 2]
        if trials.passes(middle):
            good = middle
        else:
            bad = middle
    return good, (good, bad), ""


def doubled(trials: Trials) -> Interval:
    """The largest load that passed and the first that failed."""
    good: int | None = None
    loads = rungs(trials.server)
    load = loads[0]
    while trials.passes(load):
        good = load
        above = [other for other in loads if other > load]
        if not above:
            return good, None
        load = max([other for other in above if other <= 2 * load], default=above[0])
    return good, load


def mlrsearch(trials: Trials) -> tuple[int | None, Interval, str]:
    return _mlrsearch(trials, trials.server.maximum)


def mlrsearch_capped(trials: Trials) -> tuple[int | None, Interval, str]:
    """MLRsearch on a capped range; the trials that find the cap count, too."""
    _, bad = doubled(trials)
    maximum = trials.server.maximum
    return _mlrsearch(trials, maximum if bad is None else min(maximum, 2 * bad))


@dataclass
class Measurer(MLRsearch.AbstractMeasurer):  # type: ignore[misc]
    """Measures a load between two steps at the lower one; failed units count as loss."""

    trials: Trials

    def measure(self, intended_duration: float, intended_load: float) -> Any:
        _, failed, units = self.trials.hold(rung_below(self.trials.server, intended_load))
        return MLRsearch.MeasurementResult(
            intended_duration=intended_duration,
            intended_load=intended_load,
            offered_count=units,
            loss_count=failed,
        )


def _mlrsearch(trials: Trials, maximum: int) -> tuple[int | None, Interval, str]:
    goal = MLRsearch.SearchGoal(
        loss_ratio=0.0,
        exceed_ratio=0.34,
        relative_width=0.05,
        initial_trial_duration=1.0,
        final_trial_duration=1.0,
        duration_sum=3.0,
        fail_fast=False,
    )
    config = MLRsearch.Config()
    config.goals = (goal,)
    config.min_load, config.max_load = (
        trials.server.minimum,
        max(maximum, trials.server.minimum + 1),
    )
    config.warmup_duration = 0.0
    search = MLRsearch.MultipleLossRatioSearch(config)
    found = search.search(Measurer(trials), debug=lambda _: None)[goal]
    low, high = (
        None if bound is None else rung_below(trials.server, float(bound))
        for bound in (found.relevant_lower_bound, found.relevant_upper_bound)
    )
    if low is not None and high is not None and high <= low:
        high = low + trials.server.step
    return low, (low, high), ""


def rungs(server: SimulatedServer) -> range:
    return range(server.minimum, server.maximum + 1, server.step)


def rung_below(server: SimulatedServer, load: float) -> int:
    return server.minimum + int((load - server.minimum + 1e-6) // server.step) * server.step


SEARCHES: dict[str, Search] = {
    "ours": ours,
    "mlrsearch": mlrsearch,
    "mlrsearch, capped": mlrsearch_capped,
    "bisection": bisection,
    "linear": linear,
}


def answers(search: Search, servers: Sequence[SimulatedServer], seed: int) -> list[SearchAnswer]:
    found = []
    for at, server in enumerate(servers):
        trials = Trials(server, random.Random(f"{seed}-{at}"))  # noqa: S311
        probes, interval, state = search(trials)
        found.append(SearchAnswer(server, probes, interval, trials.used, state))
    return found


def figures(found: Sequence[SearchAnswer]) -> dict[str, float]:
    """The figures of these answers: of narrow servers, intervals of all."""
    narrow = [answer for answer in found if answer.server.narrow]
    converged = [
        answer for answer in found if answer.state == "converged" and answer.server.drift == "none"
    ]
    return {
        "within": share(answer.within for answer in narrow),
        "interval_holds": share(answer.holds for answer in found),
        **({"converged_right": share(a.within for a in converged)} if converged else {}),
        "median_trials": float(median(answer.trials for answer in narrow)),
        "p90_trials": float(np.quantile([answer.trials for answer in narrow], 0.9)),
    }


def share(those: Any) -> float:
    counted = list(those)
    return round(sum(counted) / len(counted), 4) if counted else float("nan")


def parts(found: Sequence[SearchAnswer]) -> dict[str, list[SearchAnswer]]:
    """The answers grouped by kind of server."""
    steady = [answer for answer in found if answer.server.drift == "none"]
    named = {
        "narrow": [answer for answer in steady if answer.server.narrow],
        "wide": [answer for answer in steady if answer.server.width > 0.2],
        "other": [
            answer for answer in steady if not answer.server.narrow and answer.server.width <= 0.2
        ],
    }
    for family in FAMILIES:
        named[family] = [answer for answer in found if answer.server.family == family]
    return {**named, "all": list(found)}


def row(name: str, found: Sequence[SearchAnswer]) -> str:
    used = [answer.trials for answer in found]
    return (
        f"  {name:15} {len(found):4} servers: within {share(a.within for a in found):.3f}, "
        f"interval holds {share(a.holds for a in found):.3f}, "
        f"drift {share(a.state == 'drift' for a in found):.3f}, "
        f"trials median {median(used):g}, p90 {np.quantile(used, 0.9):g}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--servers", type=int, default=SERVERS, help="number for each seed")
    parser.add_argument("--seed", type=int, nargs="+", default=SEEDS)
    options = parser.parse_args()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, numpy {np.__version__}, "
        f"MLRsearch {version('MLRsearch')}; {options.servers} servers of each of the seeds "
        f"{', '.join(map(str, options.seed))}"
    )
    by_search: dict[str, dict[str, Any]] = {}
    for name, search in SEARCHES.items():
        began_s = time.process_time()
        by_seed = {
            seed: answers(search, simulated_servers(options.servers, seed), seed)
            for seed in options.seed
        }
        took_s = time.process_time() - began_s
        every = [answer for found in by_seed.values() for answer in found]
        print(f"{name}: {1000 * took_s / len(every):.1f} ms of CPU a search")
        for part, those in parts(every).items():
            if those and (name == "ours" or part in ("narrow", "all")):
                print(row(part, those))
        by_search[name] = figures(every)
        if name == "ours":
            by_search[name]["seeds"] = {seed: figures(found) for seed, found in by_seed.items()}
            for seed, scored in by_search[name]["seeds"].items():
                print(f"  seed {seed}: " + ", ".join(f"{key} {scored[key]:g}" for key in scored))
    mine = by_search.pop("ours")
    capped = by_search.pop("mlrsearch, capped")
    print(json.dumps({**mine, **by_search, "mlrsearch_capped": capped}))


if __name__ == "__main__":
    main()
