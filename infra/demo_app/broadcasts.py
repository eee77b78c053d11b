"""Decisions of `broadcast`: who presents, who views, who waits for a presenter. Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from infra.demo_app.acts import Acts, End, Seat, Shape, Tell, Unseat, User
from infra.demo_app.messages import Present, View


@dataclass(slots=True)
class _Broadcast:
    """One room. It is live once its presenter has a seat; until then viewers wait."""

    room: str
    stage: str = ""
    presenter: User | None = None
    presenter_name: str = ""
    live: bool = False
    watching: set[User] = field(default_factory=set)
    waiting: set[User] = field(default_factory=set)

    def audience(self) -> Acts:
        """Tell the presenter how many watch."""
        if self.presenter is None or not self.live:
            return ()
        return (Tell(self.presenter, {"id": "viewers", "count": len(self.watching)}),)


class Broadcasts:
    """Rooms with one presenter, who may come late, go and come back, and viewers."""

    def __init__(self) -> None:
        self._rooms: dict[str, _Broadcast] = {}
        self._places: dict[User, _Broadcast] = {}
        self._numbers = itertools.count(1)

    def present(self, user: User, asked: Present) -> Acts:
        """Make a user the presenter, unless there is one."""
        if user in self._places:
            return _refusal(user, "presenterResponse", "You are in a broadcast already.")
        room = self._room(asked.room)
        if room.presenter is not None:
            why = f"{room.presenter_name} presents in room {room.room} already."
            return _refusal(user, "presenterResponse", why)
        room.stage = f"broadcast-{next(self._numbers)}"
        room.presenter, room.presenter_name, room.live = user, asked.name, False
        self._places[user] = room
        reply = {"id": "presenterResponse", "response": "accepted"}
        offer = asked.offer
        return (
            Seat(
                *(room.stage, Shape.BROADCAST, user, offer.sdp, offer.properties, reply),
                name=asked.name,
            ),
        )

    def view(self, user: User, asked: View) -> Acts:
        """Give a viewer a seat, or have it wait for the presenter."""
        current = self._places.get(user)
        if current is not None and (current.room != asked.room or user not in current.waiting):
            return _refusal(user, "viewerResponse", "You are in a broadcast already.")
        room = self._room(asked.room)
        self._places[user] = room
        if not room.live:
            room.waiting.add(user)
            why = f"No presenter in room {room.room} yet. The picture starts when one arrives."
            return (Tell(user, {"id": "viewerResponse", "response": "waiting", "message": why}),)
        room.waiting.discard(user)
        room.watching.add(user)
        reply = {
            "id": "viewerResponse",
            "response": "accepted",
            "presenter": room.presenter_name,
        }
        offer = asked.offer
        seat = Seat(room.stage, Shape.BROADCAST, user, offer.sdp, offer.properties, reply)
        return (seat, *room.audience())

    def seated(self, user: User, stage: str) -> Acts:
        """Go live once the presenter is seated: the viewers who wait may ask again."""
        room = self._places.get(user)
        if room is None or room.stage != stage or room.presenter != user:
            return ()
        room.live = True
        said = {"id": "presenterArrived", "presenter": room.presenter_name}
        return (*room.audience(), *(Tell(each, said) for each in sorted(room.waiting)))

    def leave(self, user: User) -> Acts:
        """Let a user go; without presenter its viewers wait for the next one."""
        room = self._places.pop(user, None)
        if room is None:
            return ()
        acts: Acts = ()
        if room.presenter == user:
            why = f"{room.presenter_name} has stopped. The picture starts again on return."
            said = {"id": "presenterGone", "message": why}
            acts = (*(Tell(each, said) for each in sorted(room.watching)), End(room.stage))
            room.waiting |= room.watching
            room.watching.clear()
            room.presenter, room.live = None, False
        elif user in room.watching:
            room.watching.discard(user)
            acts = (Unseat(room.stage, user), *room.audience())
        room.waiting.discard(user)
        if room.presenter is None and not room.waiting:
            del self._rooms[room.room]
        return acts

    def gone(self, user: User) -> Acts:
        """Forget a user whose page is gone."""
        return self.leave(user)

    def failed(self, user: User, stage: str, why: str) -> Acts:
        """Remove a user whose seat could not be made."""
        room = self._places.get(user)
        if room is None or room.stage != stage or user in room.waiting:
            return ()
        id = "presenterResponse" if room.presenter == user else "viewerResponse"
        return (*self.leave(user), *_refusal(user, id, why))

    def server_gone(self, why: str) -> Acts:
        """Forget every live broadcast; rooms in which users only wait stay."""
        told = [user for user, room in self._places.items() if user not in room.waiting]
        for user in told:
            room = self._places.pop(user)
            room.presenter, room.live = None, False
            room.watching.clear()
            if not room.waiting:
                self._rooms.pop(room.room, None)
        return tuple(Tell(user, {"id": "serverGone", "message": why}) for user in told)

    def _room(self, name: str) -> _Broadcast:
        return self._rooms.setdefault(name, _Broadcast(name))


def _refusal(user: User, id: str, why: str) -> Acts:
    return (Tell(user, {"id": id, "response": "rejected", "message": why}),)
