"""Shows the progress of a run on a terminal or in a log. The only rich import.

On a terminal one line is kept up to date below the notes; elsewhere plain lines are printed every
few seconds, so that a log stays readable.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.model.wording import counted
from farm.protocols import Progress

PLAIN_EVERY_S = 5.0

_STYLES = {Outcome.PASS: "bold green", Outcome.FAIL: "bold red", Outcome.INVALID: "bold yellow"}


MOST_NOTES = 3
"""Notes on what pages did, shown for each trial; the report has all."""


class Terminal:
    """Implements `protocols.Observer` on a text stream."""

    def __init__(self, stream: TextIO) -> None:
        self._console = Console(file=stream, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._printed_s = float("-inf")
        self._phase = ""

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Keep the progress line up to date during the block, where the stream is a terminal."""
        if not self._console.is_terminal:
            yield
            return
        with Live(
            Text(), console=self._console, refresh_per_second=4, transient=True
        ) as self._live:
            yield
        self._live = None

    def note(self, text: str) -> None:
        self._console.print(text, markup=False)

    def run_folder(self, path: Path) -> None:
        self.note(f"run folder: {path}")

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None:
        sessions = counted(len(plan.sessions), "session")
        load = counted(plan.load, "probe")
        self.note(f"trial {plan.index}: {load} in {sessions} ({purpose})")

    def progress(self, progress: Progress) -> None:
        line = progress_line(progress)
        if self._live is not None:
            self._live.update(Text(line, style="cyan", no_wrap=True, overflow="ellipsis"))
            return
        now_s = time.monotonic()
        if now_s - self._printed_s >= PLAIN_EVERY_S or progress.phase != self._phase:
            self._printed_s, self._phase = now_s, progress.phase
            self.note(line)

    def trial_ended(self, result: TrialResult) -> None:
        verdict = result.verdict
        text = Text(f"trial {result.index}: {counted(result.load, 'probe')}: ")
        text.append(verdict.outcome.value, style=_STYLES[verdict.outcome])
        if verdict.reasons:
            more = len(verdict.reasons) - 1
            text.append(f", {verdict.reasons[0].message}")
            text.append(f" (and {more} more)" if more else "")
            text.append(", in the last window alone" if verdict.by_last_window else "")
        self._console.print(text)
        for note in verdict.page_notes[:MOST_NOTES]:
            self.note(f"note: {note}")
        if len(verdict.page_notes) > MOST_NOTES:
            others = counted(len(verdict.page_notes) - MOST_NOTES, "more note")
            self.note(f"{others} of what pages did: see the report")


def progress_line(progress: Progress) -> str:
    """One second of a trial in one line; an unknown value is `-`."""
    joined = f"joined {progress.joined}/{progress.load}"
    failed = f", {progress.failed} failed" if progress.failed else ""
    at_most = " at most" if progress.phase == "settle" else ""  # it ends once all is steady
    left_s = progress.left_s
    left = "" if left_s is None else f"{at_most} {max(0.0, left_s):3.0f} s left"
    return "  ".join(
        (
            f"[{progress.trial}] {progress.phase:<6}{left}",
            joined + failed,
            f"in {_shown(progress.received_bps, 1e-3, '.0f', 'kbit/s')}",
            f"loss {_shown(progress.loss_ratio, 100, '.1f', '%')}",
            _shown(progress.frame_rate, 1, ".1f", "frames/s"),
            f"server CPU {_shown(progress.server_cpu_percent, 1, '.0f', '%')}",
            f"generator CPU {_shown(progress.host_cpu_percent, 1, '.0f', '%')}",
        )
    )


def _shown(value: float | None, scale: float, form: str, unit: str) -> str:
    return f"- {unit}" if value is None else f"{value * scale:{form}} {unit}"
