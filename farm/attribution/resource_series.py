"""Cross-correlations of the server's resources with quality, second by second. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from farm.attribution.bad_period import hold_of
from farm.attribution.cross_correlation import Array, CrossCorrelation, cross_correlation
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import TrialEvidence


@dataclass(frozen=True, slots=True)
class Quality:
    """The quality that probes received, by second of run time from `start_s`; NaN: unknown."""

    name: str
    start_s: int
    values: Sequence[float]


def _both(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other


def _thread(sample: ServerSample) -> float | None:
    return max((thread.cpu_percent for thread in sample.threads or ()), default=None)


def _disk(sample: ServerSample) -> float | None:
    return max((disk.busy_percent for disk in sample.disks or ()), default=None)


FIGURES: Mapping[str, tuple[str, Callable[[ServerSample], float | None]]] = {
    "cpu_total": ("the machine's CPU", lambda sample: sample.cpu_percent),
    "cpu_process": ("the media server's CPU", lambda sample: sample.process_cpu_percent),
    "cpu_thread": ("its busiest thread's CPU", _thread),
    "cpu_steal": ("stolen CPU time", lambda sample: sample.steal_percent),
    "cpu_quota": ("throttling by its CPU quota", lambda sample: sample.cgroup_throttled_percent),
    "memory": ("its memory", lambda sample: sample.process_rss_bytes),
    "disk": ("the busiest disk's use", _disk),
    "network_bits": (
        "its traffic in bits",
        lambda sample: _both(sample.received_bps, sample.sent_bps),
    ),
    "network_packets": (
        "its traffic in packets",
        lambda sample: _both(sample.received_packets_per_s, sample.sent_packets_per_s),
    ),
    "udp_buffers": (
        "packets that its sockets dropped",
        lambda sample: sample.udp_receive_buffer_errors_per_s,
    ),
    "descriptors": ("its descriptors", lambda sample: sample.process_descriptors),
}
"""The figure of each resource that is sampled each second, with its name in words."""


def cross_correlations(
    samples: Sequence[ServerSample], quality: Quality | None
) -> tuple[CrossCorrelation, ...]:
    """The cross-correlation of each resource with quality, the most certain first."""
    if quality is None:
        return ()
    found = [each for name in FIGURES if (each := _of_resource(name, samples, quality)) is not None]
    return tuple(sorted(found, key=lambda each: (not each.sure, -abs(each.r))))


def cpu_cross_correlation(
    evidence: TrialEvidence, quality: Quality | None
) -> CrossCorrelation | None:
    """The CPU of the server's machine against quality in the hold, as in `LimitedBy.lagged`."""
    return None if quality is None else _of_resource("cpu_total", hold_of(evidence), quality)


def _of_resource(
    resource: str, samples: Sequence[ServerSample], quality: Quality
) -> CrossCorrelation | None:
    words, figure = FIGURES[resource]
    values = np.array(quality.values, dtype=np.float64)
    amounts = _on_seconds(samples, figure, quality.start_s, values.size)
    return cross_correlation(resource, amounts, quality.name, values, named=words)


def _on_seconds(
    samples: Sequence[ServerSample],
    figure: Callable[[ServerSample], float | None],
    start_s: int,
    seconds: int,
) -> Array:
    """A figure by second; a sample covers the second before it, two in one are averaged."""
    total, count = np.zeros(seconds), np.zeros(seconds)
    for sample in samples:
        value = figure(sample)
        at = round(sample.at_s - 0.5) - start_s
        if value is not None and 0 <= at < seconds:
            total[at] += value
            count[at] += 1
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
