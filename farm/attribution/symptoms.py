"""What went wrong in a trial, by the codes of the reasons of its verdict. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from farm.model.verdict import AFTER_JOIN, ASSUMED_MEDIA, LEFT, NO_CONNECTION, Reason

JOIN_CODES = frozenset(
    {
        *("signalling", "navigation", "timeout", "dialog", "page_error", "partner", "join"),
        *("login", "request", "media", "setup", NO_CONNECTION),
    }
)
"""Codes of reasons for probes that did not join, or not in time."""


@dataclass(frozen=True, slots=True)
class Symptoms:
    """What went wrong, each as a share of the bad sessions; `died`: the server did.

    A session in which a probe did not join counts as one of `joins`, whatever else was wrong with
    it: a probe that has not joined receives no media.
    """

    joins: float = 0.0
    media: float = 0.0
    recordings: float = 0.0
    died: bool = False


def server_reasons(reasons: Sequence[Reason]) -> Sequence[Reason]:
    """The reasons that a resource of the server can explain.

    Not pages that left, what they and their partners then lacked, failed steps of the driver in
    the hold, and rooms of unknown media.
    """
    left = {reason.probe for reason in reasons if reason.code == LEFT}
    return [
        reason
        for reason in reasons
        if reason.code not in {LEFT, AFTER_JOIN, ASSUMED_MEDIA}
        and reason.probe not in left
        and (reason.sender is None or reason.sender not in left)
    ]


def symptoms_of(reasons: Sequence[Reason], *, by_probe: bool = False) -> Symptoms:
    """The symptoms by the codes of a verdict's reasons; viewers of a broadcast count singly."""
    codes: defaultdict[str | None, set[str]] = defaultdict(set)
    for reason in server_reasons(reasons):
        codes[(reason.probe if by_probe else None) or reason.session].add(reason.code)
    died = any("server_died" in each for each in codes.values())
    if not codes or died:
        return Symptoms(died=died)
    joins = sum(bool(each & JOIN_CODES) for each in codes.values())
    recordings = sum(
        "recording_missing" in each and not each & JOIN_CODES for each in codes.values()
    )
    count = len(codes)
    return Symptoms(joins / count, (count - joins - recordings) / count, recordings / count)
