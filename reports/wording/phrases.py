"""Numbers as text for people: counts, bitrates, percent, durations. Unknown is never 0. Pure."""

from __future__ import annotations

import math

from farm.model.experiment import ScenarioKind
from farm.model.wording import UNKNOWN, counted
from farm.planning.load_steps import NOUNS


def units_word(scenario: ScenarioKind) -> str:
    """The noun for what passes or fails: the scenario's session, in a broadcast `viewer`."""
    return "viewer" if scenario == "broadcast" else NOUNS[scenario]


def probes_and_sessions(scenario: ScenarioKind, probes: int, sessions: int) -> str:
    """A load in words: `4 probes in 2 calls`."""
    return f"{counted(probes, 'probe')} in {counted(sessions, NOUNS[scenario])}"


def bitrate(bps: float | None) -> str:
    """A bitrate in the unit that suits it: `487 kbit/s`, `2.31 Mbit/s`."""
    if bps is None or not math.isfinite(bps):
        return UNKNOWN
    return f"{bps / 1e6:.2f} Mbit/s" if bps >= 2e6 else f"{bps / 1e3:.0f} kbit/s"


def seconds(value: float) -> str:
    """A duration in whole seconds: `45 s`, `4 min`, `4 min 30 s`, `2 h 5 min`."""
    whole = round(value)
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    return f"{whole} s"
