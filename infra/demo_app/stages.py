"""What the application asks of a media server: a stage for each session, seats for its pages.

`kurento` and `janus` implement it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, TypeAlias

from farm.errors import JanusError, JanusRefused, KurentoError, KurentoRefused
from infra.demo_app.acts import Seat, Shape, User
from infra.demo_app.messages import IceCandidate, SdpAnswer

ToPage: TypeAlias = Callable[[User, Mapping[str, Any]], None]
"""Sends a message to a page; never blocks, never raises."""

MediaServerErrors = (KurentoError, JanusError)
"""Whatever a media server may answer, or not answer."""

ANSWER_WITHIN_S = 15.0  # the first endpoint after a start takes 3 s, more on a loaded machine

_log = logging.getLogger(__name__)


class Candidates:
    """The ICE candidates of one offer of a page, kept until its endpoint has answered."""

    def __init__(self) -> None:
        self._early: list[IceCandidate] = []
        self._endpoint: Callable[[IceCandidate], Awaitable[None]] | None = None

    async def add(self, candidate: IceCandidate) -> None:
        """Pass a candidate on, or keep it. Raises what `MediaServerErrors` names."""
        if self._endpoint is None:
            self._early.append(candidate)
        else:
            await self._endpoint(candidate)

    async def flow_to(self, endpoint: Callable[[IceCandidate], Awaitable[None]]) -> None:
        """Pass on what was kept, and from now on each candidate as it comes.

        A refused candidate ends no seat: another may work, and the page reports if none does.
        """
        self._endpoint = endpoint
        early, self._early = self._early, []
        for candidate in early:
            try:
                await self.add(candidate)
            except (KurentoRefused, JanusRefused) as error:
                _log.warning("a candidate was refused: %s", error)


class Stage(Protocol):
    """The seats of one session; whoever made it calls `end()`.

    Requests of one user are performed in order; users do not wait for each other. What may go wrong
    is in `MediaServerErrors`.
    """

    async def seat(self, seat: Seat, candidates: Candidates) -> None:
        """Give the user its connection and send it the answer. Does nothing after `end`.

        `unseat` releases what was made until an error.
        """

    async def hear(self, user: User, message: SdpAnswer | IceCandidate) -> None:
        """What a page says of a connection that the stage has offered it."""

    async def unseat(self, user: User) -> None:
        """Release what the user has; the others stay. Raises only that the server is lost."""

    async def end(self) -> None:
        """Release everything, in an order that the server survives. Raises likewise."""


class MediaServer(Protocol):
    """The application's connection to a media server, opened when first needed."""

    @property
    def offers(self) -> bool:
        """Whether it makes the offer to a page that is called, or only receives."""

    def stage(self, shape: Shape, to_page: ToPage) -> Stage: ...

    async def close(self, *, end_session: bool) -> None:
        """Close the connection, if any; whoever watches it is not told any more."""


Connect: TypeAlias = Callable[[Callable[[str], None]], MediaServer]
"""Makes the `MediaServer`; it calls what it is given, with one line, when the server was lost."""
