"""The journal: what a run decided and why, enough to take it up again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.model.wall_time import utc


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`kind` is a word, `facts` belong to it.

    | kind | facts |
    | --- | --- |
    | `trial_started`, `trial_ended` | index, load; purpose; verdict |
    | `note` | text: what the user was told of a decision |
    | `resumed` | trials: how many were there when the run was taken up again |
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
    """When each trial began, by its index: wall clock. A repeated one counts from its last start,
    one whose time is none is left out.

    Run time begins anew when a run is taken up again, so that it cannot order trials by itself.
    """
    return {
        int(entry.facts["index"]): entry.wall_s
        for entry in entries
        if entry.kind == "trial_started"
        and isinstance(entry.facts.get("index"), int)
        and utc(entry.wall_s) is not None
    }


def spent_s(entries: Iterable[JournalEntry]) -> float:
    """How long a run was under way so far, the pauses between its sessions left out."""
    total_s = last_s = 0.0
    for entry in entries:
        if entry.kind == "resumed":
            total_s += last_s
        last_s = entry.at_s
    return total_s + last_s
