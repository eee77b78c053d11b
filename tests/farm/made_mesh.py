"""The streams of a room whose pages have a connection for each partner, made up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

from farm.model.trial_evidence import StreamIdentity
from farm.model.webrtc_stats import MediaKind

KINDS: tuple[MediaKind, ...] = ("audio", "video")


def mesh(names: tuple[str, ...], *, traced: bool = True) -> tuple[StreamIdentity, ...]:
    """What each page receives of each other one, and sends to it; only the first is owed.

    `traced`: it is known which of the sender's tracks a received stream is.
    """
    return tuple(_streams(names, traced=traced))


def _streams(names: tuple[str, ...], *, traced: bool) -> Iterator[StreamIdentity]:
    for probe, partner in permutations(names, 2):
        place = _others(names, probe).index(partner)
        for kind in KINDS:
            sent = StreamIdentity(
                probe, "outbound", kind, place, owed=place == 0, seen=True, connection=f"pc-{place}"
            )
            yield sent
            its = _others(names, partner).index(probe) if traced else -1
            yield replace(
                sent,
                direction="inbound",
                owed=True,
                senders=(partner,),
                sent_tracks=((float("-inf"), its),),
            )


def _others(names: tuple[str, ...], probe: str) -> list[str]:
    return [name for name in names if name != probe]
