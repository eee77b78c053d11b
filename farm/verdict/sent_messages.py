"""The messages that others sent and a receiver's data channels should have brought. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.model.data_channels import UNDER_WAY_S, DataInterval

Windows = Sequence[DataInterval]


def senders_on(
    label: str, received: Windows, others: Mapping[str, Mapping[str, Windows]]
) -> Sequence[tuple[str, Windows]]:
    """The senders whose messages come on a receiver's channels of that label, with what they sent.

    `others` are the session's other probes, each with its channels by label. A channel that a
    server opens may be labelled with the sender's name; else it has the label of the sender's own,
    which counts only if anything came on it: some servers have a label of their own for what they
    forward. Empty: it is unknown.
    """
    if label in others:
        sending = [of for of in others[label].values() if any(each.sending for each in of)]
        return [(label, sending[0])] if len(sending) == 1 else []
    if not any(each.messages_received for each in received):
        return []
    return [(sender, of[label]) for sender, of in others.items() if label in of]


def expected_messages(sent: Sequence[tuple[str, Windows]], received: Windows) -> int | None:
    """How many messages of `sent` should have come in the windows of `received`; `None`: unknown.

    It is known where each sender sends on one channel of the label.
    """
    if not sent or any(each.sending > 1 for _, theirs in sent for each in theirs):
        return None
    windows = {each.window for each in received if each.messages_received is not None}
    counts = [each.messages_sent for _, theirs in sent for each in theirs if each.window in windows]
    return sum(count for count in counts if count is not None)


def messages_outside(sent: Sequence[tuple[str, Windows]], received: Windows) -> int:
    """How many messages of `sent` may have come before the windows of `received`, or after them."""
    numbers = [each.window for each in received]
    first, last = min(numbers), max(numbers)
    return sum(messages_at_edges(each, first, last) for _, theirs in sent for each in theirs)


def messages_at_edges(sent: DataInterval, first: int, last: int) -> int:
    """How many of a window's messages may have come before the window `first`, or after `last`."""
    before = sent.first_messages_sent if sent.window == first else 0
    after = sent.last_messages_sent if sent.window == last else 0
    return before + after


def silent_windows(counts: Mapping[int, int | None], due: Sequence[int]) -> frozenset[int]:
    """The windows of `due` without a message until the next of them begins.

    What is sent at the end of a window may come in the next one. `counts` has the windows in which
    the page was polled; `None` is unknown.
    """
    untils = (*due[1:], max(counts, default=-1) + 1)
    return frozenset(
        number
        for number, until in zip(due, untils, strict=False)
        if all(counts.get(at, 0) == 0 for at in range(number, until))
    )


def are_few(messages: int | None, window: DataInterval) -> bool:
    """Whether so many in a window are fewer than one in `UNDER_WAY_S`."""
    return (messages or 0) * UNDER_WAY_S < window.end_s - window.start_s
