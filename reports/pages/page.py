"""The content of the page as values; the template only lays it out. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from farm.model.moments import moment
from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.recording.events import SeenEvent
from reports.exports.row_commands import OF_EVENTS
from reports.text.answer import AnswerText
from reports.text.provenance import Facts
from reports.text.table import Cell, Heading, Table

_MESSAGE_ROWS = 30
_NAMES = re.compile(r"\b[ps]?\d+\b")
_USUAL_CODES = (1000, 1001)  # RFC 6455, 7.4.1: normal closure, or going away
_MESSAGE_KINDS = {
    "page_error": "uncaught error",
    "console": "console",
    "socket_closed": "socket closed",
}


@dataclass(frozen=True, slots=True)
class Image:
    """A PNG beside the page."""

    file: str
    alt: str
    caption: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FigureEntry:
    """A figure, its heading, the file of its numbers, and commands that print the rows behind."""

    heading: str
    image: Image
    csv: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A fault, crash or failed join with its message; `who` is empty if it concerns all probes.

    `file` is the screenshot's name, `more` are other probes with the same failure later.
    """

    who: str
    what: str
    message: str
    when: str
    file: str | None = None
    screenshot: Image | None = None
    more: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionPart:
    """One of the worst sessions; `commands` show its probes one by one."""

    anchor: str
    session: str
    why: str
    who: str
    reasons: tuple[str, ...]
    table: Table
    figure: FigureEntry | None
    screenshots: tuple[Image, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialSection:
    """The section of one trial; `unfold` when it decides the run.

    `commands` print the rows behind its answer, `failed` those behind its `failures`.
    """

    anchor: str
    heading: str
    answer: AnswerText
    unfold: bool
    figures: tuple[FigureEntry, ...]
    tables: tuple[Table, ...]
    sessions: tuple[SessionPart, ...]
    failures: tuple[Failure, ...]
    screenshots: tuple[Image, ...]
    missing: tuple[str, ...]
    commands: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """The whole page.

    `damage` names what could not be read; `texts` are whole files to unfold; `commands` print the
    rows behind the answer.
    """

    title: str
    subtitle: str
    answer: AnswerText
    tables: tuple[Table, ...]
    figures: tuple[FigureEntry, ...]
    trials: tuple[TrialSection, ...]
    missing: tuple[str, ...]
    damage: tuple[str, ...]
    facts: tuple[Facts, ...]
    texts: Mapping[str, str]
    commands: tuple[str, ...]
    figures_heading: str = "Figures of the search"


def deciding_trials(results: Sequence[TrialResult], capacity: int | None) -> frozenset[int]:
    """The trials to show first: at the largest load that passed, and the smallest that failed.

    Only loads within and beyond `capacity` count, where that is known. Where none failed, the last
    invalid trial takes its place; of equal loads the latest.
    """

    def of(outcome: Outcome) -> list[TrialResult]:
        return [result for result in results if result.verdict.outcome is outcome]

    within = [each for each in of(Outcome.PASS) if capacity is None or each.load <= capacity]
    beyond = [each for each in of(Outcome.FAIL) if capacity is None or each.load > capacity]
    chosen = []
    if within:
        chosen.append(max(within, key=lambda result: (result.load, result.index)))
    if beyond:
        chosen.append(min(beyond, key=lambda result: (result.load, -result.index)))
    elif invalid := of(Outcome.INVALID):
        chosen.append(invalid[-1])
    return frozenset(result.index for result in chosen)


def failures(
    plan: TrialPlan,
    phases: Phases,
    joins: Sequence[JoinOutcome],
    events: Sequence[SeenEvent],
    faults: Sequence[Fault],
) -> tuple[Failure, ...]:
    """Faults, crashes, probes that could not join, and steps in the hold that failed.

    In order of time where it is known.

    A failure of several probes is shown once, with their names.
    """
    roles = {
        probe.probe: f"{probe.probe}, {probe.role} of {probe.session}" for probe in plan.probes
    }
    shots = {
        seen.event.probe: str(seen.event.data["screenshot"])
        for seen in events
        if seen.event.kind == "failed" and seen.event.data.get("screenshot")
    }
    timed: list[tuple[float | None, str, Failure]] = [
        (
            fault.at_s,
            "",
            Failure(
                fault.session or "",
                fault.what.replace("_", " "),
                fault.message,
                _when(fault.at_s, phases),
            ),
        )
        for fault in faults
    ]
    timed += [
        (
            outcome.at_s,
            outcome.probe,
            Failure(
                roles.get(outcome.probe, outcome.probe),
                f"could not join ({outcome.reason or 'no reason given'})",
                outcome.message,
                _when(outcome.at_s, phases),
                shots.get(outcome.probe),
            ),
        )
        for outcome in joins
        if not outcome.joined
    ]
    timed += [
        (
            seen.run_s,
            seen.event.probe,
            Failure(
                roles.get(seen.event.probe, seen.event.probe),
                "crashed",
                seen.event.message,
                _when(seen.run_s, phases),
            ),
        )
        for seen in events
        if seen.event.kind == "crashed"
    ]
    timed += [
        (
            seen.run_s,
            seen.event.probe,
            Failure(
                roles.get(seen.event.probe, seen.event.probe),
                f"failed in the hold ({seen.event.data['reason']})",
                seen.event.message,
                _when(seen.run_s, phases),
                seen.event.data.get("screenshot"),
            ),
        )
        for seen in events
        if seen.event.kind == "after_join" and seen.event.data.get("reason")
    ]
    timed.sort(key=lambda entry: (entry[0] is None, entry[0] or 0.0))
    alike: dict[tuple[str, str], list[tuple[str, Failure]]] = {}
    for _, probe, failure in timed:
        # Messages in which only names and numbers differ count as equal.
        pattern = _NAMES.sub("#", failure.message) if probe else failure.message
        alike.setdefault((failure.what, pattern), []).append((probe, failure))
    return tuple(
        replace(equal[0][1], more=tuple(probe or failure.who for probe, failure in equal[1:]))
        for equal in alike.values()
    )


def page_messages(events: Sequence[SeenEvent]) -> Table | None:
    """The table of messages, errors and closed sockets of pages, the most frequent first.

    Sockets that were closed in the usual way are left out.
    """
    messages = [
        ((_MESSAGE_KINDS[seen.event.kind], _message(seen.event)), seen.event.probe)
        for seen in events
        if seen.event.kind in _MESSAGE_KINDS and seen.event.data.get("code") not in _USUAL_CODES
    ]
    if not messages:
        return None
    counts = Counter(message for message, _ in messages)
    first = dict(reversed(messages))
    rows = tuple(
        (
            Cell(kind, kind),
            Cell(text, text),
            Cell(str(count), float(count)),
            Cell(first[kind, text], first[kind, text]),
        )
        for (kind, text), count in counts.most_common(_MESSAGE_ROWS)
    )
    return Table(
        "Messages of the pages",
        (
            Heading("kind"),
            Heading("message"),
            Heading("times", number=True),
            Heading("first by"),
        ),
        rows,
        total=len(counts) if len(counts) > len(rows) else None,
        traced=OF_EVENTS,
    )


def role_screenshots(plan: TrialPlan, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The `(file, role)` of the screenshots that were taken of each role in mid-call."""
    roles = dict.fromkeys(probe.role for probe in plan.probes)
    return tuple((name, role) for role in roles for name in names if name == f"mid-call-{role}.png")


def role_caption(plan: TrialPlan, role: str, name: str | None) -> str:
    """The caption of a role's screenshot: of the probe `name`, `None` where it is unknown."""
    probes = [probe for probe in plan.probes if probe.role == role]
    shown = [probe for probe in probes if probe.probe == name]
    page = f"The page of {name}, a {role}" if shown else f"The page of a {role}"
    if all(probe.fidelity == "full" for probe in shown or probes[:1]):
        return page
    return f"{page}, a light probe: what it receives is counted and stays black"


def _message(event: ProbeEvent) -> str:
    return event.message or ", ".join(f"{name} {value}" for name, value in event.data.items())


def _when(at_s: float | None, phases: Phases) -> str:
    if at_s is None:
        return "at an unknown time"
    return moment(at_s, phases)
