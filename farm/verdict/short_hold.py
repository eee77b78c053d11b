"""What a verdict is worth by how long its hold was, and by which windows of it decided. Pure.

A window that breaks a limit counts where the next one does so, too, and counts as the last one: so
a bad second at the end fails a trial that it would not have failed a window before. Of 24 windows
that is one; of two it is half of the hold.
"""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.durations import format_duration
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.model.wording import SHORT_LOOK_WINDOWS, counted

LONGER = "a longer trial.hold tells more"


def hold_worth(verdict: Verdict, evidence: TrialEvidence) -> Iterator[str]:
    """Remarks on a pass or a fail; none on one that was not judged by windows."""
    windows = verdict.windows or 0
    died = any(fault.what == "server_died" for fault in evidence.faults)
    if died or windows == 0 or verdict.outcome is Outcome.INVALID:
        return
    if verdict.by_last_window:
        yield (
            "it failed by its last window alone: nobody saw whether that would have gone on; "
            f"{LONGER}"
        )
    if windows <= SHORT_LOOK_WINDOWS:
        of = f"{counted(windows, 'window')} of {format_duration(evidence.window_s)}"
        share = "all" if windows == 1 else "half"
        yield (
            f"a short look: judged by {of}; one bad second in the last one, {share} of the hold, "
            f"fails it, and what comes less often than that is not seen; {LONGER}"
        )
