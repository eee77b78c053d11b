"""The messages that others sent and a receiver's data channels should have brought. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.model.data_channels import DataInterval

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
