"""Signs of a processor at its end: all of it, one thread's core, or what was kept from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.analysis.aggregates import known
from farm.attribution.bad_period import Watched
from farm.attribution.limit import SaturationSign, ServerResources
from farm.model.wording import percent

FULL_PERCENT = 90.0
"""From here on a CPU is at its end: means hide moments at 100."""

WANTED_PERCENT = 95.0
HELD_BACK_PERCENT = 10.0
"""Running or waiting for a core so much, and running at least so much: no more was to be had."""

ALONE = 0.85
"""A thread with this share of the process' CPU is as good as alone in it."""

THROTTLED_PERCENT = 20.0
"""Of a quota's periods."""

STOLEN_PERCENT = 10.0
"""Of one core, or of the machine: so much is felt."""


def processor_signs(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    """Of CPU in all its forms, as far as they are known."""
    yield from _throttled(watched)
    yield from _stolen(watched, machine)
    yield from _thread(watched, machine)
    yield from _process(watched, machine)
    yield from _machine(watched, machine)


def _throttled(watched: Watched) -> Iterator[SaturationSign]:
    throttled = watched.mean(lambda sample: sample.cgroup_throttled_percent)
    if throttled is None:
        return
    cores = max(known(sample.cgroup_cpu_limit_cores for sample in watched.all), default=None)
    allowed = "" if cores is None else f" ({cores:.3g} cores allowed)"
    said = f"its control group's CPU quota was used up in {throttled:.0f} % of the periods{allowed}"
    yield SaturationSign("cpu_quota", throttled / THROTTLED_PERCENT, said, counted=True)


def _stolen(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    """Steal counts where it is what keeps the machine, or a busy thread, from its end."""
    steal = watched.mean(lambda sample: sample.steal_percent)
    cpu = watched.mean(lambda sample: sample.cpu_percent)
    if steal is None:
        return
    _, thread = watched.busiest_thread()
    cores = machine.cores or 1
    share = steal / STOLEN_PERCENT
    starved = cpu is not None and cpu + steal >= FULL_PERCENT
    thread_starved = thread is not None and thread + steal * cores >= WANTED_PERCENT
    if not (starved or (thread_starved and steal * cores >= STOLEN_PERCENT)):
        share = min(share, 0.9)
    elif thread_starved and not starved:
        share = steal * cores / STOLEN_PERCENT
    said = f"{steal:.0f} % of the machine's CPU time was stolen: its hypervisor gave it to others"
    yield SaturationSign("cpu_steal", share, said, counted=True)


def _thread(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    """One thread, where it is not the whole machine that is full.

    It counts as full, too, if it waited for a core whenever it did not run: on the one core that it
    may use others may run. Where probes may have been these, it is the generator that ran out.
    """
    name, thread = watched.busiest_thread()
    if thread is None:
        return
    process = watched.mean(lambda sample: sample.process_cpu_percent)
    waited = watched.mean(lambda sample: sample.process_cpu_wait_percent)
    said = f"thread {name} of the media server used {thread:.0f} % of a core"
    yield SaturationSign("cpu_thread", thread / FULL_PERCENT, said)
    alone = process is not None and thread >= ALONE * process
    if alone and waited is not None and thread >= HELD_BACK_PERCENT:
        cores = _cores(watched, machine)
        pinned = cores is not None and machine.cores is not None and cores < machine.cores
        shared = machine.shared and not machine.own_cores and not pinned
        yield SaturationSign(
            "generator" if shared else "cpu_thread",
            (thread + waited) / WANTED_PERCENT,
            f"{said} and waited for one {min(waited, 100.0):.0f} % of the time"
            + (", on a machine that also runs probes" if shared else ""),
        )


def _process(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    """The cores that the process may use, filled by several threads or nobody knows by how many."""
    process = watched.mean(lambda sample: sample.process_cpu_percent)
    if process is None:
        return
    cores = _cores(watched, machine)
    if not cores:
        yield SaturationSign("cpu_total", 0.0, f"the media server used {process:.0f} % of a core")
        return
    used = process / (100 * cores)
    of = "its one core" if cores == 1 else f"its {cores} cores"
    said = f"the media server used {percent(used)} of {of}"
    share = 100 * used / FULL_PERCENT
    _, thread = watched.busiest_thread()
    if cores == 1 and thread is not None and thread >= ALONE * process and machine.cores != 1:
        # One thread fills it: more cores would not help, and the thread is told.
        share = min(share, 0.99)
    yield SaturationSign("cpu_total", share, said)


def _machine(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    whole = watched.mean(lambda sample: sample.cpu_percent)
    if whole is None or (machine.shared and not machine.own_cores):
        return
    said = f"the server's machine used {whole:.0f} % of its CPU"
    yield SaturationSign("cpu_total", whole / FULL_PERCENT, said)


def _cores(watched: Watched, machine: ServerResources) -> int | None:
    """As many as the kernel lets it run on; else what is known of the machine."""
    seen = known(sample.process_cores for sample in watched.all)
    if seen:
        return int(seen[-1])
    return machine.process_cores or machine.cores
