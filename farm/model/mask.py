"""Replaces secret values by `***` in texts that are shown or recorded. Pure."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

MASKED = "***"

WHOLE_WORDS_BELOW = 4
"""Shorter values (`7`, `en`) are replaced only where they are a whole word."""


class Mask:
    """Replaces each of its secrets, as it is or encoded, in any case of letters.

    An encoded one is as in an address, in JSON, in HTML, in a quoted text, or in Base64.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Replace these from now on, too; empty ones are none."""
        forms = {form.lower() for secret in secrets if secret.strip() for form in _forms(secret)}
        # The longest first: another secret may be a part of it.
        self._forms = sorted(forms.union(self._forms), key=lambda form: (-len(form), form))

    def __call__(self, text: str) -> str:
        lower = text.lower()
        for form in self._forms:
            if form in lower:
                text = re.sub(_pattern(form), MASKED, text, flags=re.IGNORECASE)
                lower = text.lower()
        return text


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


def _pattern(form: str) -> str:
    exact = re.escape(form)
    if len(form) >= WHOLE_WORDS_BELOW:
        return exact
    return rf"(?<![A-Za-z0-9]){exact}(?![A-Za-z0-9])"
