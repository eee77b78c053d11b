"""The dialogs of a checked driver's pages, and hints on those that it does not answer. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from farm.model.page_samples import CANCELLED, EMPTY, MOST_OF_ONE_DIALOG
from farm.recording.events import SeenEvent

WITHIN_STEP_S = 3.0
"""A dialog that comes so long after a step may come of it."""

MOST_HINTS = 5
ADVICE = {
    "confirm": "accept_dialog answers it with OK",
    "prompt": "accept_dialog: TEXT answers it",
    "alert": "accept_dialog before it says that it is expected",
}


@dataclass(frozen=True, slots=True)
class CheckedDialog:
    """A dialog, as `farm.browser` reported it; `step` is the driver's last one before it.

    `name` has its type and text, `answer` stands behind "was". `unexpected`: no step had said how
    to answer it.
    """

    type: str
    name: str
    answer: str
    unexpected: bool
    step: str

    @property
    def line(self) -> str:
        """`confirm 'Really leave?' was cancelled; accept_dialog answers it with OK`."""
        advice = ADVICE.get(self.type)
        return f"{self.name} was {self.answer}{'; ' if advice else ''}{advice or ''}"

    @property
    def kept_from_leaving(self) -> bool:
        """Whether a step that leaves asked for an OK and did not get it."""
        is_cancelled = self.type == "confirm" and self.answer == CANCELLED
        return is_cancelled and "leave step " in self.step

    @property
    def is_told(self) -> bool:
        """Whether its answer may be none that its driver means."""
        return self.unexpected or (self.type == "prompt" and self.answer == EMPTY)


def dialogs_of(events: Sequence[SeenEvent], probe: str) -> tuple[CheckedDialog, ...]:
    """The dialogs of a probe in the order of time."""
    return tuple(
        CheckedDialog(
            str(event.data.get("type")),
            event.message.removesuffix(f" was {event.data.get('answer')}"),
            str(event.data.get("answer")),
            event.data.get("unexpected") is True,
            str(event.data.get("step")) if _comes_of_step(event.data.get("after_step_s")) else "",
        )
        for event in (seen.event for seen in events)
        if (event.probe, event.kind) == (probe, "dialog")
    )


def dialog_hints(
    dialogs: Sequence[tuple[str, Sequence[CheckedDialog]]], told: Sequence[CheckedDialog]
) -> Iterator[str]:
    """A hint for each of the first dialogs; `dialogs` are a role's name and dialogs by probe.

    Those that are `told` already are left out.
    """
    times: dict[tuple[str, CheckedDialog], int] = {}
    for role, of_probe in dialogs:
        for dialog, number in Counter(each for each in of_probe if each.is_told).items():
            if dialog not in told:
                times[role, dialog] = max(number, times.get((role, dialog), 0))
    for (role, dialog), number in list(times.items())[:MOST_HINTS]:
        at_least = "at least " if number >= MOST_OF_ONE_DIALOG else ""
        again = f" ({at_least}{number} times)" if number > 1 else ""
        yield f"{dialog.step or role}: {dialog.line}{again}"
    if len(times) > MOST_HINTS:
        yield f"{len(times) - MOST_HINTS} more dialogs: events of kind dialog have them"


def _comes_of_step(after_step_s: object) -> bool:
    return isinstance(after_step_s, int | float) and after_step_s < WITHIN_STEP_S
