"""Roles of a session that the user describes: how many, what they send, what they are owed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from farm.model.webrtc_stats import MediaKind

SentMedia = Literal["audio", "video", "screen"]
"""What a probe can send, each of which is measured and judged; a screen is a second video."""


SERVER = "server"
"""Stands for the media server where roles and probes are named: it sends media of its own."""


def kind_of(media: SentMedia) -> MediaKind:
    """The kind of the stream (W3C webrtc-stats)."""
    return "audio" if media == "audio" else "video"


@dataclass(frozen=True, slots=True)
class RoleStreams:
    """Streams that a probe is owed of a role's probes; `most` of them, `None`: one of each.

    With `SERVER` as the role they are the server's own, of which `None` is one.
    """

    role: str
    media: SentMedia
    most: int | None = None


@dataclass(frozen=True, slots=True)
class SessionRole:
    """A role of which each session has `count`.

    `receives` is `None` for all that the session's other probes send, messages too. `sends_data`:
    messages of data channels; `receives_data` are the roles whose messages it is owed, else.
    """

    name: str
    sends: tuple[SentMedia, ...]
    count: int = 1
    receives: tuple[RoleStreams, ...] | None = None
    sends_data: bool = False
    receives_data: tuple[str, ...] = ()
