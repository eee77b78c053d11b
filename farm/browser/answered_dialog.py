"""A dialog that was answered, and whether one more of its kind is recorded. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from farm.model.page_samples import CANCELLED, EMPTY, MOST_DIALOGS, MOST_OF_ONE_DIALOG

UNLOAD = "beforeunload"


@dataclass(frozen=True, slots=True)
class AnsweredDialog:
    """A dialog of this `type` (Playwright's), in one line without secrets, and its answer.

    `answer` stands behind "was"; `unexpected`: no step had said how to answer it, and it was no
    question whether the page may be left.
    """

    type: str
    text: str
    answer: str
    unexpected: bool

    @property
    def name(self) -> str:
        """`confirm 'Really leave?'`."""
        return self.type if self.type == UNLOAD else f"{self.type} {self.text!r}"

    @property
    def got_no_text(self) -> bool:
        """Whether it asked for a text and got none."""
        return self.type == "prompt" and self.answer in (EMPTY, CANCELLED)


class DialogCount:
    """Counts a probe's dialogs: a page that opens them without end is not to fill a recording."""

    def __init__(self) -> None:
        self._times: Counter[AnsweredDialog] = Counter()

    def is_recorded(self, dialog: AnsweredDialog) -> bool:
        """Whether one more is: of one dialog the first few, of all not many."""
        if self._times.total() >= MOST_DIALOGS or self._times[dialog] >= MOST_OF_ONE_DIALOG:
            return False
        self._times[dialog] += 1
        return True
