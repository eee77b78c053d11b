"""Decisions of `group`: who is in which room. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from infra.demo_app.acts import Acts, End, Seat, Shape, Tell, Unseat, User
from infra.demo_app.messages import JoinRoom


@dataclass(slots=True)
class _Room:
    name: str
    stage: str
    size: int
    shape: Shape
    members: dict[User, str] = field(default_factory=dict)

    def roll(self) -> Acts:
        """Send every member the list of members."""
        names = list(self.members.values())
        said = {"id": "participants", "names": names, "members": self.size}
        return tuple(Tell(user, said) for user in self.members)


class Rooms:
    """Rooms that open with their first member and close with their last."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Room] = {}
        self._places: dict[User, _Room] = {}
        self._numbers = itertools.count(1)

    def join(self, user: User, asked: JoinRoom) -> Acts:
        """Let a user in, or refuse with the reason."""
        if user in self._places:
            return _refusal(user, f"You are in room {self._places[user].name} already.")
        room = self._rooms.get(asked.room)
        if room is not None and len(room.members) >= room.size:
            return _refusal(user, f"Room {room.name} is full ({room.size} of {room.size}).")
        if room is None:
            shape = Shape.MIXED_ROOM if asked.mixed else Shape.ROOM
            room = _Room(asked.room, f"room-{next(self._numbers)}", asked.members, shape)
            self._rooms[asked.room] = room
        room.members[user] = asked.name
        self._places[user] = room
        reply = {"id": "joinRoomResponse", "response": "accepted"}
        offer = asked.offer
        seat = Seat(
            room.stage, room.shape, user, offer.sdp, offer.properties, reply, name=asked.name
        )
        return (seat, *room.roll())

    def leave(self, user: User) -> Acts:
        """Let a user out; the last one closes the room."""
        room = self._places.pop(user, None)
        if room is None:
            return ()
        del room.members[user]
        if room.members:
            return (Unseat(room.stage, user), *room.roll())
        del self._rooms[room.name]
        return (End(room.stage),)

    def gone(self, user: User) -> Acts:
        """Forget a user whose page is gone."""
        return self.leave(user)

    def failed(self, user: User, stage: str, why: str) -> Acts:
        """Remove a user whose seat could not be made; the others stay."""
        room = self._places.get(user)
        if room is None or room.stage != stage:
            return ()
        return (*self.leave(user), *_refusal(user, why))

    def server_gone(self, why: str) -> Acts:
        """Forget every room; its media is gone with the server."""
        users = list(self._places)
        self._rooms.clear()
        self._places.clear()
        return tuple(Tell(user, {"id": "serverGone", "message": why}) for user in users)


def _refusal(user: User, why: str) -> Acts:
    return (Tell(user, {"id": "joinRoomResponse", "response": "rejected", "message": why}),)
