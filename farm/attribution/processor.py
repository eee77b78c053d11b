"""Signs of saturation: CPU of machine and process, one thread, quota, steal. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.analysis.aggregates import known
from farm.attribution.bad_period import BadPeriod
from farm.attribution.limit import SaturationSign, ServerResources
from farm.model.wording import percent, plural

FULL_PERCENT = 90.0
"""CPU from which it is saturated: means hide moments at 100 %."""

WANTED_PERCENT = 95.0
HELD_BACK_PERCENT = 10.0
"""A thread is saturated if it ran or waited for so much of the time, and ran for this much."""

ALONE = 0.85
"""The share of the process' CPU from which a thread counts as its only one."""

THROTTLED_PERCENT = 20.0
"""Share of a quota's periods in which it was used up."""

STOLEN_PERCENT = 10.0
"""Steal that has an effect, of one core or of the machine."""


def processor_signs(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    """The signs of CPU in all its forms, as far as these are known."""
    yield from _throttled(period)
    yield from _stolen(period, machine)
    yield from _thread(period, machine)
    yield from _process(period, machine)
    yield from _machine(period, machine)


def _throttled(period: BadPeriod) -> Iterator[SaturationSign]:
    throttled = period.mean(lambda sample: sample.cgroup_throttled_percent)
    if throttled is None:
        return
    cores = max(known(sample.cgroup_cpu_limit_cores for sample in period.all), default=None)
    allowed = "" if cores is None else f" ({cores:.3g} {plural(cores, 'core')} allowed)"
    text = f"its control group's CPU quota was used up in {throttled:.0f} % of the periods{allowed}"
    yield SaturationSign("cpu_quota", throttled / THROTTLED_PERCENT, text, counted=True)


def _stolen(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    """The sign of steal, which counts if without it machine or busy thread had enough CPU."""
    steal = period.mean(lambda sample: sample.steal_percent)
    cpu = period.mean(lambda sample: sample.cpu_percent)
    if steal is None:
        return
    _, thread = period.busiest_thread()
    cores = machine.cores or 1
    share = steal / STOLEN_PERCENT
    starved = cpu is not None and cpu + steal >= FULL_PERCENT
    thread_starved = thread is not None and thread + steal * cores >= WANTED_PERCENT
    if not (starved or (thread_starved and steal * cores >= STOLEN_PERCENT)):
        share = min(share, 0.9)
    elif thread_starved and not starved:
        share = steal * cores / STOLEN_PERCENT
    text = f"{steal:.0f} % of the machine's CPU time was stolen by its hypervisor"
    yield SaturationSign("cpu_steal", share, text, counted=True)


def _thread(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    """The sign of one thread.

    It is also saturated if it waited for a core whenever it did not run: others may run on the core
    that it may use. Where those may be probes, the sign is the generator's.
    """
    name, thread = period.busiest_thread()
    if thread is None:
        return
    process = period.mean(lambda sample: sample.process_cpu_percent)
    waited = period.mean(lambda sample: sample.process_cpu_wait_percent)
    text = f"thread {name} of the media server used {thread:.0f} % of a core"
    yield SaturationSign("cpu_thread", thread / FULL_PERCENT, text)
    alone = process is not None and thread >= ALONE * process
    if alone and waited is not None and thread >= HELD_BACK_PERCENT:
        cores = _cores(period, machine)
        pinned = cores is not None and machine.cores is not None and cores < machine.cores
        shared = machine.shared and not machine.own_cores and not pinned
        yield SaturationSign(
            "generator" if shared else "cpu_thread",
            (thread + waited) / WANTED_PERCENT,
            f"{text} and waited for one {min(waited, 100.0):.0f} % of the time"
            + (", on a machine that also runs probes" if shared else ""),
        )


def _process(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    """The sign of all cores that the process may use."""
    process = period.mean(lambda sample: sample.process_cpu_percent)
    if process is None:
        return
    cores = _cores(period, machine)
    if not cores:
        yield SaturationSign("cpu_total", 0.0, f"the media server used {process:.0f} % of a core")
        return
    used = process / (100 * cores)
    of = "its one core" if cores == 1 else f"its {cores} cores"
    text = f"the media server used {percent(used)} of {of}"
    share = 100 * used / FULL_PERCENT
    _, thread = period.busiest_thread()
    if cores == 1 and thread is not None and thread >= ALONE * process and machine.cores != 1:
        # One thread uses it all: more cores would not help, and the thread has a sign of its own.
        share = min(share, 0.99)
    yield SaturationSign("cpu_total", share, text)


def _machine(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    whole = period.mean(lambda sample: sample.cpu_percent)
    if whole is None or (machine.shared and not machine.own_cores):
        return
    text = f"the server's machine used {whole:.0f} % of its CPU"
    yield SaturationSign("cpu_total", whole / FULL_PERCENT, text)


def _cores(period: BadPeriod, machine: ServerResources) -> int | None:
    """The cores that the kernel lets the process run on, else those known of the machine."""
    seen = known(sample.process_cores for sample in period.all)
    if seen:
        return int(seen[-1])
    return machine.process_cores or machine.cores
