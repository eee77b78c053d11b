"""Notes on verdicts of short holds, and on trials that failed in their last window only. Pure.

A window that breaks a limit fails a stream if the next one does so, too, or if it is the last: a
bad second at the end fails a trial that it would not have failed a window earlier. Of 24 windows
the last is one; of two it is half of the hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.durations import format_duration
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.model.wording import SHORT_LOOK_WINDOWS, counted

LONGER = "a longer trial.hold makes the verdict more certain"


def short_hold_notes(verdict: Verdict, evidence: TrialEvidence) -> Iterator[str]:
    """Notes on a pass or a fail; none on a verdict that was not made by windows."""
    windows = verdict.windows or 0
    died = any(fault.what == "server_died" for fault in evidence.faults)
    if died or windows == 0 or verdict.outcome is Outcome.INVALID:
        return
    if verdict.by_last_window:
        yield (
            "it failed in its last window only: whether that would have gone on is not known; "
            f"{LONGER}"
        )
    if windows <= SHORT_LOOK_WINDOWS:
        of = f"{counted(windows, 'window')} of {format_duration(evidence.window_s)}"
        share = "all" if windows == 1 else "half"
        yield (
            f"a short look: judged by {of}; one bad second in the last one, {share} of the hold, "
            f"fails it, and problems that occur less often are not seen; {LONGER}"
        )
