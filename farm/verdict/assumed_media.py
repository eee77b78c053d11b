"""Rooms for which neither experiment nor driver says whether the server mixes or forwards. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Reason
from farm.model.wording import counted

LEAST_MEMBERS = 3
"""In a room of two a mix and the partner's stream look alike."""


def assumed_media_notes(evidence: TrialEvidence) -> Iterator[str]:
    """A note that states the assumption and what members received."""
    if evidence.plan.media_assumed:
        yield (
            "scenario.media is not set: rooms were assumed to be forwarded; "
            f"each member received {_range(evidence, 'video')} and {_range(evidence, 'audio')}; "
            f"owed {_owed(evidence)}"
        )


def mixed_or_withheld(evidence: TrialEvidence) -> tuple[Reason, ...]:
    """The reason that makes a trial invalid if its rooms, assumed to be forwarded, may be mixed.

    They may be if of one kind each member received one stream, and of the other what it is owed.
    """
    plan = evidence.plan
    members = [len(session.probes) for session in plan.sessions]
    if not plan.media_assumed or min(members, default=0) < LEAST_MEMBERS:
        return ()
    received = _received(evidence)
    one_each = False
    for kind in ("audio", "video"):
        counts = {(received[each.probe, kind], each.receives.count(kind)) for each in plan.probes}
        if all(count >= owed for count, owed in counts):
            continue
        if any(count != 1 for count, _ in counts):
            return ()
        one_each = True
    if not one_each:
        return ()
    return (
        Reason(
            "assumed_media",
            f"each member received {_range(evidence, 'video')} and {_range(evidence, 'audio')}: "
            "the server mixes its rooms, or it withholds streams; one that forwards owes "
            f"{_owed(evidence)}: set scenario.media to mixed or forwarded",
        ),
    )


def _received(evidence: TrialEvidence) -> Counter[tuple[str, str]]:
    return Counter(
        (each.probe, each.kind)
        for each in evidence.streams
        if each.direction == "inbound" and each.seen
    )


def _range(evidence: TrialEvidence, kind: str) -> str:
    received = _received(evidence)
    counts = {received[probe.probe, kind] for probe in evidence.plan.probes if probe.receives}
    least, most = min(counts, default=0), max(counts, default=0)
    return counted(least, kind) if least == most else f"{least} to {counted(most, kind)}"


def _owed(evidence: TrialEvidence) -> str:
    receivers = [probe.receives for probe in evidence.plan.probes if probe.receives]
    return " and ".join(
        _from_to({receives.count(kind) for receives in receivers}) for kind in ("video", "audio")
    )


def _from_to(counts: Collection[int]) -> str:
    least, most = min(counts, default=0), max(counts, default=0)
    return str(least) if least == most else f"{least} to {most}"
