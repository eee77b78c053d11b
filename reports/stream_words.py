"""What a stream is called, and when it came and ended, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from farm.trial import StreamIdentity

NAMED = 3
"""So many senders are named; of more it is only said how many they are."""

ENDED_POLLS = 3
"""A stream of which so many polls in a row had no packet, up to the last one, has ended."""


def from_whom(stream: StreamIdentity) -> str:
    """`from p001`, `from p001 or p002`; empty for what is sent, or the server's mix."""
    if not stream.senders:
        return ""
    if len(stream.senders) > NAMED:
        return f"from one of {len(stream.senders)}"
    return f"from {' or '.join(stream.senders)}"


def stream_names(streams: Sequence[StreamIdentity]) -> tuple[str, ...]:
    """`video sent`, `video received from p001`, `video received, extra`: of one probe's streams.

    Those that would be called alike are numbered.
    """
    names = [f"{stream.kind} {_way(stream)}".strip() for stream in streams]
    seen: Counter[str] = Counter()
    found = []
    for stream, name in zip(streams, names, strict=True):
        seen[name] += 1
        number = f" ({seen[name]})" if names.count(name) > 1 else ""
        found.append(f"{name}{number}" if stream.owed else f"{name}{number}, extra")
    return tuple(found)


def _way(stream: StreamIdentity) -> str:
    return "sent" if stream.direction == "outbound" else f"received {from_whom(stream)}"


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
