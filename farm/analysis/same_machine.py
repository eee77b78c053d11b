"""Are two machines one? By what each says of itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from farm.model.host_samples import HostFacts
from farm.model.server_samples import ServerFacts


class MachineIdentity(Protocol):
    """What tells a machine from others; None where it does not say it."""

    @property
    def hostname(self) -> str: ...
    @property
    def kernel(self) -> str | None: ...
    @property
    def memory_bytes(self) -> int | None: ...


def is_same_machine(one: MachineIdentity, other: MachineIdentity) -> bool:
    """Equal in name, and in all else that both say."""
    # `uname -sr` says "Linux" before the release, `platform.release()` does not.
    kernels = {each.kernel.removeprefix("Linux ") for each in (one, other) if each.kernel}
    memories = {each.memory_bytes for each in (one, other) if each.memory_bytes}
    return one.hostname == other.hostname and len(kernels) <= 1 and len(memories) <= 1


def is_shared(server: ServerFacts, hosts: Iterable[HostFacts]) -> bool:
    """Whether probes ran on the server's own machine; `hosts` are the machines that ran probes."""
    return any(is_same_machine(server, host) for host in hosts)
