"""Notes on dialogs that pages opened in the hold. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.moments import moment
from farm.model.page_acts import PageDialog
from farm.model.page_samples import MOST_OF_ONE_DIALOG
from farm.model.trial_evidence import Phases, TrialEvidence
from farm.model.wording import counted

MOST_NAMED = 5


def dialog_notes(evidence: TrialEvidence) -> tuple[str, ...]:
    """A note for each of the first dialogs that no step said how to answer, with its first time."""
    alike: dict[tuple[str, str], list[PageDialog]] = {}
    for dialog in sorted(evidence.dialogs, key=lambda each: each.at_s):
        alike.setdefault((dialog.name, dialog.answer), []).append(dialog)
    return tuple(_notes(list(alike.values()), evidence.phases))


def _notes(alike: list[list[PageDialog]], phases: Phases) -> Iterator[str]:
    for first, *rest in alike[:MOST_NAMED]:
        others = len({each.probe for each in rest} - {first.probe})
        times = 1 + sum(each.probe == first.probe for each in rest)
        at_least = "at least " if times >= MOST_OF_ONE_DIALOG else ""
        again = f", {at_least}{times} times" if times > 1 else ""
        of = f" (and those of {counted(others, 'other probe')})" if others else ""
        yield (
            f"{first.probe}'s page{of} opened {first.name} {moment(first.at_s, phases)}"
            f"{again}, which was {first.answer}: no step said how to answer it"
        )
    if len(alike) > MOST_NAMED:
        yield f"{counted(len(alike) - MOST_NAMED, 'other dialog')} came in the hold"
