"""When to start another server: at which CPU, in means as autoscalers use. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from farm.attribution.cpu_by_load import CpuByLoad, cpu_by_load
from farm.attribution.limit import LimitedBy, ServerResources
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wording import counted, percent, plural
from farm.search.capacity_estimate import CapacityEstimate

PREDICTS = 0.9
"""The share of pairs in which a failed trial must have more CPU than a passed one."""


@dataclass(frozen=True, slots=True)
class ScaleOut:
    """When to start another server: at this CPU, or if that does not predict quality, at this load.

    `cpu_percent` is the whole machine's, mean of 60 s, at `probes`: the largest load tried that is
    neither above the recommended one nor above the capacity, less `growth_probes`, what is expected
    to come while a new server starts. `interval` is the range of its minutes. `headroom_percent`
    is what of the machine is left at that load before growth is taken off; `relation` is how CPU
    grew with the load.
    """

    cpu_percent: float | None
    interval: tuple[float, float] | None
    probes: int | None
    evidence: str
    growth_probes: float = 0.0
    headroom_percent: float | None = None
    probes_per_core: float | None = None
    relation: CpuByLoad | None = None


def scale_out(
    results: Sequence[TrialResult],
    estimate: CapacityEstimate,
    limit: LimitedBy,
    machine: ServerResources | None = None,
    growth_probes: float = 0.0,
) -> ScaleOut:
    """The CPU at the recommended load, if CPU separates passed from failed trials.

    `growth_probes` are expected to come to one server while another starts.
    """
    machine = machine or ServerResources()
    at_most = min(estimate.recommended or 0, estimate.probes or 0)
    tried = [
        result
        for result in results
        if result.verdict.outcome is Outcome.PASS and result.load <= at_most
    ]
    probes = max((result.load for result in tried), default=None)
    there = [result for result in tried if result.load == probes]
    minutes = [cpu for result in there for cpu in _minutes(result)]
    relation = cpu_by_load(results)
    why = _why_unusable(probes, minutes, limit, machine, cpu_separation(results) or 0.0)
    load = None if probes is None else max(0.0, probes - growth_probes)
    cores = machine.process_cores if machine.own_cores else machine.cores
    by_load = ScaleOut(
        None,
        None,
        None if load is None else math.floor(load),
        why or "",
        growth_probes=growth_probes,
        headroom_percent=_headroom(minutes, machine),
        probes_per_core=probes / cores if probes and cores else None,
        relation=relation,
    )
    if why is not None or probes is None or load is None:
        return by_load
    less = _growth_percent(fmean(minutes), probes, growth_probes, relation)
    coming = f"{growth_probes:.3g} {plural(growth_probes, 'probe')}"
    comes = "comes" if growth_probes == 1 else "come"
    growth = f", less {coming} that {comes} while a new one starts" if growth_probes else ""
    separation = cpu_separation(results) or 0.0
    return ScaleOut(
        max(0.0, fmean(minutes) - less),
        (max(0.0, min(minutes) - less), max(0.0, max(minutes) - less)),
        by_load.probes,
        f"its CPU at {counted(probes, 'probe')}{growth}; a failed trial used more "
        f"CPU than a passed one in {percent(separation)} of their pairs",
        growth_probes,
        by_load.headroom_percent,
        by_load.probes_per_core,
        relation,
    )


def growth_while_launching(
    daily_sessions: Sequence[float] | None, sessions_a_server: int | None, launch_s: float
) -> float:
    """The most sessions that come to one server while another starts, by the daily curve.

    In each hour the sessions change evenly; new ones are shared by the servers that run. The
    steepest hour counts. 0 without a curve.
    """
    if not daily_sessions or not sessions_a_server:
        return 0.0
    hours = zip(daily_sessions, [*daily_sessions[1:], daily_sessions[0]], strict=True)
    return max(
        max(0.0, later - now) * launch_s / 3600 / max(1, math.ceil(now / sessions_a_server))
        for now, later in hours
    )


def cpu_separation(results: Iterable[TrialResult]) -> float | None:
    """The share of pairs of a failed and a passed trial in which the failed one used more CPU.

    1: in all of them; 0.5: CPU does not predict quality. None without a pair. (The area under the
    ROC curve; a rank correlation with the verdict that needs no straight line.)
    """
    cpu: dict[Outcome, list[float]] = defaultdict(list)
    for result in results:
        if result.server_cpu_percent is not None:
            cpu[result.verdict.outcome].append(result.server_cpu_percent)
    pairs = [(bad, good) for bad in cpu[Outcome.FAIL] for good in cpu[Outcome.PASS]]
    if not pairs:
        return None
    return fmean(1.0 if bad > good else 0.5 if bad == good else 0.0 for bad, good in pairs)


def _why_unusable(
    probes: int | None,
    minutes: Sequence[float],
    limit: LimitedBy,
    machine: ServerResources,
    separation: float,
) -> str | None:
    if probes is None:
        return "no load is recommended yet"
    if not minutes:
        return "the server's CPU is unknown"
    if machine.shared and not machine.own_cores:
        return "probes ran on the server's machine, so its CPU is not the server's alone"
    if limit.resource not in ("cpu_total", "cpu_thread"):
        return f"what limited the server is {limit.resource}, not its CPU"
    if separation < PREDICTS:
        return "the server's CPU did not separate failed from passed trials"
    return None


def _minutes(result: TrialResult) -> tuple[float, ...]:
    """Means of 60 s; for a shorter hold its mean."""
    if result.server_cpu_minutes_percent:
        return result.server_cpu_minutes_percent
    return () if result.server_cpu_percent is None else (result.server_cpu_percent,)


def _headroom(minutes: Sequence[float], machine: ServerResources) -> float | None:
    if not minutes or (machine.shared and not machine.own_cores):
        return None
    return max(0.0, 100.0 - fmean(minutes))


def _growth_percent(
    cpu_percent: float, probes: int, growth: float, relation: CpuByLoad | None
) -> float:
    """CPU percent that the growth would use, by the line; without one in proportion to the load."""
    if not growth:
        return 0.0
    if relation is not None and relation.percent_per_probe > 0:
        return min(cpu_percent, relation.percent_per_probe * growth)
    return min(cpu_percent, cpu_percent * growth / probes)
