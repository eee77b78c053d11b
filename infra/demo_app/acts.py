"""What a decision leads to: actions as values, which `server.App` performs in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, TypeAlias

User: TypeAlias = int
"""A connected page, numbered by the server."""


class Shape(Enum):
    """How the seats of a stage are wired in the media server."""

    CALL = "each seat to the other"
    ROOM = "each seat to every other seat where the server forwards, else to a mixer and back"
    MIXED_ROOM = "each seat to a mixer and back"
    BROADCAST = "the first seat to every later one"


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to a page."""

    user: User
    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Seat:
    """Give a page an endpoint on a stage, made when it is the first, and send it the answer.

    `properties` are set on the endpoint before the offer is processed. `recording` is the file's
    name, without directory and suffix, when what the page sends is to be recorded. The answer is
    `reply` with `sdpAnswer` added. Without an `offer` the media server makes one: the page is sent
    it in a message `offer`. `name` is what the page's user is called.
    """

    stage: str
    shape: Shape
    user: User
    offer: str | None
    properties: Mapping[str, int]
    reply: Mapping[str, Any]
    recording: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Unseat:
    """Take a page's endpoint away; the stage goes on."""

    stage: str
    user: User


@dataclass(frozen=True, slots=True)
class End:
    """Take a stage down with all its seats."""

    stage: str


Act: TypeAlias = Tell | Seat | Unseat | End
Acts: TypeAlias = tuple[Act, ...]


class Scenario(Protocol):
    """What `Calls`, `Rooms` and `Broadcasts` have in common; nothing in it waits."""

    def leave(self, user: User) -> Acts:
        """The user stops taking part; no actions if it does not."""

    def gone(self, user: User) -> Acts:
        """The user's page is gone."""

    def failed(self, user: User, stage: str, why: str) -> Acts:
        """The user's seat could not be made; no actions if the user has left since."""

    def server_gone(self, why: str) -> Acts:
        """The media server died, and with it every stage."""
