"""Signs of memory at its end: the machine's, a control group's, the process' own limit. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.analysis.aggregates import known
from farm.attribution.bad_period import Watched
from farm.attribution.limit import SaturationSign, ServerResources

FULL = 0.95
NEAR_AND_HIT = 0.9
"""Pages of files that are written hit a limit, too, and are dropped: not at this height."""

NEAR_FOR_THE_DEAD = 0.7
"""A process that is killed at its limit is seldom seen there: it grew since the last look."""

FAULTS_PER_S = 100.0
PRESSURE_PERCENT = 10.0
"""Pages read back from disk so often, or waited for so much of the time: memory is short."""


def memory_signs(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    """Of memory in all its forms, as far as they are known."""
    yield from _killed(watched)
    yield from _group(watched)
    yield from _address_space(watched)
    yield from _machine(watched, machine)
    yield from _thrashing(watched)


def _killed(watched: Watched) -> Iterator[SaturationSign]:
    kills = sum(known(sample.oom_kills for sample in watched.all))
    if kills and watched.symptoms.died:
        yield SaturationSign(
            "memory", 10.0, "the kernel killed a process for lack of memory", counted=True
        )


def _group(watched: Watched) -> Iterator[SaturationSign]:
    """Its memory is at the limit; at its hits alone nothing is wrong: files' pages cause them."""
    used, limit = _last_pair(
        [(s.cgroup_memory_used_bytes, s.cgroup_memory_limit_bytes) for s in watched.all],
    )
    if used is None or limit is None:
        return
    hits = max(known(s.cgroup_memory_limit_hits_per_s for s in watched.all), default=0.0)
    said = f"its control group used {used / 1e6:.0f} MB of the {limit / 1e6:.0f} MB allowed"
    if hits > 0:
        said += f" and was at that limit {hits:.3g} times a second"
    died, counted = watched.symptoms.died, hits > 0 and used / limit >= NEAR_AND_HIT
    near = NEAR_FOR_THE_DEAD if died else NEAR_AND_HIT if counted else FULL
    yield SaturationSign("memory", used / limit / near, said, counted=counted or died)


def _address_space(watched: Watched) -> Iterator[SaturationSign]:
    used, limit = _last_pair(
        [(s.process_virtual_bytes, _limit_of(watched)) for s in watched.all],
    )
    if used is None or limit is None:
        return
    said = f"the media server mapped {used / 1e6:.0f} MB of the {limit / 1e6:.0f} MB it may"
    failed = watched.symptoms.died or watched.symptoms.joins >= 0.5
    # Memory is mapped in large pieces: the one that did not fit any more is not in the figure.
    share = used / limit / (0.85 if failed else FULL)
    yield SaturationSign("memory", share, said, counted=failed)


def _limit_of(watched: Watched) -> int | None:
    limits = known(sample.process_virtual_limit_bytes for sample in watched.all)
    return int(limits[-1]) if limits else None


def _machine(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    free = min(known(sample.memory_available_bytes for sample in watched.all), default=None)
    if free is None or not machine.memory_bytes:
        return
    said = f"{free / 1e6:.0f} MB of {machine.memory_bytes / 1e6:.0f} MB were free"
    share = max(0.0, 1 - free / machine.memory_bytes) / FULL
    yield SaturationSign("memory", share, said, counted=watched.symptoms.died)


def _thrashing(watched: Watched) -> Iterator[SaturationSign]:
    faults = watched.mean(lambda sample: sample.process_major_faults_per_s)
    pressure = watched.mean(lambda sample: sample.memory_pressure_percent)
    if faults is None or faults < 1:
        return
    share = faults / FAULTS_PER_S
    said = f"the media server read {faults:.0f} pages a second back from disk"
    if pressure is not None:
        # Of its own reading a process has faults, too: somebody must have waited for memory.
        share = min(share, pressure / PRESSURE_PERCENT)
        said += f"; tasks waited for memory {pressure:.0f} % of the time"
    yield SaturationSign("memory", share, said, counted=True)


def _last_pair(pairs: list[tuple[int | None, int | None]]) -> tuple[int | None, int | None]:
    """The most that was used of the last limit seen."""
    limits = known(limit for _, limit in pairs)
    used = known(used for used, _ in pairs)
    return (int(max(used)) if used else None, int(limits[-1]) if limits else None)
