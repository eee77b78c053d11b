"""The server's samples of the periods of a trial in which quality was bad. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from farm.analysis.aggregates import known, mean_known
from farm.attribution.impairment import Impairment
from farm.attribution.symptoms import Symptoms, symptoms_of
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import Phases, TrialEvidence
from farm.model.verdict import Reason

AROUND_S = 5.0
"""Figures that are sampled every few seconds: a sample so close to a window belongs to it."""

HALF = 0.5
FEWEST = 3
BUSIEST_S = 10.0
LAST_S = 20.0
"""How much of the time before the death of a server is examined."""


@dataclass(frozen=True, slots=True)
class BadPeriod:
    """A period of bad quality: `bad` are its samples, `all` those of the trial from the ramp on.

    Some figures are sampled every few seconds only: `around` has the bad samples and those up to
    the next one with such figures. `reasons` are the verdict's; empty for a trial that passed.
    """

    bad: tuple[ServerSample, ...]
    around: tuple[ServerSample, ...]
    all: tuple[ServerSample, ...]
    symptoms: Symptoms
    evidence: TrialEvidence
    reasons: tuple[Reason, ...] = ()

    def mean(self, figure: Callable[[ServerSample], float | None]) -> float | None:
        """The mean over the bad samples; None where it is never known."""
        return mean_known(figure(sample) for sample in self.bad)

    def mean_of_slow_samples(self, figure: Callable[[ServerSample], float | None]) -> float | None:
        """The mean of a figure that is sampled every few seconds only."""
        return mean_known(figure(sample) for sample in self.around)

    def most(self, figure: Callable[[ServerSample], float | None]) -> float | None:
        """The maximum over the whole trial."""
        return max(known(figure(sample) for sample in self.all), default=None)

    def busiest_thread(self) -> tuple[str, float | None]:
        """Its name and percent of a core in the bad samples; those without it count as 0."""
        sampled = [sample.threads for sample in self.bad if sample.threads is not None]
        totals: dict[tuple[int, str], float] = defaultdict(float)
        for threads in sampled:
            for thread in threads:
                totals[thread.tid, thread.name] += thread.cpu_percent
        if not totals:
            return "", None
        (_, name), total = max(totals.items(), key=lambda item: item[1])
        return name, total / len(sampled)


def bad_periods(
    evidence: TrialEvidence, impairment: Impairment, reasons: Sequence[Reason] = ()
) -> tuple[BadPeriod, ...]:
    """The periods of bad quality in order of time.

    Before the server's death; else, where joins failed, the busiest seconds of the ramp, and the
    windows of the hold in which media were impaired most.
    """
    symptoms = symptoms_of(reasons, by_probe=evidence.plan.by_viewer)
    phases = evidence.phases
    start_s, end_s = phases.ramp_s or 0.0, _end_s(evidence)
    everything = _between(evidence.server_samples, [(start_s, end_s)])

    def part(bad: tuple[ServerSample, ...], around: tuple[ServerSample, ...]) -> BadPeriod:
        return BadPeriod(bad, around, everything, symptoms, evidence, tuple(reasons))

    if symptoms.died:
        last = _last_samples(everything, reasons)
        return (part(last, last),)
    parts = []
    if symptoms.joins >= HALF:
        ramp = _between(everything, [(start_s, _joins_end_s(phases, end_s))])
        parts.append(part(_busiest(ramp), ramp))
    if not parts or (phases.hold_s is not None and impairment.worst()):
        bad = _of_hold(everything, impairment, phases, end_s, 0.5)
        parts.append(part(bad, _of_hold(everything, impairment, phases, end_s, AROUND_S)))
    return tuple(parts)


def hold_of(evidence: TrialEvidence) -> tuple[ServerSample, ...]:
    """The samples of the whole hold; of a trial without one, all."""
    start_s = evidence.phases.hold_s
    if start_s is None:
        return tuple(evidence.server_samples)
    return _between(evidence.server_samples, [(start_s, _end_s(evidence))])


def _of_hold(
    everything: Sequence[ServerSample],
    impairment: Impairment,
    phases: Phases,
    end_s: float,
    after_s: float,
) -> tuple[ServerSample, ...]:
    """The samples of the most impaired windows; each covers the time since the one before it."""
    hold_s = phases.hold_s
    if hold_s is None:
        return tuple(everything)
    spans = impairment.worst()
    bad = _between(everything, [(begun_s + 0.5, ended_s + after_s) for begun_s, ended_s in spans])
    if len(bad) < FEWEST:
        return _between(everything, [(hold_s, end_s)])
    return bad


def _last_samples(
    everything: Sequence[ServerSample], reasons: Sequence[Reason]
) -> tuple[ServerSample, ...]:
    died_s = min(
        reason.at_s if reason.at_s is not None else float("inf")
        for reason in reasons
        if reason.code == "server_died"
    )
    alive = [sample for sample in everything if sample.at_s <= died_s + AROUND_S]
    last_s = alive[-1].at_s if alive else 0.0
    return tuple(sample for sample in alive if sample.at_s >= last_s - LAST_S)


def _between(
    samples: Iterable[ServerSample], spans: Sequence[tuple[float, float]]
) -> tuple[ServerSample, ...]:
    return tuple(
        sample
        for sample in samples
        if any(start_s <= sample.at_s <= end_s for start_s, end_s in spans)
    )


def _busiest(samples: Sequence[ServerSample]) -> tuple[ServerSample, ...]:
    """The consecutive seconds of highest CPU use: in a ramp browsers boot long before that."""
    best: tuple[float, tuple[ServerSample, ...]] = (-1.0, tuple(samples))
    for at, first in enumerate(samples):
        span = tuple(each for each in samples[at:] if each.at_s < first.at_s + BUSIEST_S)
        if len(span) < FEWEST or samples[-1].at_s < first.at_s + BUSIEST_S - 1:
            break
        busy = mean_known(
            each.cpu_percent if each.process_cpu_percent is None else each.process_cpu_percent
            for each in span
        )
        if busy is not None and busy > best[0]:
            best = busy, span
    return best[1]


def _joins_end_s(phases: Phases, end_s: float) -> float:
    """When joins end: at the begin of the hold."""
    return end_s if phases.hold_s is None else phases.hold_s


def _end_s(evidence: TrialEvidence) -> float:
    phases = evidence.phases
    return phases.leave_s or phases.done_s or float("inf")
