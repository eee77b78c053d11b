"""Names of a page's data channels as they are recorded: without secrets, and still told apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

from farm.browser.message_members import LONGEST_TEXT, text

DIGEST_BYTES = 6


@dataclass(frozen=True, slots=True)
class ChannelLabels:
    """Gives the name of a channel without secrets.

    `mask` replaces them: `to-alice` and `to-bob` are both `to-***`. A digest behind it, by a `key`
    that is recorded nowhere, is the same for the same name on all hosts that have the key. Without
    a key there is none, as it could be tried out.
    """

    mask: Callable[[str], str] = str
    key: bytes = field(default=b"", repr=False)

    def __call__(self, label: str) -> str:
        masked = self.mask(label)
        if masked == label or not self.key:
            return text(masked)
        original = label.encode(errors="replace")
        digest = hashlib.blake2s(original, key=self.key, digest_size=DIGEST_BYTES).hexdigest()
        behind = f" #{digest}"
        return text(masked[: LONGEST_TEXT - len(behind)] + behind)
