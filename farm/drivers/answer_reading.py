"""Reads a role's `round_trip`: the data channels on which messages are answered, and by what."""

from __future__ import annotations

from farm.drivers.given import Given
from farm.model.driver import ChannelAnswers

KEYS = ("channel", "member")
EXPECTED = "{channel: LABEL}, with member: NAME where answers are JSON with the same NAME in it"


def read_channel_answers(given: Given) -> tuple[ChannelAnswers, ...]:
    """The channels in one mapping, or in a list of them; none where it is not there."""
    if given.value is None:
        return ()
    several = isinstance(given.value, list) and bool(given.value)
    answers = tuple(map(_answers, given.items(EXPECTED) if several else [given]))
    labels = [each.label for each in answers]
    for label in labels:
        if labels.count(label) > 1:
            raise given.wrong(f"channel {label} is there twice")
    return answers


def _answers(given: Given) -> ChannelAnswers:
    if not isinstance(given.value, dict):
        raise given.must_be(EXPECTED)
    given.mapping(KEYS, EXPECTED)
    channel, member = given.member("channel"), given.member("member")
    if not isinstance(channel.value, str):
        raise channel.must_be("a data channel's label")
    if not (member.value is None or (isinstance(member.value, str) and member.value)):
        raise member.must_be("the name of a member of JSON")
    return ChannelAnswers(channel.value, member.value)
