"""What events of pages tell beside media: steps and dialogs in the hold, loads, failed leaves.

Pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from farm.model.driver import Pause, Screenshot, WaitFor
from farm.model.page_acts import CLOSED_INSTEAD, FailedHoldSteps, FailedLeave, PageDialog, PageLoad
from farm.recording.events import SeenEvent

BY_ITSELF_AFTER_S = 3.0
"""A page that loads so long after the driver's last step does it by itself."""

ONLY_WAIT = frozenset({Pause.key, WaitFor.key, Screenshot.key})
"""Steps that change nothing in a page: what it does meanwhile, it does by itself."""

LONGEST_STEP = 120
"""A step's name is cut there: it may hold a whole function."""


class HoldSteps:
    """When which steps of the driver were executed in the hold, from events in order of time."""

    def __init__(self, events: Iterable[SeenEvent]) -> None:
        self._of_probe: defaultdict[str, list[tuple[float, float, str]]] = defaultdict(list)
        self._waits: defaultdict[str, list[tuple[float, float]]] = defaultdict(list)
        for seen in events:
            event = seen.event
            if event.kind != "after_join" or seen.run_s is None:
                continue
            took_s = event.data.get("took_s")
            begin_s = seen.run_s - (float(took_s) if isinstance(took_s, int | float) else 0.0)
            has_failed = event.data.get("reason") is not None
            if not has_failed and _only_wait(event.message):
                self._waits[event.probe].append((begin_s, seen.run_s))
                continue
            place, what = event.data.get("place"), "after_join" if has_failed else event.message
            name = f"{place}: {what}" if place else what
            name = name if len(name) <= LONGEST_STEP else f"{name[:LONGEST_STEP]}..."
            self._of_probe[event.probe].append((begin_s, seen.run_s, name))

    def before(self, probe: str, at_s: float) -> str:
        """The probe's step in execution at that time, or over for less than `BY_ITSELF_AFTER_S`.

        It is named by its place in the driver; empty if there is none. Steps that only wait do not
        count.
        """
        names = [
            name
            for begin_s, end_s, name in self._of_probe.get(probe, ())
            if begin_s <= at_s <= end_s + BY_ITSELF_AFTER_S
        ]
        return names[-1] if names else ""

    def was_waiting(self, probe: str, at_s: float) -> bool:
        """Whether the probe had been in steps that only wait for longer than `BY_ITSELF_AFTER_S`,
        or such steps were just over."""
        return any(
            begin_s + BY_ITSELF_AFTER_S < at_s <= end_s + BY_ITSELF_AFTER_S
            for begin_s, end_s in self._waits.get(probe, ())
        )


def _only_wait(names: str) -> bool:
    """Whether none of these steps, as their event names them, changes anything in a page."""
    return all(name.partition(" ")[0] in ONLY_WAIT for name in names.split(", "))


def failed_hold_steps(events: Iterable[SeenEvent]) -> Iterator[FailedHoldSteps]:
    """The `after_join` steps that failed, with the time at which they did."""
    for seen in events:
        if seen.event.kind == "after_join" and seen.event.data.get("reason") is not None:
            yield FailedHoldSteps(seen.event.probe, seen.run_s or 0.0, seen.event.message)


def failed_leaves(events: Iterable[SeenEvent]) -> Iterator[FailedLeave]:
    """The probes whose `leave` steps failed: their pages were closed instead."""
    for seen in events:
        if seen.event.kind == "left" and seen.event.message:
            error = seen.event.message.removeprefix(f"{CLOSED_INSTEAD}: ")
            yield FailedLeave(seen.event.probe, error)


def page_loads(
    events: Iterable[SeenEvent], steps: HoldSteps, start_s: float, end_s: float
) -> Iterator[PageLoad]:
    """The pages that loaded from `start_s` to `end_s`, by themselves or by a step in the hold."""
    for seen in events:
        if seen.event.kind != "loaded" or seen.run_s is None or not start_s <= seen.run_s < end_s:
            continue
        probe, url = seen.event.probe, str(seen.event.data.get("url"))
        after_step_s = seen.event.data.get("after_step_s")
        is_late = isinstance(after_step_s, int | float) and after_step_s > BY_ITSELF_AFTER_S
        step = "" if is_late else steps.before(probe, seen.run_s)
        if is_late or step or steps.was_waiting(probe, seen.run_s):
            yield PageLoad(probe, seen.run_s, url, step)


def hold_dialogs(events: Iterable[SeenEvent], start_s: float, end_s: float) -> Iterator[PageDialog]:
    """The dialogs from `start_s` to `end_s` that no step of the driver said how to answer."""
    for seen in events:
        data = seen.event.data
        if (
            seen.event.kind == "dialog"
            and data.get("unexpected") is True
            and seen.run_s is not None
            and start_s <= seen.run_s < end_s
        ):
            answer = str(data.get("answer"))
            name = seen.event.message.removesuffix(f" was {answer}")
            yield PageDialog(seen.event.probe, seen.run_s, name, answer)
