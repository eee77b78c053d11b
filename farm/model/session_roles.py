"""Roles of a session that the user describes: how many, what they send, what they are owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SentMedia = Literal["audio", "video"]
"""What a probe can send: all of these are measured and judged."""


@dataclass(frozen=True, slots=True)
class RoleStreams:
    """Streams that a probe is owed of a role's probes; `most` of them, `None`: one of each."""

    role: str
    media: SentMedia
    most: int | None = None


@dataclass(frozen=True, slots=True)
class SessionRole:
    """A role of which each session has `count`.

    `receives` is `None` for all that the session's other probes send.
    """

    name: str
    sends: tuple[SentMedia, ...]
    count: int = 1
    receives: tuple[RoleStreams, ...] | None = None
