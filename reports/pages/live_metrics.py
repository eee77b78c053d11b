"""A run as Prometheus metrics, base units, the newest second of it."""

from __future__ import annotations

import math
from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Enum, Gauge, generate_latest

from farm.model.trial_plan import Phase
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.protocols import Progress

BITS_A_BYTE = 8
PERCENT = 100


class LiveMetrics:
    """What `/metrics` shows; what is not known is NaN, never 0."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._load = self._gauge("load_probes", "Probes of the newest trial.")
        self._joined = self._gauge(
            "joined_probes", "Probes that joined, also those that left again."
        )
        self._failed = self._gauge("failed_probes", "Probes that could not join.")
        self._received = self._gauge(
            "received_bytes_per_second", "Payload that all probes together received."
        )
        self._loss = self._gauge("loss_ratio", "Packets lost of those due to all probes together.")
        self._frame_rate = self._gauge(
            "frame_rate_hertz", "Frames decoded a second, mean of all received videos."
        )
        self._server_cpu = self._gauge("server_cpu_ratio", "CPU of the server's machine, 0 to 1.")
        self._host_cpu = self._gauge("generator_cpu_ratio", "CPU of the busiest host, 0 to 1.")
        self._phase = Enum(
            "probe_farm_phase",
            "What the trial does.",
            states=list(get_args(Phase)),
            registry=self._registry,
        )
        self._trials = Counter(
            "probe_farm_trials_total", "Trials that ended.", ["verdict"], registry=self._registry
        )
        for outcome in Outcome:
            self._trials.labels(outcome.value)

    def progress(self, progress: Progress) -> None:
        self._load.set(progress.load)
        self._joined.set(progress.joined)
        self._failed.set(progress.failed)
        self._received.set(_known(progress.received_bps, BITS_A_BYTE))
        self._loss.set(_known(progress.loss_ratio))
        self._frame_rate.set(_known(progress.frame_rate))
        self._server_cpu.set(_known(progress.server_cpu_percent, PERCENT))
        self._host_cpu.set(_known(progress.host_cpu_percent, PERCENT))
        self._phase.state(progress.phase)

    def trial_ended(self, result: TrialResult) -> None:
        self._trials.labels(result.verdict.outcome.value).inc()

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, doc: str) -> Gauge:
        gauge = Gauge(f"probe_farm_{name}", doc, registry=self._registry)
        gauge.set(math.nan)
        return gauge


def _known(value: float | None, per: float = 1) -> float:
    return math.nan if value is None else value / per
