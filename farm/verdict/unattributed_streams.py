"""Streams that count as a partner's and may be another sender's, such as a bot's. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.wording import counted, one_of
from farm.verdict.trial_streams import TrialStreams

_NAMED = 3


def unattributed_notes(streams: TrialStreams) -> Iterator[str]:
    """One note on all owed streams that are unlike everything sent; servers may change streams.

    A video whose sender changes during the hold is unlike each sender's, as it should be.
    """
    unlike = [
        each
        for each in streams.evidence.streams
        if each.strange and each.owed and each.seen and not streams.may_switch(each)
    ]
    if not unlike:
        return
    named = [
        f"{each.probe} {each.direction} {each.kind} {each.track}, counted as "
        f"{one_of(each.senders) or 'a partner'}'s"
        for each in unlike[:_NAMED]
    ]
    more = "; ..." if len(unlike) > _NAMED else ""
    yield (
        f"{counted(len(unlike), 'received stream')} unlike anything that was sent "
        f"({'; '.join(named)}{more}): the server changes what it forwards, loses much of it, "
        "or sends something else"
    )
