"""A room of a plugin of Janus' in a session of its own, from its first use until it is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from farm.errors import JanusError
from farm.janus import JanusClient, JanusSession
from farm.janus.protocol import Json
from infra.demo_app.janus.connection import released


@dataclass(frozen=True, slots=True)
class Room:
    """`id` is the one that Janus gave it, a number or text as it is set up."""

    session: JanusSession
    id: Json


class PluginRoom:
    """Makes the room when it is first opened; `settings` are those of the plugin's `create`."""

    def __init__(
        self, connect: Callable[[], Awaitable[JanusClient]], plugin: str, **settings: Json
    ) -> None:
        self._connect = connect
        self._plugin = plugin
        self._settings = settings
        self._turn = asyncio.Lock()
        self._room: Room | None = None
        self._ended = False

    async def open(self) -> Room | None:
        """The room, made when there is none; `None` after `end`. Raises `JanusError`."""
        async with self._turn:
            if self._room is None and not self._ended:
                session = await (await self._connect()).session()
                try:
                    self._room = Room(session, await self._create(session))
                except JanusError:
                    await released("a session", session.destroy)
                    raise
            return self._room

    async def end(self) -> None:
        """Destroy the room, if any, and its session. Raises only `JanusLost`."""
        self._ended = True
        async with self._turn:
            room, self._room = self._room, None
            if room is not None:
                await released("a room", lambda: self._destroy(room))
                await released("a room's session", room.session.destroy)

    async def _create(self, session: JanusSession) -> Json:
        handle = await session.attach(self._plugin, lambda _: None)
        made = await handle.ask("create", **self._settings)
        await handle.detach()
        return made.data["room"]

    async def _destroy(self, room: Room) -> None:
        handle = await room.session.attach(self._plugin, lambda _: None)
        await handle.ask("destroy", room=room.id)
