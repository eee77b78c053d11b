"""What a stream is called, and when it came and ended, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from farm.model.trial_evidence import StreamIdentity
from farm.planning.receivers import NAMED, Receivers, Sent

ENDED_POLLS = 3
"""A stream of which so many polls in a row had no packet, up to the last one, has ended."""


def from_whom(stream: StreamIdentity) -> str:
    """`from p001`, `from p001 or p002`; empty for what is sent, or the server's mix."""
    if not stream.senders:
        return ""
    if len(stream.senders) > NAMED:
        return f"from one of {len(stream.senders)}"
    return f"from {' or '.join(stream.senders)}"


def receivers_of(stream: StreamIdentity, told: Mapping[Sent, Receivers]) -> Receivers | None:
    """To whom a stream that is sent goes, where it is told."""
    if stream.direction == "inbound":
        return None
    return told.get((stream.probe, stream.kind, stream.track))


def stream_names(
    streams: Sequence[StreamIdentity], told: Mapping[Sent, Receivers]
) -> tuple[str, ...]:
    """What one probe's streams are called; `told` are the `receivers` of those that it sends.

    `video sent`, `video sent to p001`, `video received from p001`, `video received, extra`. Those
    that would be called alike are numbered.
    """
    goes = [receivers_of(stream, told) for stream in streams]
    names = [
        f"{stream.kind} {_way(stream, to)}".strip()
        for stream, to in zip(streams, goes, strict=True)
    ]
    seen: Counter[str] = Counter()
    found = []
    for stream, name, to in zip(streams, names, goes, strict=True):
        seen[name] += 1
        number = f" ({seen[name]})" if names.count(name) > 1 else ""
        is_owed = stream.owed or (to is not None and to.owed)
        found.append(f"{name}{number}" if is_owed else f"{name}{number}, extra")
    return tuple(found)


def _way(stream: StreamIdentity, to: Receivers | None) -> str:
    if stream.direction == "outbound":
        return "sent" if to is None else f"sent to {to.names}"
    return f"received {from_whom(stream)}"


def has_ended(stream: StreamIdentity, watched_until_s: float | None, poll_s: float) -> bool:
    """Whether it came and went before its page was last looked at, at `watched_until_s`."""
    if stream.ended_s is None or watched_until_s is None:
        return False
    return stream.ended_s + ENDED_POLLS * poll_s < watched_until_s


def of_hold(at_s: float, hold_s: float | None) -> str:
    """`12 s into the hold`, `before the hold`."""
    if hold_s is None or at_s < hold_s:
        return "before the hold"
    return f"{at_s - hold_s:.0f} s into the hold"
