"""Evidence of data channels: messages by probe, label and window, and what became of channels."""

from __future__ import annotations

from dataclasses import dataclass

UNDER_WAY_S = 2.0
"""What is sent in so many seconds before a moment may come after it: the sender is polled once a
second, and so is the receiver."""


@dataclass(frozen=True, slots=True)
class DataInterval:
    """A probe's data channels of one label in one window of the hold.

    `channels` is how many of them were open at its last poll, `sending` on how many of them it sent
    any message. `polls` counts those of the page: with none all figures are unknown. Of
    `messages_sent` the window's first poll counted `first_messages_sent`, which may have come
    before it, and the polls of its last `UNDER_WAY_S` counted `last_messages_sent`, which may come
    after it. Of a probe that owes messages, or is owed any, there is one without a label for each
    window, with the sums of all its labels; only that has `silence_s`, the longest time without a
    received message that ended in the window, and `silent_at_end_s`, how long it had been at its
    end. Either may begin before the hold; `None`: none ended, none came up to the hold's end.
    `round_trip_time_s` is the mean time to an answer,
    where the driver says what an answer is; `connection_round_trip_s` is that of ICE's checks,
    which no message has to wait for.
    """

    probe: str
    label: str | None
    window: int
    start_s: float
    end_s: float
    polls: int
    channels: int = 0
    sending: int = 0
    messages_sent: int | None = None
    bytes_sent: int | None = None
    messages_received: int | None = None
    bytes_received: int | None = None
    round_trip_time_s: float | None = None
    answers: int | None = None
    connection_round_trip_s: float | None = None
    first_messages_sent: int = 0
    last_messages_sent: int = 0
    silence_s: float | None = None
    silent_at_end_s: float | None = None


@dataclass(frozen=True, slots=True)
class ChannelEnd:
    """A data channel of a probe closed, or failed, at `at_s`; `by_page`: its page closed it."""

    probe: str
    label: str
    at_s: float
    state: str
    by_page: bool
    error: str | None = None
