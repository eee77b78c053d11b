"""What the events of pages in the hold tell beside media: failed steps, pages that loaded. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from farm.model.trial_evidence import FailedHoldSteps, PageLoad
from farm.recording.events import SeenEvent

BY_ITSELF_AFTER_S = 3.0
"""A page that loads so long after the driver's last step does it by itself."""


def failed_hold_steps(events: Iterable[SeenEvent]) -> Iterator[FailedHoldSteps]:
    """The `after_join` steps that failed, with the time at which they did."""
    for seen in events:
        if seen.event.kind == "after_join" and seen.event.data.get("reason") is not None:
            yield FailedHoldSteps(seen.event.probe, seen.run_s or 0.0, seen.event.message)


def own_loads(events: Iterable[SeenEvent], start_s: float, end_s: float) -> Iterator[PageLoad]:
    """The pages that loaded by themselves from `start_s` to `end_s`."""
    for seen in events:
        if seen.event.kind != "loaded" or seen.run_s is None or not start_s <= seen.run_s < end_s:
            continue
        after_step_s = seen.event.data.get("after_step_s")
        if isinstance(after_step_s, int | float) and after_step_s > BY_ITSELF_AFTER_S:
            yield PageLoad(seen.event.probe, seen.run_s, str(seen.event.data.get("url")))
