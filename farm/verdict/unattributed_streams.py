"""Streams that stand for a partner's and may be somebody else's, such as a bot's. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.trial_evidence import TrialEvidence
from farm.model.wording import counted

_NAMED = 3


def strangers(evidence: TrialEvidence) -> Iterator[str]:
    """One line of all that are owed and like nothing that was sent; servers may change streams."""
    strange = [each for each in evidence.streams if each.strange and each.owed and each.seen]
    if not strange:
        return
    named = [
        f"{each.probe} {each.direction} {each.kind} {each.track}, counted as "
        f"{' or '.join(each.senders) or 'a partner'}'s"
        for each in strange[:_NAMED]
    ]
    more = "; ..." if len(strange) > _NAMED else ""
    yield (
        f"{counted(len(strange), 'received stream')} unlike anything that was sent "
        f"({'; '.join(named)}{more}): the server changes what it forwards, loses much of it, "
        "or sends something else"
    )
