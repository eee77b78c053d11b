"""Names of streams, and when they ended, in words. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from farm.model.trial_evidence import StreamIdentity
from farm.model.wording import one_of
from farm.planning.receivers import NAMED, Receivers, Sent

ENDED_POLLS = 3
"""Polls without a packet, up to the last poll, after which a stream has ended."""


def from_whom(stream: StreamIdentity) -> str:
    """A received stream's possible senders: `from p001`, `from p001 or p002`, `from the server`.

    Empty for a sent stream and for the server's mix.
    """
    if not stream.senders:
        return ""
    if len(stream.senders) > NAMED:
        return f"from one of {len(stream.senders)}"
    return f"from {one_of(stream.senders)}"


def receivers_of(stream: StreamIdentity, known: Mapping[Sent, Receivers]) -> Receivers | None:
    """The receivers of a sent stream; `None` where they are not `known`."""
    if stream.direction == "inbound":
        return None
    return known.get((stream.probe, stream.kind, stream.track))


def stream_names(
    streams: Sequence[StreamIdentity], known: Mapping[Sent, Receivers]
) -> tuple[str, ...]:
    """Names of one probe's streams; `known` are the receivers of those that it sends.

    `video sent`, `video sent to p001`, `video received from p001`, `video received, extra`. Equal
    names are numbered.
    """
    receivers = [receivers_of(stream, known) for stream in streams]
    names = [
        f"{stream.media} {_way(stream, to)}".strip()
        for stream, to in zip(streams, receivers, strict=True)
    ]
    seen: Counter[str] = Counter()
    unique = []
    for stream, name, to in zip(streams, names, receivers, strict=True):
        seen[name] += 1
        number = f" ({seen[name]})" if names.count(name) > 1 else ""
        is_owed = stream.owed or (to is not None and to.owed)
        unique.append(f"{name}{number}" if is_owed else f"{name}{number}, extra")
    return tuple(unique)


def _way(stream: StreamIdentity, to: Receivers | None) -> str:
    if stream.direction == "outbound":
        return "sent" if to is None else f"sent to {to.names}"
    return f"received {from_whom(stream)}"


def has_ended(stream: StreamIdentity, last_poll_s: float | None, poll_s: float) -> bool:
    """Whether a stream ended before the last poll of its page, at `last_poll_s` of run time."""
    if stream.ended_s is None or last_poll_s is None:
        return False
    return stream.ended_s + ENDED_POLLS * poll_s < last_poll_s


def of_hold(at_s: float, hold_s: float | None) -> str:
    """A time of the run in relation to the hold: `12 s into the hold`, `before the hold`."""
    if hold_s is None or at_s < hold_s:
        return "before the hold"
    return f"{at_s - hold_s:.0f} s into the hold"
