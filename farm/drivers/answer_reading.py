"""Reads a role's `round_trip`: the data channels on which messages are answered, and by what."""

from __future__ import annotations

from farm.drivers.given import Given
from farm.model.driver import ChannelAnswers

KEYS = ("channel", "member", "question", "answer")
EXPECTED = (
    "{channel: LABEL}, with member: NAME where answers are JSON with the same NAME in it, or with "
    "question: and answer: where they are another text"
)
PATTERN = "a text with one * for what question and answer have in common, such as ping *"


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
    question, answer = _pattern(given.member("question")), _pattern(given.member("answer"))
    if (question is None) != (answer is None):
        raise given.wrong("question: and answer: belong together, such as ping * and pong *")
    if question is not None and member.value is not None:
        raise given.wrong("member: is for JSON, question: and answer: for texts: expected one")
    return ChannelAnswers(channel.value, member.value, question, answer)


def _pattern(given: Given) -> str | None:
    if given.value is None:
        return None
    if not isinstance(given.value, str) or given.value.count("*") != 1:
        raise given.must_be(PATTERN)
    return given.value
