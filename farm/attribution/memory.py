"""Signs of saturation: memory of the machine, a control group, the process. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.analysis.aggregates import known
from farm.attribution.bad_period import BadPeriod
from farm.attribution.limit import SaturationSign, ServerResources

FULL = 0.95
NEAR_AND_HIT = 0.9
"""Use from which hits of a limit count: below, pages of written files cause them, too."""

NEAR_WHEN_KILLED = 0.7
"""Use from which a killed process counts as at its limit: it grew after its last sample."""

FAULTS_PER_S = 100.0
PRESSURE_PERCENT = 10.0
"""Pages read back from disk, and time waited for memory, from which memory is short."""


def memory_signs(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    """The signs of memory in all its forms, as far as these are known."""
    yield from _oom_kills(period)
    yield from _group(period)
    yield from _address_space(period)
    yield from _machine(period, machine)
    yield from _thrashing(period)


def _oom_kills(period: BadPeriod) -> Iterator[SaturationSign]:
    kills = sum(known(sample.oom_kills for sample in period.all))
    if kills and period.symptoms.died:
        yield SaturationSign(
            "memory", 10.0, "the kernel killed a process for lack of memory", counted=True
        )


def _group(period: BadPeriod) -> Iterator[SaturationSign]:
    """The sign of a control group's limit; hits alone are none, as pages of files cause them."""
    used, limit = _last_pair(
        [(s.cgroup_memory_used_bytes, s.cgroup_memory_limit_bytes) for s in period.all],
    )
    if used is None or limit is None:
        return
    hits = max(known(s.cgroup_memory_limit_hits_per_s for s in period.all), default=0.0)
    text = f"its control group used {used / 1e6:.0f} MB of the {limit / 1e6:.0f} MB allowed"
    if hits > 0:
        text += f" and was at that limit {hits:.3g} times a second"
    died, counted = period.symptoms.died, hits > 0 and used / limit >= NEAR_AND_HIT
    near = NEAR_WHEN_KILLED if died else NEAR_AND_HIT if counted else FULL
    yield SaturationSign("memory", used / limit / near, text, counted=counted or died)


def _address_space(period: BadPeriod) -> Iterator[SaturationSign]:
    used, limit = _last_pair(
        [(s.process_virtual_bytes, _limit_of(period)) for s in period.all],
    )
    if used is None or limit is None:
        return
    text = (
        f"the media server mapped {used / 1e6:.0f} MB of the {limit / 1e6:.0f} MB that it may map"
    )
    failed = period.symptoms.died or period.symptoms.joins >= 0.5
    # Memory is mapped in large pieces: the figure lacks the one that could not be mapped.
    share = used / limit / (0.85 if failed else FULL)
    yield SaturationSign("memory", share, text, counted=failed)


def _limit_of(period: BadPeriod) -> int | None:
    limits = known(sample.process_virtual_limit_bytes for sample in period.all)
    return int(limits[-1]) if limits else None


def _machine(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    free = min(known(sample.memory_available_bytes for sample in period.all), default=None)
    if free is None or not machine.memory_bytes:
        return
    text = f"{free / 1e6:.0f} MB of {machine.memory_bytes / 1e6:.0f} MB were free"
    share = max(0.0, 1 - free / machine.memory_bytes) / FULL
    yield SaturationSign("memory", share, text, counted=period.symptoms.died)


def _thrashing(period: BadPeriod) -> Iterator[SaturationSign]:
    faults = period.mean(lambda sample: sample.process_major_faults_per_s)
    pressure = period.mean(lambda sample: sample.memory_pressure_percent)
    if faults is None or faults < 1:
        return
    share = faults / FAULTS_PER_S
    text = f"the media server read {faults:.0f} pages a second back from disk"
    if pressure is not None:
        # Reading files causes faults, too: only with waits for memory they are a sign.
        share = min(share, pressure / PRESSURE_PERCENT)
        text += f"; tasks waited for memory {pressure:.0f} % of the time"
    yield SaturationSign("memory", share, text, counted=True)


def _last_pair(pairs: list[tuple[int | None, int | None]]) -> tuple[int | None, int | None]:
    """The largest use, and the last known limit."""
    limits = known(limit for _, limit in pairs)
    used = known(used for used, _ in pairs)
    return (int(max(used)) if used else None, int(limits[-1]) if limits else None)
