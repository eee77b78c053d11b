"""The journal: the decisions of a run and their reasons, enough to resume it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.model.wall_time import utc


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One line of the journal: its kind and the facts of that kind.

    | kind | facts |
    | --- | --- |
    | `trial_started`, `trial_ended` | index, load; purpose; verdict |
    | `note` | text: the line about a decision that the user saw |
    | `resumed` | trials: how many there were when the run was resumed |
    | `baseline_of` | run, baseline: what `farm run --baseline` compares with |
    | `watch`, `watch_began` | load; the wall clock of the first turn, every_s, for_s |
    | `outage` | wall_s, message: a turn at which the server could not be reached |
    | `answer` | state; of a search its probes |
    """

    kind: str
    at_s: float
    wall_s: float
    facts: Mapping[str, Any] = field(default_factory=dict)


def trial_times_s(entries: Iterable[JournalEntry]) -> dict[int, float]:
    """When each trial began (wall clock), by its index.

    A repeated one counts from its last start, one whose time is invalid is left out. Run time
    restarts when a run is resumed, so that it cannot order trials.
    """
    return {
        int(entry.facts["index"]): entry.wall_s
        for entry in entries
        if entry.kind == "trial_started"
        and isinstance(entry.facts.get("index"), int)
        and utc(entry.wall_s) is not None
    }


def spent_s(entries: Iterable[JournalEntry]) -> float:
    """How long a run was under way so far, without the pauses before it was resumed."""
    total_s = last_s = 0.0
    for entry in entries:
        if entry.kind == "resumed":
            total_s += last_s
        last_s = entry.at_s
    return total_s + last_s
