"""Sections of the page about the worst sessions: reasons, streams, the worst window. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import ProbePlan
from farm.model.verdict import Reason
from farm.model.wording import counted, percent
from reports.exports.row_commands import BOTH_WAYS, OF_EVENTS, Traced
from reports.series.session_quality import CAUSES, COUNTLESS, SessionQuality, cause_text
from reports.text.stream_table import HEADINGS, StreamTable
from reports.text.table import Table
from reports.wording.stream_names import of_hold

WORST = 50
"""Sessions with a section of their own; `farm report --probe` shows the others."""

PROBES = 50
"""Probes shown of a session, the worst: a broadcast may have thousands."""

FAR = 100.0
"""Multiple of a limit from which on no number is given."""

_FEW = 4  # probes of a session up to which the plan's order is kept
_NAMED = 8  # probes whose rows are named one by one


@dataclass(frozen=True, slots=True)
class SessionSection:
    """One of the worst sessions, for the page.

    `anchor` is its place in the page; `probes` are those shown, the worst first, `others` counts
    the rest. `worst_s` is its worst window in run time, `why` what was wrong in it, in words.
    """

    session: str
    anchor: str
    probes: tuple[ProbePlan, ...]
    others: int
    reasons: tuple[str, ...]
    table: Table
    worst_s: tuple[float, float] | None
    why: str


def worst_sessions(quality: SessionQuality, reasons: Sequence[Reason]) -> list[str]:
    """Names of all sessions: those in a reason first, then by the share of a limit used up."""
    in_reasons = {reason.session for reason in reasons}
    names = [quality.windows.sessions[place] for place in quality.worst_first()]
    return sorted(names, key=lambda name: name not in in_reasons)


def session_sections(
    evidence: TrialEvidence,
    quality: SessionQuality,
    reasons: Sequence[Reason],
    names: Sequence[str],
    *,
    prefix: str,
    poll_s: float,
) -> tuple[SessionSection, ...]:
    """Sections of the sessions `names`, in that order; anchors begin with `prefix`.

    `poll_s` is the period of polls.
    """
    sections = _Sections(evidence, quality, reasons, names, poll_s)
    return tuple(sections.section(name, f"{prefix}-{name}") for name in names)


class _Sections:
    """Makes the sections of one trial's sessions."""

    def __init__(
        self,
        evidence: TrialEvidence,
        quality: SessionQuality,
        reasons: Sequence[Reason],
        names: Sequence[str],
        poll_s: float,
    ) -> None:
        self._quality = quality
        self._left = evidence.left
        self._hold_s = evidence.phases.hold_s
        self._planned = {session.session: session.probes for session in evidence.plan.sessions}
        self._place = {name: place for place, name in enumerate(quality.windows.sessions)}
        self._joins = {outcome.probe: outcome for outcome in evidence.joins}
        self._streams = StreamTable(evidence, names, poll_s)
        self._reasons: defaultdict[str, list[Reason]] = defaultdict(list)
        for reason in reasons:
            if reason.session is not None:
                self._reasons[reason.session].append(reason)

    def section(self, name: str, anchor: str) -> SessionSection:
        order = self._worst_first(name)
        shown = tuple(order[:PROBES])
        rows = [
            row
            for probe in shown
            for row in self._streams.rows(probe, self._joins.get(probe.probe))
        ]
        worst_s, why = _worst_window(self._quality, self._place[name])
        endings = self._endings(name)
        if endings:
            at_s, first = endings[0]
            worst_s = self._window_at(at_s) or worst_s
            more = f" (and {counted(len(endings) - 1, 'more stream')})" if endings[1:] else ""
            why = first + more
        return SessionSection(
            session=name,
            anchor=anchor,
            probes=shown,
            others=len(order) - len(shown),
            reasons=tuple(dict.fromkeys(reason.message for reason in self._reasons[name])),
            table=Table(
                f"Streams of {name} over the hold",
                HEADINGS,
                tuple(rows),
                traced=self._rows_of(shown),
            ).shown(),
            worst_s=worst_s,
            why=why,
        )

    def _endings(self, name: str) -> list[tuple[float, str]]:
        """Times at which owed streams ended or pages left, with words, in order of time."""
        endings = []
        for probe in self._planned[name]:
            who, join = probe.probe, self._joins.get(probe.probe)
            if who in self._left:
                at_s = self._left[who]
                endings.append((at_s, f"{who}'s page left {of_hold(at_s, self._hold_s)}"))
                continue
            for each in self._streams.of(who) if join is not None and join.joined else ():
                if not each.owed_at_end or not each.stream.owed:
                    continue
                if not each.stream.seen:
                    endings.append((-math.inf, f"{who}: {each.name} never came"))
                elif each.ended_s is not None:
                    words = f"{who}: {each.name} ended {of_hold(each.ended_s, self._hold_s)}"
                    endings.append((each.ended_s, words))
        return sorted(endings)

    def _window_at(self, at_s: float) -> tuple[float, float] | None:
        windows = self._quality.windows
        inside = (windows.start_s <= at_s) & (at_s < windows.end_s)
        if not inside.any():
            return None
        place = int(inside.argmax())
        return float(windows.start_s[place]), float(windows.end_s[place])

    def _worst_first(self, name: str) -> Sequence[ProbePlan]:
        """Probes in the plan's order; of many, those in a reason, absent, or with most loss."""
        planned = self._planned[name]
        if len(planned) <= _FEW:
            return planned
        in_reasons = {reason.probe for reason in self._reasons[name]}

        def key(probe: ProbePlan) -> tuple[bool, bool, float]:
            join = self._joins.get(probe.probe)
            absent = join is not None and not join.joined
            lost = [
                each.figures.get("worst_ratio") or 0.0 for each in self._streams.of(probe.probe)
            ]
            return probe.probe not in in_reasons, not absent, -max(lost, default=0.0)

        return sorted(planned, key=key)

    def _rows_of(self, shown: Sequence[ProbePlan]) -> Traced:
        """Recorded rows of the probes with streams; of a session without any, its events."""
        named = tuple(each.probe for each in shown if self._streams.of(each.probe))[:_NAMED]
        return Traced(BOTH_WAYS.tables, named) if named else OF_EVENTS


def _worst_window(quality: SessionQuality, place: int) -> tuple[tuple[float, float] | None, str]:
    windows, used = quality.windows, quality.used[place]
    if not np.isfinite(used).any():
        out = windows.absent[place]
        return None, f"{', '.join(out[:3])} never joined" if out else "it was never sampled"
    column = int(np.nanargmax(used))
    window_s = (float(windows.start_s[column]), float(windows.end_s[column]))
    unseen = int(np.isnan(used).sum())
    but = f", as far as it was seen ({counted(unseen, 'window')} not)" if unseen else ""
    if used[column] == 0:
        return None, f"no part of any limit was used{but}"
    cause = CAUSES[int(quality.cause[place, column])]
    if used[column] <= 1:
        share = percent(used[column])
        words = f"within all limits{but}, at most {share} of one ({cause_text(cause)})"
        return window_s, words
    counts = used[column] < FAR and cause not in COUNTLESS
    far = f", {used[column]:.1f} times the limit" if counts else ""
    return window_s, f"the worst was {cause_text(cause)}{far}"
