"""What limited the server, and whether its CPU could have told.

Pure, and careful: a resource is named only if it was at its end in the trial that broke; else the
answer is `unknown`, with how far each was. A machine that also runs probes is no measure of the
server's CPU, so there only the media server's own process counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from farm.capacity_search import CapacityEstimate
from farm.known import mean_known
from farm.observations import ServerSample
from farm.trial import Outcome, TrialEvidence, TrialResult
from farm.wording import percent

Resource = Literal[
    "cpu_total", "cpu_thread", "memory", "signalling", "generator", "ceiling", "unknown"
]

FULL = 0.9
"""The share of a CPU from which it is at its end: a mean over the hold hides seconds at 1."""

LITTLE_MEMORY = 0.05
JOIN_CODES = frozenset(
    {"signalling", "navigation", "timeout", "dialog", "page_error", "partner", "join"}
)
PREDICTS = 0.9


@dataclass(frozen=True, slots=True)
class Machine:
    """What the server had; None where nobody knows.

    `process_cores` are those that the media server may use, `shared` says that probes ran there.
    """

    memory_bytes: int | None = None
    process_cores: int | None = None
    shared: bool = False


@dataclass(frozen=True, slots=True)
class LimitedBy:
    """`evidence` is a sentence."""

    resource: Resource
    evidence: str


@dataclass(frozen=True, slots=True)
class ScaleOut:
    """When to start another server: at this CPU, or where that tells nothing, this load.

    `cpu_percent` is the whole machine's, as an autoscaler reads it, in trials at `probes`, the
    largest load tried that is not above the recommended one; `interval` is their range.
    """

    cpu_percent: float | None
    interval: tuple[float, float] | None
    probes: int | None
    evidence: str


def trial_that_broke(
    results: Sequence[TrialResult], estimate: CapacityEstimate
) -> TrialResult | None:
    """The last failed trial of the smallest load that failed above the answer."""
    failed = [
        result
        for result in results
        if result.verdict.outcome is Outcome.FAIL and result.load > (estimate.probes or 0)
    ]
    return min(failed, key=lambda result: (result.load, -result.index), default=None)


def trial_that_held(
    results: Sequence[TrialResult], estimate: CapacityEstimate
) -> TrialResult | None:
    """The last trial that passed at the answer."""
    passed = [
        result
        for result in results
        if result.verdict.outcome is Outcome.PASS and result.load == estimate.probes
    ]
    return max(passed, key=lambda result: result.index, default=None)


def limited_by(
    estimate: CapacityEstimate,
    results: Sequence[TrialResult],
    broken: TrialEvidence | None,
    machine: Machine,
) -> LimitedBy:
    """The resource that was at its end in `broken`, the evidence of `trial_that_broke`."""
    if estimate.state == "generator_ran_out":
        return LimitedBy("generator", _last_invalid(results))
    if estimate.state == "ceiling_passed":
        return LimitedBy("ceiling", f"{estimate.probes} probes, the largest load allowed, passed")
    result = trial_that_broke(results, estimate)
    if result is None:
        return LimitedBy("unknown", "no trial failed, so nothing is known to have been at its end")
    samples = [] if broken is None else _hold(broken)
    at = f"at {result.load} probes"
    for found in (
        _cpu_total(samples, machine, at),
        _cpu_thread(samples, at),
        _memory(samples, machine, at),
        _signalling(result, at),
    ):
        if found is not None:
            return found
    return LimitedBy("unknown", _nothing_full(result, samples, machine, at))


def scale_out(
    results: Sequence[TrialResult], estimate: CapacityEstimate, limit: LimitedBy
) -> ScaleOut:
    """The CPU at the recommended load, if CPU told good trials from bad ones."""
    at_most = estimate.recommended or 0
    tried = [
        result
        for result in results
        if result.verdict.outcome is Outcome.PASS and result.load <= at_most
    ]
    probes = max((result.load for result in tried), default=None)
    known = [
        result.server_cpu_percent
        for result in tried
        if result.load == probes and result.server_cpu_percent is not None
    ]
    separation = cpu_separation(results) or 0.0
    why = None
    if probes is None:
        why = "no load is recommended yet"
    elif not known:
        why = "the server's CPU is unknown"
    elif limit.resource not in ("cpu_total", "cpu_thread"):
        why = f"what limited the server is {limit.resource}, not its CPU"
    elif separation < PREDICTS:
        why = "the server's CPU did not tell trials that failed from trials that passed"
    if why is not None:
        return ScaleOut(None, None, probes, why)
    return ScaleOut(
        fmean(known),
        (min(known), max(known)),
        probes,
        f"a failed trial had more CPU than a passed one in {percent(separation)} of their pairs",
    )


def cpu_separation(results: Iterable[TrialResult]) -> float | None:
    """How often the server's CPU is higher in a failed trial than in a passed one, over all pairs.

    1: it always is; 0.5: CPU tells nothing of quality. None without a pair. (The area under the
    ROC curve; a rank correlation with the verdict that needs no straight line.)
    """
    cpu: dict[Outcome, list[float]] = defaultdict(list)
    for result in results:
        if result.server_cpu_percent is not None:
            cpu[result.verdict.outcome].append(result.server_cpu_percent)
    pairs = [(bad, good) for bad in cpu[Outcome.FAIL] for good in cpu[Outcome.PASS]]
    if not pairs:
        return None
    return fmean(1.0 if bad > good else 0.5 if bad == good else 0.0 for bad, good in pairs)


# ---------------------------------------------------------------- one resource each


def _cpu_total(samples: list[ServerSample], machine: Machine, at: str) -> LimitedBy | None:
    process = mean_known(sample.process_cpu_percent for sample in samples)
    if machine.process_cores and process is not None:
        share = process / (100 * machine.process_cores)
        if share >= FULL:
            cores = (
                "its one core"
                if machine.process_cores == 1
                else (f"its {machine.process_cores} cores")
            )
            said = f"{at} the media server used {percent(share)} of {cores}"
            return LimitedBy("cpu_total", said)
    whole = mean_known(sample.cpu_percent for sample in samples)
    if whole is not None and whole >= 100 * FULL and not machine.shared:
        return LimitedBy("cpu_total", f"{at} the server's machine used {whole:.0f} % of its CPU")
    return None


def _cpu_thread(samples: list[ServerSample], at: str) -> LimitedBy | None:
    name, percent = _busiest_thread(samples)
    if percent is None or percent < 100 * FULL:
        return None
    said = f"{at} thread {name} of the media server used {percent:.0f} % of a core"
    return LimitedBy("cpu_thread", said)


def _memory(samples: list[ServerSample], machine: Machine, at: str) -> LimitedBy | None:
    free = _least_memory(samples)
    if free is None or not machine.memory_bytes or free > LITTLE_MEMORY * machine.memory_bytes:
        return None
    said = f"{at} {free / 1e6:.0f} MB of {machine.memory_bytes / 1e6:.0f} MB were free"
    return LimitedBy("memory", said)


def _signalling(result: TrialResult, at: str) -> LimitedBy | None:
    reasons = result.verdict.reasons
    joins = [reason for reason in reasons if reason.stream is None and reason.code in JOIN_CODES]
    if not joins or len(joins) < len(reasons) / 2:
        return None
    return LimitedBy("signalling", f"{at} {len(joins)} joins failed; {joins[0].message}")


def _nothing_full(
    result: TrialResult, samples: list[ServerSample], machine: Machine, at: str
) -> str:
    """How far from its end each resource was."""
    died = [reason for reason in result.verdict.reasons if reason.code == "server_died"]
    if died:
        return f"{at} the server died: {died[0].message}"
    whole = None if machine.shared else mean_known(sample.cpu_percent for sample in samples)
    process = mean_known(sample.process_cpu_percent for sample in samples)
    _, thread = _busiest_thread(samples)
    free = _least_memory(samples)
    told = [
        text
        for value, text in (
            (whole, f"the machine's CPU {whole or 0:.0f} %"),
            (process, f"the media server {process or 0:.0f} % of a core"),
            (thread, f"its busiest thread {thread or 0:.0f} %"),
            (free, f"{(free or 0) / 1e6:.0f} MB of memory free"),
        )
        if value is not None
    ]
    if not told:
        return f"{at} nothing is known of the server's machine"
    return f"{at} nothing was at its end: {', '.join(told)}"


def _last_invalid(results: Sequence[TrialResult]) -> str:
    invalid = [result for result in results if result.verdict.outcome is Outcome.INVALID]
    if not invalid:
        return "the generator could not carry a larger load"
    last = invalid[-1]
    why = last.verdict.reasons[0].message if last.verdict.reasons else "the generator was at fault"
    return f"at {last.load} probes {why}"


# ---------------------------------------------------------------- figures


def _hold(evidence: TrialEvidence) -> list[ServerSample]:
    start_s = evidence.phases.hold_s
    end_s = evidence.phases.leave_s or evidence.phases.done_s or float("inf")
    if start_s is None:
        return list(evidence.server_samples)
    return [sample for sample in evidence.server_samples if start_s <= sample.received_s <= end_s]


def _busiest_thread(samples: list[ServerSample]) -> tuple[str, float | None]:
    """The thread with the most CPU over the hold; seconds in which it is not listed are 0."""
    looks = [sample.threads for sample in samples if sample.threads is not None]
    totals: dict[tuple[int, str], float] = defaultdict(float)
    for threads in looks:
        for thread in threads:
            totals[thread.tid, thread.name] += thread.cpu_percent
    if not totals:
        return "", None
    (_, name), total = max(totals.items(), key=lambda item: item[1])
    return name, total / len(looks)


def _least_memory(samples: list[ServerSample]) -> int | None:
    known = [
        sample.memory_available_bytes
        for sample in samples
        if sample.memory_available_bytes is not None
    ]
    return min(known, default=None)
