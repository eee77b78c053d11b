"""The journal: what a run decided and why, enough to take it up again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """`kind` is a word (`started`, `trial_planned`, `reset`, `search`), `facts` belong to it."""

    kind: str
    at_s: float
    wall_s: float
    facts: Mapping[str, Any] = field(default_factory=dict)
