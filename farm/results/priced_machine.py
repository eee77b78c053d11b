"""Checks that a price is of the machine that was measured. Pure.

Otherwise no cost is calculated with it. What could not be read of the machine is reported, and does
not prevent that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from farm.model.server_samples import ServerFacts
from farm.model.wording import counted, plural
from farm.results.cost import MachinePrice

MEMORY_NEAR = (0.8, 1.1)
"""`MemTotal` by a machine's nominal memory, of which kernel and firmware keep some."""

ARCHITECTURES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
"""Architectures as kernels name them, with the names that price tables use."""

_INSTANCE_TYPE = re.compile(r"[a-z][a-z0-9-]*\.[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class PriceCheck:
    """How the measured machine differs from the `machine` named, and what of it is unknown."""

    machine: str
    unlike: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def mismatch(self) -> str | None:
        """That in a clause; `None` if the machine is the one named."""
        if self.unlike:
            return f"the machine measured is not a {self.machine}: {'; '.join(self.unlike)}"
        if self.unknown:
            named = ", ".join(self.unknown)
            return (
                f"whether the machine measured is a {self.machine} is not known ({named} unknown)"
            )
        return None


def check_machine(
    price: MachinePrice,
    facts: ServerFacts,
    quota_cores: float | None = None,
    process_cores: int | None = None,
) -> PriceCheck:
    """`quota_cores` is the tightest CPU quota of the media server, `None` without one;
    `process_cores` are those on which it may run.

    A known instance type of the machine decides alone; a quota makes any machine smaller, and so do
    cores that the media server may not use.
    """
    unlike: list[str] = []
    unknown: list[str] = []
    named = facts.instance_type
    if named is None or not _INSTANCE_TYPE.fullmatch(price.machine):
        for what, same, words in _compared(price, facts):
            if same is None:
                unknown.append(what)
            elif not same:
                unlike.append(words)
    elif named != price.machine:
        unlike.append(f"its instance type is {named}")
    if quota_cores is not None and quota_cores < price.vcpus:
        quota = f"{quota_cores:g} {plural(quota_cores, 'core')}"
        unlike.append(f"the media server has a CPU quota of {quota}")
    if process_cores is not None and process_cores < min(price.vcpus, facts.cores or process_cores):
        cores = counted(facts.cores or process_cores, "core")
        unlike.append(f"the media server may run on {process_cores} of its {cores}")
    return PriceCheck(price.machine, tuple(unlike), tuple(unknown))


def _compared(price: MachinePrice, facts: ServerFacts) -> Iterator[tuple[str, bool | None, str]]:
    """Each compared quantity, whether it is the same (`None`: unknown), and the difference."""
    cores = facts.cores or None
    same = None if cores is None else cores == price.vcpus
    yield "cores", same, f"{counted(cores or 0, 'core')}, not {price.vcpus}"
    if price.memory_gib is not None:
        gib = None if facts.memory_bytes is None else facts.memory_bytes / 2**30
        low, high = (share * price.memory_gib for share in MEMORY_NEAR)
        same = None if gib is None else low <= gib <= high
        yield "memory", same, f"{gib or 0:.1f} GiB of memory, not {price.memory_gib:g}"
    if price.architecture is not None:
        architecture = ARCHITECTURES.get(facts.architecture or "", facts.architecture)
        same = None if architecture is None else architecture == price.architecture
        yield "architecture", same, f"{architecture}, not {price.architecture}"
