"""What a trial says of its driver: who joined, what connected, what came, what is wrong. Pure.

A driver works if all probes join, each stream that is owed comes and is there until the end, as do
messages of data channels, no step of the hold fails, and leaving ends the connections. Quality of
media is not asked: that is what `farm run` judges.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from farm.drivers.step_places import StepKey, StepPlace
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_acts import CLOSED_INSTEAD
from farm.model.page_samples import MOST_CONSOLE_LINES, EventKind
from farm.model.trial_evidence import JoinOutcome, StreamIdentity, TrialEvidence
from farm.model.trial_plan import ProbePlan
from farm.model.verdict import Reason, Verdict
from farm.model.wording import counted, one_of
from farm.recording.trial_reader import TrialReader
from farm.results.checked_connections import (
    CheckedConnection,
    checked_connections,
    open_at_the_end,
)
from farm.results.checked_dialogs import CheckedDialog, dialogs_of
from farm.results.checked_steps import CheckedStep, checked_steps
from farm.results.checked_streams import FAULTY, CheckedStream, checked_streams
from farm.verdict.data_messages import data_findings
from farm.verdict.findings import no_connection_text, reloaded_text
from farm.verdict.generator_faults import OURS, generator_faults
from farm.verdict.host_faults import busy_hosts
from farm.verdict.page_wording import LOADING_S
from farm.verdict.unjudged_streams import unjudged_notes

_STEP = re.compile(r"(join|joined|after_join [0-9]+|leave) step ([0-9]+), ")
_PLACED = re.compile(r"\S+\.ya?ml:[0-9]+: ")
_TROUBLE = ("console", "page_error", "socket_closed", "candidate_error")
MOST_TROUBLE = 5
CLOSED_EARLY = "its page closed its connections before the call was over"

STARVED = InvalidLimits(waited_for_cpu_s=0.05, late_polls=0.5)
OF_STARVATION = frozenset({"browser", "cpu_quota", "host_unseen", "late_polls", "waited_for_cpu"})
"""Beyond these limits, and for these reasons, a step may be late for lack of CPU here."""


@dataclass(frozen=True, slots=True)
class DriverText:
    """A driver's file: its name in messages, and the place of each step.

    `cut` has line, text and comment of each text that a comment may have cut short.
    """

    source: str
    places: Mapping[StepKey, StepPlace]
    cut: tuple[tuple[int, str, str], ...] = ()

    def before(self, role: str, message: str) -> str:
        """The message with `mine.yaml:14: ` before it, if it names a step."""
        step = None if _PLACED.match(message) else _STEP.search(message)
        place = None if step is None else self.places.get((role, step[1], int(step[2])))
        return message if place is None else f"{self.source}:{place.line}: {message}"


@dataclass(frozen=True, slots=True)
class CheckedProbe:
    """What was seen of one probe. Times of `joined_s` and `first_media_s` are run time.

    `open_after_leave` is how many connections its last poll had, `None` if it never left, or sent
    no poll. `left` is why its leave steps failed, empty if they did not. `trouble` are console
    errors, uncaught errors and closed sockets of its page, each once with how often it came: the
    last `MOST_TROUBLE`, and how many more there are. `no_call` says that a page which joined made
    no connection, where it owes or is owed anything.
    """

    plan: ProbePlan
    join: JoinOutcome | None
    joined_s: float | None
    first_media_s: float | None
    steps: tuple[CheckedStep, ...]
    connections: tuple[CheckedConnection, ...]
    streams: tuple[CheckedStream, ...]
    left: str
    open_after_leave: int | None
    trouble: tuple[str, ...]
    no_call: str = ""
    dialogs: tuple[CheckedDialog, ...] = ()

    @property
    def joined(self) -> bool:
        return self.join is not None and self.join.joined


@dataclass(frozen=True, slots=True)
class CheckedTrial:
    """A trial as a check of its driver.

    `problems` are what the driver, or its page, did wrong. `unknown` is why nothing can be
    concluded from them: the generator was at fault. `unjudged` are notes on roles that are owed
    nothing.
    """

    probes: tuple[CheckedProbe, ...]
    problems: tuple[str, ...]
    unknown: str | None
    verdict: Verdict
    unjudged: tuple[str, ...] = ()

    @property
    def works(self) -> bool:
        return not self.problems and self.unknown is None


def checked_trial(
    trial: TrialReader,
    evidence: TrialEvidence,
    criteria: Criteria,
    verdict: Verdict,
    text: DriverText,
) -> CheckedTrial:
    """The check of a trial that is over; `verdict` is that of `farm run`."""
    steps, connections = checked_steps(trial, text.places), checked_connections(trial)
    streams, joins = checked_streams(trial, evidence), {each.probe: each for each in evidence.joins}
    probes = tuple(
        CheckedProbe(
            plan,
            joins.get(plan.probe),
            _first_s(trial, plan.probe, "joined"),
            _first_s(trial, plan.probe, "setup"),
            tuple(steps[plan.probe]),
            connections.get(plan.probe, ()),
            streams.get(plan.probe, ()),
            *_left(trial, plan.probe),
            _trouble(trial, plan.probe),
            _no_call(evidence, plan),
            dialogs_of(trial.events, plan.probe),
        )
        for plan in trial.plan.probes
    )
    problems = tuple(problems_of(probes, evidence, criteria, text))
    unknown = next((reason.message for reason in doubts_of(evidence, bool(problems))), None)
    unjudged = tuple(unjudged_notes(evidence))
    return CheckedTrial(probes, problems, unknown, verdict, unjudged)


def stream_text(stream: StreamIdentity) -> str:
    """`video from p001`, `audio sent`, `a video` where its sender is not known."""
    if stream.direction == "outbound":
        return f"{stream.kind} that it sends"
    whose = f" from {one_of(stream.senders)}" if len(stream.senders) in (1, 2) else ""
    return f"{stream.kind}{whose} that it receives"


def problems_of(
    probes: tuple[CheckedProbe, ...],
    evidence: TrialEvidence,
    criteria: Criteria,
    text: DriverText,
) -> Iterator[str]:
    """The worst first: joins; steps of the hold; media and messages of sessions that are whole;
    leaving. Of media causes come first: who left first, then who sent nothing of what others lack.
    """
    lost = [probe for probe in probes if not probe.joined]
    causes = [probe for probe in lost if probe.join is None or probe.join.reason != "partner"]
    for probe in causes or lost:
        why = "it did not join before the trial ended" if probe.join is None else probe.join.message
        yield f"{_who(probe)} did not join: {text.before(probe.plan.role, why)}"
    by_name = {probe.plan.probe: probe for probe in probes}
    for failed in evidence.failed_hold_steps:
        probe = by_name[failed.probe]
        yield f"{_who(probe)}: {text.before(probe.plan.role, failed.message)}"
    broken = {probe.plan.session for probe in lost}
    whole = [probe for probe in probes if probe.plan.session not in broken]
    yield from _media_problems(whole, evidence)
    for finding in data_findings(evidence, criteria):
        if finding.probe.session not in broken:
            yield f"{_who(by_name[finding.probe.probe])} {finding.message}"
    for probe in probes:
        if probe.left and probe.open_after_leave:
            yield f"{_who(probe)} did not leave: {text.before(probe.plan.role, probe.left)}"


def _media_problems(probes: Sequence[CheckedProbe], evidence: TrialEvidence) -> Iterator[str]:
    """The pages that left, or made no connection, then the streams that are missing or stopped."""
    left = {
        **{probe: (at_s, CLOSED_EARLY) for probe, at_s in evidence.left.items()},
        **{
            probe: (at_s - LOADING_S, reloaded_text(at_s, evidence.phases))
            for probe, at_s in evidence.reloaded.items()
        },
    }
    gone = [probe for probe in probes if probe.plan.probe in left]
    for probe in sorted(gone, key=lambda each: left[each.plan.probe][0]):
        yield f"{_who(probe)}: {left[probe.plan.probe][1]}"
    there = [probe for probe in probes if probe not in gone]
    yield from (f"{_who(probe)}: {probe.no_call}" for probe in there if probe.no_call)
    faulty = [
        (probe, stream)
        for probe in there
        if not probe.no_call
        for stream in probe.streams
        if stream.state in FAULTY
    ]
    lacking = {
        (each.stream.senders, each.stream.media, each.state)
        for _, each in faulty
        if each.stream.direction == "inbound"
    }

    def is_effect(of: tuple[CheckedProbe, CheckedStream]) -> bool:
        stream, state = of[1].stream, of[1].state
        is_sent = stream.direction == "outbound"
        return not (is_sent and ((stream.probe,), stream.media, state) in lacking)

    for probe, stream in sorted(faulty, key=is_effect):
        what = "never came" if stream.state == "missing" else "stopped before the end"
        yield f"{_who(probe)}: the {stream_text(stream.stream)} {what}"


def doubts_of(evidence: TrialEvidence, problems: bool) -> Iterator[Reason]:
    """What of the generator may be to blame: what broke, and a lack of CPU if there are problems.

    A busy machine alone fails no step that has seconds of time; one whose threads wait may.
    """
    ramp_s = evidence.phases.ramp_s
    reasons = list(generator_faults(evidence, STARVED))
    if ramp_s is not None:
        reasons += busy_hosts(evidence.host_samples, STARVED, ramp_s, evidence.phases.hold_s)
    yield from (reason for reason in reasons if reason.code in OURS)
    if problems:
        yield from (reason for reason in reasons if reason.code in OF_STARVATION)


def _no_call(evidence: TrialEvidence, plan: ProbePlan) -> str:
    silent = evidence.no_connection.get(plan.probe)
    return "" if silent is None or not plan.takes_part else no_connection_text(silent)


def _who(probe: CheckedProbe) -> str:
    return f"{probe.plan.probe} ({probe.plan.role} of {probe.plan.session})"


def _first_s(trial: TrialReader, probe: str, kind: str) -> float | None:
    times = (
        seen.run_s for seen in trial.events if (seen.event.probe, seen.event.kind) == (probe, kind)
    )
    return min((time for time in times if time is not None), default=None)


def _left(trial: TrialReader, probe: str) -> tuple[str, int | None]:
    for seen in trial.events:
        if (seen.event.probe, seen.event.kind) == (probe, "left"):
            message = seen.event.message.removeprefix(f"{CLOSED_INSTEAD}: ")
            return message, open_at_the_end(trial, probe)
    return "", None


def _trouble(trial: TrialReader, probe: str) -> tuple[str, ...]:
    return trouble_lines(
        (seen.event.kind, seen.event.message)
        for seen in trial.events
        if seen.event.probe == probe
        and seen.event.kind in _TROUBLE
        and not (seen.event.kind == "socket_closed" and seen.event.data.get("code") in (1000, 1005))
    )


def trouble_lines(events: Iterable[tuple[EventKind, str]]) -> tuple[str, ...]:
    """Kinds and messages as lines, each once with how often it came, in the order of its last.

    Of more than `MOST_TROUBLE` the last are given, and how many others there are.
    """
    times: dict[tuple[EventKind, str], int] = {}
    of_console = 0
    for event in events:
        of_console += event[0] == "console"
        times[event] = times.pop(event, 0) + 1  # the last time counts for its place
    is_cut = of_console >= MOST_CONSOLE_LINES
    lines = [
        f"{kind.replace('_', ' ')}: {message}{_times(number, is_cut and kind == 'console')}"
        for (kind, message), number in times.items()
    ]
    more = len(lines) - MOST_TROUBLE
    rest = [f"and {counted(more, 'other line')}: events.jsonl of the trial has all"]
    return (*lines[-MOST_TROUBLE:], *(rest if more > 0 else ()))


def _times(number: int, is_cut: bool) -> str:
    return "" if number == 1 else f" ({'at least ' * is_cut}{number} times)"
