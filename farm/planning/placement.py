"""Places sessions on hosts: each on the host that is least full. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm.errors import ExperimentError
from farm.model.wording import counted


@dataclass(frozen=True, slots=True)
class HostRoom:
    """What a host can carry: probes in proportion to its `cores`, at most `probes`."""

    cores: int = 1
    probes: int | None = None


class Placement:
    """Chooses hosts, in their order while they are equally full.

    A host with a limit of its own is full at that; the others share the rest by their cores.
    """

    def __init__(self, hosts: Sequence[str], rooms: Mapping[str, HostRoom]) -> None:
        self._rooms = {host: rooms.get(host, HostRoom()) for host in hosts}
        self._taken = dict.fromkeys(hosts, 0)

    def place(self, probes: int, among: Iterable[str]) -> str:
        """The host for probes that stay together. Raises ExperimentError if none has room."""
        fits = [host for host in among if self._fits(host, probes)]
        if not fits:
            limits = ", ".join(
                f"{host} {room.probes}" for host, room in self._rooms.items() if room.probes
            )
            raise ExperimentError(
                f"hosts: no room for {counted(sum(self._taken.values()) + probes, 'probe')} "
                f"(hosts[].probes: {limits}): use more hosts, or a smaller load"
            )
        chosen = min(fits, key=lambda host: self._fullness(host, probes))
        self._taken[chosen] += probes
        return chosen

    def _fits(self, host: str, probes: int) -> bool:
        most = self._rooms[host].probes
        return most is None or self._taken[host] + probes <= most

    def _fullness(self, host: str, probes: int) -> float:
        return (self._taken[host] + probes) / max(1, self._rooms[host].cores)
