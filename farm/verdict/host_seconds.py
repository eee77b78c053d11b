"""Samples of hosts by host, and spans of 5 s of them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from farm.model.host_samples import HostSample

BUSY_S = 5.0
"""How long a host or a thread must be over a limit before that counts."""


def by_host(
    samples: Iterable[HostSample], start_s: float, end_s: float | None
) -> dict[str, list[HostSample]]:
    """The samples between two times by host, each host's in the order of time."""
    hosts: dict[str, list[HostSample]] = {}
    for sample in samples:
        if sample.run_s is not None and start_s <= sample.run_s <= (end_s or float("inf")):
            hosts.setdefault(sample.host, []).append(sample)
    for seconds in hosts.values():
        seconds.sort(key=lambda sample: sample.run_s or 0)
    return dict(sorted(hosts.items()))


def span(seconds: Sequence[HostSample], last: int) -> Sequence[HostSample]:
    """The samples of the 5 s that end with `last`; empty if there are not 5 s before it."""
    end_s = seconds[last].run_s or 0.0
    first = last
    while first > 0 and (seconds[first - 1].run_s or 0.0) > end_s - BUSY_S:
        first -= 1
    # A sample stands for the second before it, so five of them are 4 s apart.
    covered = end_s - (seconds[first].run_s or 0.0) >= BUSY_S - 1.5
    return seconds[first : last + 1] if covered else ()
