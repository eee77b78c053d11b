"""A run as Prometheus metrics, in base units, as of the newest second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import get_args

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    Metric,
    StateSetMetricFamily,
)

from farm.model.trial_plan import Phase
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.protocols import Progress

BITS_A_BYTE = 8
PERCENT = 100


class LiveMetrics:
    """What `/metrics` shows (a `prometheus_client` collector).

    What is unknown has no sample: a zero would be false, and NaN would make every sum NaN.
    """

    def __init__(self) -> None:
        self._progress: Progress | None = None
        self._trials: Counter[Outcome] = Counter()
        self._registry = CollectorRegistry()
        self._registry.register(self)

    def progress(self, progress: Progress) -> None:
        self._progress = progress

    def trial_ended(self, result: TrialResult) -> None:
        self._trials[result.verdict.outcome] += 1

    def text(self) -> bytes:
        """In the text format of Prometheus."""
        return generate_latest(self._registry)

    def collect(self) -> Iterator[Metric]:
        """The metrics with their newest samples."""
        if self._progress is not None:
            yield from _metrics_of(self._progress)
        trials = CounterMetricFamily(
            "probe_farm_trials", "Trials that have ended since the start.", labels=["verdict"]
        )
        for outcome in Outcome:
            trials.add_metric([outcome.value], self._trials[outcome])
        yield trials


def _metrics_of(progress: Progress) -> Iterator[Metric]:
    roles = progress.roles
    yield _gauge(
        "probe_farm_planned_probes",
        "Probes of the newest trial.",
        "role",
        {each.role: each.planned for each in roles},
    )
    yield _gauge(
        "probe_farm_joined_probes",
        "Probes of the newest trial that have joined, also those that have left since.",
        "role",
        {each.role: each.joined for each in roles},
    )
    yield _gauge(
        "probe_farm_failed_probes",
        "Probes of the newest trial that could not join.",
        "role",
        {each.role: each.failed for each in roles},
    )
    yield _gauge(
        "probe_farm_received_bytes_per_second",
        "RTP payload that the probes receive.",
        "role",
        {each.role: _divided(each.received_bps, BITS_A_BYTE) for each in roles},
    )
    yield GaugeMetricFamily(
        "probe_farm_loss_ratio",
        "Packets that the probes miss, as a share of those missed and received, 0 to 1.",
        progress.loss_ratio,
    )
    yield GaugeMetricFamily(
        "probe_farm_frame_rate_hertz",
        "Frames decoded per second, the mean of all videos that the probes receive.",
        progress.frame_rate,
    )
    yield GaugeMetricFamily(
        "probe_farm_server_cpu_ratio",
        "CPU use of the server's machine, of all its cores or of server.cores of them, 0 to 1.",
        _divided(progress.server_cpu_percent, PERCENT),
    )
    yield _gauge(
        "probe_farm_generator_cpu_ratio",
        "CPU use of each machine that runs probes, of the cores that it may use, 0 to 1.",
        "host",
        {host: _divided(each, PERCENT) for host, each in progress.cpu_percent_by_host.items()},
    )
    yield StateSetMetricFamily(
        "probe_farm_phase",
        "Phase of the newest trial.",
        {phase: phase == progress.phase for phase in get_args(Phase)},
    )


def _gauge(
    name: str, help_text: str, label: str, values: Mapping[str, float | None]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=[label])
    for labelled, value in values.items():
        if value is not None:
            family.add_metric([labelled], value)
    return family


def _divided(value: float | None, by: float) -> float | None:
    return None if value is None else value / by
