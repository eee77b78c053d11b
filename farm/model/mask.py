"""Replaces secret values by `***` in texts that are shown or recorded. Pure."""

from __future__ import annotations

import html
import json
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from urllib.parse import quote, quote_plus

MASKED = "***"

WHOLE_WORDS_BELOW = 4
"""Shorter values (`7`, `en`) are replaced only where they are a whole word."""


@dataclass(slots=True)
class _Bucket:
    """The forms that begin alike, and their lengths, the longest first."""

    forms: set[str] = field(default_factory=set)
    lengths: list[int] = field(default_factory=list)

    def add(self, form: str) -> None:
        self.forms.add(form)
        if len(form) not in self.lengths:
            self.lengths = sorted((*self.lengths, len(form)), reverse=True)


_NOTHING = _Bucket()


class Mask:
    """Replaces each of its secrets, as it is or encoded, in any case of letters.

    An encoded one is as in an address, in JSON, in HTML, in a quoted text, or in Base64. Of two at
    the same place the longer is replaced. A text is read once, however many secrets there are:
    thousands of rows of values are usual.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._buckets: dict[str, _Bucket] = {}
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Replace these from now on, too; empty ones are none."""
        for form in (form for secret in secrets if secret.strip() for form in _forms(secret)):
            lower = _lower(form)
            self._buckets.setdefault(lower[:WHOLE_WORDS_BELOW], _Bucket()).add(lower)

    def __call__(self, text: str) -> str:
        if not self._buckets:
            return text
        lower, kept, at, copied = _lower(text), [], 0, 0
        while at < len(lower):
            length = self._length_at(lower, at)
            if length:
                kept += [text[copied:at], MASKED]
                copied = at + length
            at += length or 1
        return "".join((*kept, text[copied:]))

    def _length_at(self, lower: str, at: int) -> int:
        """The length of the secret at this place; 0: there is none."""
        for beginning in range(WHOLE_WORDS_BELOW, 0, -1):
            bucket = self._buckets.get(lower[at : at + beginning], _NOTHING)
            for length in bucket.lengths:
                if lower[at : at + length] in bucket.forms and (
                    length >= WHOLE_WORDS_BELOW or _is_word(lower, at, at + length)
                ):
                    return length
        return 0


def _lower(text: str) -> str:
    """In small letters, each character in its place: some have a form of two."""
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(each.lower() if len(each.lower()) == 1 else each for each in text)


def _is_word(lower: str, begin: int, end: int) -> bool:
    """Whether no ASCII letter or digit is beside it."""
    beside = lower[begin - 1 : begin] + lower[end : end + 1]
    return not any(each.isascii() and each.isalnum() for each in beside)


def _forms(secret: str) -> Iterator[str]:
    yield secret
    yield " ".join(secret.split())
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    yield html.escape(secret)
    if len(secret) >= WHOLE_WORDS_BELOW:
        yield b64encode(secret.encode()).decode().rstrip("=")
