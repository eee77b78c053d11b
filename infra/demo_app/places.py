"""The places of a stage's users, in which each user's requests are performed in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from infra.demo_app.acts import User


@dataclass(slots=True)
class Place:
    """What a stage has made for one user, each thing a field that its own class adds."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)


P = TypeVar("P", bound=Place)


class Places(dict[User, P], Generic[P]):
    """Each user's place, made by `make` for the first `seating`, removed by `unseating`."""

    def __init__(self, make: Callable[[], P]) -> None:
        super().__init__()
        self._make = make

    @asynccontextmanager
    async def seating(self, user: User) -> AsyncIterator[P]:
        """The user's place, in its turn."""
        place = self.setdefault(user, self._make())
        async with place.turn:
            self[user] = place  # an `unseating` before this turn has removed it
            yield place

    @asynccontextmanager
    async def unseating(self, user: User) -> AsyncIterator[P | None]:
        """The user's place, in its turn, for its release; it stays if that raises.

        `None` where the user has no place.
        """
        place = self.get(user)
        if place is None:
            yield None
            return
        async with place.turn:
            yield place
            if self.get(user) is place:
                del self[user]
