"""The commands that print the recorded rows behind a number of the report. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from reports.exports.told_rows import EVENTS, TRIALS


@dataclass(frozen=True, slots=True)
class Traced:
    """The recorded tables behind a number (`rows.TABLES`, `OF_A_RUN`); of some probes, or all."""

    tables: tuple[str, ...]
    probes: tuple[str, ...] = ()


RECEIVED = Traced(("inbound-rtp",))
SENT_AND_RECEIVED = Traced(("outbound-rtp", "inbound-rtp"))
BOTH_WAYS = Traced(("inbound-rtp", "outbound-rtp", "remote-inbound-rtp"))
OF_EVENTS = Traced((EVENTS,))
OF_TRIALS = Traced((TRIALS,))


def probe_commands(run: str, probes: Sequence[str], trial: int) -> tuple[str, ...]:
    """Commands that draw each of `probes` and print its windows."""
    start = ["farm", "report", run, "--trial", str(trial), "--probe"]
    return tuple(shlex.join([*start, probe]) for probe in probes)


def commands(run: str, traced: Traced, trial: int | None) -> tuple[str, ...]:
    """Commands that print rows, one for each table and probe; without a trial, of the whole run."""
    start = ["farm", "report", run, *([] if trial is None else ["--trial", str(trial)])]
    whose = [["--probe", probe] for probe in traced.probes] or [[]]
    return tuple(
        shlex.join([*start, "--rows", table, *probe]) for table in traced.tables for probe in whose
    )
