"""What reasons and notes say of messages of data channels. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from farm.model.data_channels import ChannelEnd
from farm.model.wording import counted, one_of

NOTHING_SENT = "sent no message"


def nothing_got(senders: Sequence[str]) -> str:
    """`got no message of p001 or p002`: of whoever should have sent some."""
    whom = one_of(senders) if len(senders) <= 3 else f"one of {len(senders)}"
    return f"got no message of {whom}"


def in_the_whole_hold(did: str, *, has_channel: bool) -> str:
    return f"{did} on a data channel" if has_channel else f"{did}: it had no data channel"


def in_some_windows(did: str, windows: int, begin_s: float) -> str:
    """`begin_s` counts from the begin of the hold."""
    count = counted(windows, "window")
    return f"{did} on a data channel in {count}, from {begin_s:.0f} s into the hold on"


def channel_ending(end: ChannelEnd, hold_s: float) -> str:
    """What became of a channel, whose act it was, and when."""
    how = "was closed by its page" if end.by_page else f"{end.state}"
    why = f" ({end.error})" if end.error else ""
    return f"data channel {end.label!r} {how} {end.at_s - hold_s:.0f} s into the hold{why}"


def some_of(probes: Sequence[str]) -> str:
    """The first three of the probes, and how many more."""
    return ", ".join(probes[:3]) + (f" and {len(probes) - 3} more" if len(probes) > 3 else "")
