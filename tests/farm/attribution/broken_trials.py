"""Trials that broke because a server lacked one thing: of any size, in any shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from farm.attribution import LimitedBy, ServerResources, limit_of_trial
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome, Reason
from farm.testing import HOLD_S
from tests.farm.trial_evidence import Change, good, judged_trial, spoilt

WINDOWS = 6
END_S = HOLD_S + 10 * WINDOWS

LOSS = (Reason("residual_loss", "p000 lost 7 %", "p000", "s000", "inbound video"),)
NO_JOIN = (Reason("timeout", "p004 (s002): no answer", "p004", "s002"),) * 3
NO_RECORDING = (Reason("recording_missing", "caller.webm holds 12 of 40 s", None, "s000"),) * 2
DIED = (Reason("server_died", "it ended with signal 9", at_s=60.0),)

Shape = Callable[[float], float]
"""Second of run time -> how much of the cause there was then, 0 to 1."""

SHAPES: Mapping[str, Shape] = {
    "all the time": lambda _: 1.0,
    "in bursts": lambda second: 1.0 if second % 20 < 10 else 0.15,
    "more and more": lambda second: min(1.0, max(0.0, (second - HOLD_S) / 30)),
    "at the end": lambda second: 1.0 if second >= HOLD_S + 40 else 0.1,
}

AT_REST: Mapping[str, Any] = {
    "cpu_percent": 30.0,
    "process_cpu_percent": 45.0,
    "process_cores": 4,
    "steal_percent": 0.0,
    "memory_available_bytes": 4_000_000_000,
    "process_descriptors": 150,
    "process_descriptors_limit": 1024,
    "received_packets_per_s": 1500.0,
    "sent_packets_per_s": 1500.0,
    "received_drops_per_s": 0.0,
    "sent_drops_per_s": 0.0,
    "udp_receive_buffer_errors_per_s": 0.0,
    "udp_send_buffer_errors_per_s": 0.0,
    "udp_socket_drops_per_s": 0.0,
    "io_pressure_percent": 0.5,
    "iowait_percent": 0.3,
    "process_written_bps": 0.0,
    "process_read_bps": 0.0,
    "process_blocked_threads": 0,
}
MACHINE = ServerResources(memory_bytes=8_000_000_000, cores=4)

Second = Callable[[float], Mapping[str, Any]]
"""How much of the cause -> what the server showed then, beside a server at rest."""


def trial(
    second: Second, shape: Shape = SHAPES["all the time"], *, load: int = 4, impairment: float = 0.2
) -> TrialEvidence:
    """A trial in which what probes lost went with the cause."""

    def suffered(interval: Any) -> Change | None:
        lost = impairment * shape((interval.start_s + interval.end_s) / 2)
        return {"residual_loss_ratio": lost} if interval.direction == "inbound" else None

    traffic = {"received_bps": 1e6 * load, "sent_bps": 1e6 * load}
    evidence = spoilt(good(load=load, windows=WINDOWS), suffered)
    samples = tuple(
        ServerSample(float(at), **{**AT_REST, **traffic, **second(shape(at))})
        for at in range(10, int(END_S))
    )
    return dataclasses.replace(evidence, server_samples=samples)


def calm(second: Second | None = None, *, load: int = 2) -> TrialEvidence:
    """The trial that passed: `second` of nothing, or as given."""
    return trial(second or (lambda _: {}), impairment=0.0, load=load)


def named(
    evidence: TrialEvidence,
    reasons: Sequence[Reason] = LOSS,
    machine: ServerResources = MACHINE,
    held: TrialEvidence | None = None,
) -> LimitedBy:
    """What is said to have given way."""
    result = judged_trial(4, evidence.plan.load, Outcome.FAIL, tuple(reasons))
    return limit_of_trial(result, evidence, machine, held=held)
