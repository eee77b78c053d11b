"""What the page shows, as values: the template only lays it out. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from farm.model.page_samples import ProbeEvent
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.recording.events import SeenEvent
from reports.exports.row_commands import OF_EVENTS
from reports.text.answer import Answer
from reports.text.provenance import Facts
from reports.text.table import Cell, Heading, Table

_SAID_ROWS = 30
_NAMES = re.compile(r"\b[ps]?\d+\b")
_USUAL_CODES = (1000, 1001)  # RFC 6455, 7.4.1: closed as meant, or going away
_SAID_KINDS = {
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
    """A figure, its heading, the file of its numbers, and what prints the rows behind them."""

    heading: str
    picture: Image
    csv: str
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that went wrong, in its own words; `who` is empty if it met all.

    `file` is the screenshot's name, `more` are others whom the same befell later.
    """

    who: str
    what: str
    message: str
    when: str
    file: str | None = None
    picture: Image | None = None
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
    pictures: tuple[Image, ...]
    commands: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrialSection:
    """All about one trial; `unfold` when it decides the run.

    `commands` print the figures in its words, those of `failures` are `failed`.
    """

    anchor: str
    heading: str
    answer: Answer
    unfold: bool
    figures: tuple[FigureEntry, ...]
    tables: tuple[Table, ...]
    sessions: tuple[SessionPart, ...]
    failures: tuple[Failure, ...]
    pictures: tuple[Image, ...]
    missing: tuple[str, ...]
    commands: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """`damage` names what could not be read; `texts` are whole files to unfold.

    `commands` print the figures in the answer.
    """

    title: str
    subtitle: str
    answer: Answer
    tables: tuple[Table, ...]
    figures: tuple[FigureEntry, ...]
    trials: tuple[TrialSection, ...]
    missing: tuple[str, ...]
    damage: tuple[str, ...]
    facts: tuple[Facts, ...]
    texts: Mapping[str, str]
    commands: tuple[str, ...]


def deciding_trials(results: Sequence[TrialResult], capacity: int | None) -> frozenset[int]:
    """The trials a reader wants to see first: the best that passed and the least that failed.

    Of those within and beyond `capacity`, where that is known. Where none failed the last invalid
    one instead; of equals the latest.
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
    """Faults, crashes and probes that could not join, in the order of time where it is known.

    What befell many alike is told once, with their names.
    """
    roles = {
        probe.probe: f"{probe.probe}, {probe.role} of {probe.session}" for probe in plan.probes
    }
    shots = {
        seen.event.probe: str(seen.event.data["screenshot"])
        for seen in events
        if seen.event.kind == "failed" and seen.event.data.get("screenshot")
    }
    found: list[tuple[float | None, str, Failure]] = [
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
    found += [
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
    found += [
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
    found.sort(key=lambda entry: (entry[0] is None, entry[0] or 0.0))
    alike: dict[tuple[str, str], list[tuple[str, Failure]]] = {}
    for _, probe, failure in found:
        # Words in which only names and numbers differ are the same words.
        words = _NAMES.sub("#", failure.message) if probe else failure.message
        alike.setdefault((failure.what, words), []).append((probe, failure))
    return tuple(
        replace(some[0][1], more=tuple(probe or failure.who for probe, failure in some[1:]))
        for some in alike.values()
    )


def said_table(events: Sequence[SeenEvent]) -> Table | None:
    """What pages logged, threw and lost, alike ones counted, the most frequent first.

    Sockets that were closed in the usual way are left out.
    """
    told = [
        ((_SAID_KINDS[seen.event.kind], _words(seen.event)), seen.event.probe)
        for seen in events
        if seen.event.kind in _SAID_KINDS and seen.event.data.get("code") not in _USUAL_CODES
    ]
    if not told:
        return None
    said = Counter(what for what, _ in told)
    first = dict(reversed(told))
    rows = tuple(
        (
            Cell(kind, kind),
            Cell(words, words),
            Cell(str(count), float(count)),
            Cell(first[kind, words], first[kind, words]),
        )
        for (kind, words), count in said.most_common(_SAID_ROWS)
    )
    return Table(
        "What the pages said",
        (
            Heading("kind"),
            Heading("words"),
            Heading("times", number=True),
            Heading("first by"),
        ),
        rows,
        total=len(said) if len(said) > len(rows) else None,
        traced=OF_EVENTS,
    )


def role_pictures(plan: TrialPlan, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """`(file, role)` of the screenshots that were taken of each role in mid-call."""
    roles = dict.fromkeys(probe.role for probe in plan.probes)
    return tuple((name, role) for role in roles for name in names if name == f"mid-call-{role}.png")


def role_caption(plan: TrialPlan, role: str, name: str | None) -> str:
    """Under the screenshot of a role: the page of the probe `name`, `None` where nobody knows."""
    probes = [probe for probe in plan.probes if probe.role == role]
    shown = [probe for probe in probes if probe.probe == name]
    whose = f"The page of {name}, a {role}" if shown else f"The page of a {role}"
    if all(probe.fidelity == "full" for probe in shown or probes[:1]):
        return whose
    return f"{whose}, a light probe: what it receives is counted and stays black"


def _words(event: ProbeEvent) -> str:
    return event.message or ", ".join(f"{name} {value}" for name, value in event.data.items())


def _when(at_s: float | None, phases: Phases) -> str:
    if at_s is None:
        return "at a time unknown"
    if phases.ramp_s is None or at_s < phases.ramp_s:
        return f"{at_s:.0f} s into the run"
    return f"{at_s - phases.ramp_s:.0f} s after the ramp began"
