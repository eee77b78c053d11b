"""The receivers of each stream of probes that send several of a kind, one per partner. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from farm.model.trial_evidence import StreamIdentity
from farm.model.webrtc_stats import MediaKind

NAMED = 3
"""How many probes are named; of more only the number is given."""

Sent = tuple[str, MediaKind, int]
"""Probe, kind and track of a stream that is sent."""

Of = tuple[str, MediaKind]


@dataclass(frozen=True, slots=True)
class Receivers:
    """The probes that receive a sent stream; `owed`: the sender owes it to them."""

    probes: tuple[str, ...]
    owed: bool

    @property
    def names(self) -> str:
        """`p001`, `p001 and p002`, `7 probes`."""
        several = len(self.probes) > NAMED
        return f"{len(self.probes)} probes" if several else " and ".join(self.probes)


def receivers(streams: Sequence[StreamIdentity]) -> Mapping[Sent, Receivers]:
    """The receivers of sent streams, for senders whose streams of a kind go to different probes.

    A received stream names the sent one (`sent_tracks`); else it is the only one of its kind on the
    connection on which the sender receives only from that receiver.
    """
    sent: defaultdict[Of, list[StreamIdentity]] = defaultdict(list)
    for each in streams:
        if each.direction == "outbound" and each.seen:
            sent[each.probe, each.kind].append(each)
    several = {of: each for of, each in sent.items() if len(each) > 1}
    if not several:
        return {}
    partners = _partners(streams)
    received: defaultdict[Sent, list[StreamIdentity]] = defaultdict(list)
    for each in streams:
        if each.direction == "inbound" and len(each.senders) == 1:
            of = each.senders[0], each.kind
            for track in _tracks(each, several.get(of, ()), partners):
                received[(*of, track)].append(each)
    receivers_of_sent: dict[Sent, Receivers] = {}
    for of, mine in several.items():
        keys = [(*of, each.track) for each in mine]
        names = [tuple(dict.fromkeys(each.probe for each in received[key])) for key in keys]
        if len(set(names)) > 1:
            for key, probes in zip(keys, names, strict=True):
                if probes:
                    receivers_of_sent[key] = Receivers(
                        probes, any(each.owed for each in received[key])
                    )
    return receivers_of_sent


def _tracks(
    received: StreamIdentity,
    sent: Iterable[StreamIdentity],
    partners: Mapping[tuple[str, str], frozenset[str]],
) -> set[int]:
    """The tracks of the sender's streams of the kind that a received one was."""
    known = {track for _, track in received.sent_tracks if track >= 0}
    if known:
        return known
    its = {
        each.track
        for each in sent
        if partners.get((each.probe, each.connection)) == frozenset([received.probe])
    }
    return its if len(its) == 1 else set()


def _partners(streams: Iterable[StreamIdentity]) -> Mapping[tuple[str, str], frozenset[str]]:
    """By probe and connection, all probes whose streams may come over it."""
    senders_by_connection: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for each in streams:
        if each.direction == "inbound" and each.connection:
            senders_by_connection[each.probe, each.connection].update(each.senders)
    return {key: frozenset(senders) for key, senders in senders_by_connection.items()}
