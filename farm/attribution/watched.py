"""The server's samples in the part of a trial that tells: while quality was bad. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from farm.attribution.harm import Harm
from farm.known import known, mean_known
from farm.observations import ServerSample
from farm.trial import Phases, Reason, TrialEvidence

JOIN_CODES = frozenset(
    {"signalling", "navigation", "timeout", "dialog", "page_error", "partner", "join", "setup"}
)
"""Reasons of verdicts that tell of probes that did not get in, or not in time."""

AROUND_S = 5.0
"""What is looked at every few seconds: the looks so near to a window belong to it."""

FEWEST = 3
BUSIEST_S = 10.0
LAST_S = 20.0
"""Of a server that died its last seconds tell."""


@dataclass(frozen=True, slots=True)
class Symptoms:
    """What went wrong, as shares of a verdict's reasons; `died`: the server did."""

    joins: float = 0.0
    media: float = 0.0
    recordings: float = 0.0
    died: bool = False


def symptoms_of(reasons: Sequence[Reason]) -> Symptoms:
    """By the codes of a verdict's reasons."""
    if not reasons:
        return Symptoms()
    joins = sum(reason.code in JOIN_CODES for reason in reasons)
    recordings = sum(reason.code == "recording_missing" for reason in reasons)
    died = sum(reason.code == "server_died" for reason in reasons)
    media = len(reasons) - joins - recordings - died
    count = len(reasons)
    return Symptoms(joins / count, media / count, recordings / count, died > 0)


@dataclass(frozen=True, slots=True)
class Watched:
    """`bad` are the samples from while quality was bad, `all` those from the ramp on.

    What is looked at every few seconds was the same in those before: `around` has the bad ones and
    those up to the next look. `reasons` are the verdict's; those of a trial that passed are none.
    """

    bad: tuple[ServerSample, ...]
    around: tuple[ServerSample, ...]
    all: tuple[ServerSample, ...]
    symptoms: Symptoms
    evidence: TrialEvidence
    reasons: tuple[Reason, ...] = ()

    def mean(self, figure: Callable[[ServerSample], float | None]) -> float | None:
        """Over the bad part; None where it is never known."""
        return mean_known(figure(sample) for sample in self.bad)

    def mean_seldom(self, figure: Callable[[ServerSample], float | None]) -> float | None:
        """The same of what is looked at every few seconds."""
        return mean_known(figure(sample) for sample in self.around)

    def most(self, figure: Callable[[ServerSample], float | None]) -> float | None:
        """In all of the trial."""
        return max(known(figure(sample) for sample in self.all), default=None)

    def busiest_thread(self) -> tuple[str, float | None]:
        """Its name and percent of a core in the bad part; looks without it count as 0."""
        looks = [sample.threads for sample in self.bad if sample.threads is not None]
        totals: dict[tuple[int, str], float] = defaultdict(float)
        for threads in looks:
            for thread in threads:
                totals[thread.tid, thread.name] += thread.cpu_percent
        if not totals:
            return "", None
        (_, name), total = max(totals.items(), key=lambda item: item[1])
        return name, total / len(looks)


def watched(evidence: TrialEvidence, harm: Harm, reasons: Sequence[Reason] = ()) -> Watched:
    """The part that tells: before a death; the hardest of the ramp of failed joins; else the hold.

    Of the hold it is the windows in which probes missed most.
    """
    symptoms = symptoms_of(reasons)
    phases = evidence.phases
    start_s, end_s = phases.ramp_s or 0.0, _end_s(evidence)
    everything = _between(evidence.server_samples, [(start_s, end_s)])
    if symptoms.died:
        bad = around = _before_death(everything, reasons)
    elif symptoms.joins >= max(symptoms.media, symptoms.recordings, 0.5):
        around = _between(everything, [(start_s, _joins_end_s(phases, end_s))])
        bad = _busiest(around)
    else:
        bad = _of_hold(everything, harm, phases, end_s, 0.5)
        around = _of_hold(everything, harm, phases, end_s, AROUND_S)
    return Watched(bad, around, everything, symptoms, evidence, tuple(reasons))


def hold_of(evidence: TrialEvidence) -> tuple[ServerSample, ...]:
    """The samples of the whole hold; of a trial without one, all."""
    start_s = evidence.phases.hold_s
    if start_s is None:
        return tuple(evidence.server_samples)
    return _between(evidence.server_samples, [(start_s, _end_s(evidence))])


def _of_hold(
    everything: Sequence[ServerSample], harm: Harm, phases: Phases, end_s: float, after_s: float
) -> tuple[ServerSample, ...]:
    """A sample tells of the second before it, or of the seconds since the last look."""
    hold_s = phases.hold_s
    if hold_s is None:
        return tuple(everything)
    spans = harm.worst()
    bad = _between(everything, [(begun_s + 0.5, ended_s + after_s) for begun_s, ended_s in spans])
    if len(bad) < FEWEST:
        return _between(everything, [(hold_s, end_s)])
    return bad


def _before_death(
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
    """The seconds in a row in which the media server worked hardest: browsers boot long before."""
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
    """Joins are over when the hold begins."""
    return end_s if phases.hold_s is None else phases.hold_s


def _end_s(evidence: TrialEvidence) -> float:
    phases = evidence.phases
    return phases.leave_s or phases.done_s or float("inf")
