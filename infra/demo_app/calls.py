"""Decisions of `one_to_one`: who is reachable, who calls whom. Pure."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from infra.demo_app.acts import Act, Acts, End, Seat, Shape, Tell, User
from infra.demo_app.messages import Accept, Call, Offer, Register


@dataclass(frozen=True, slots=True)
class _Person:
    name: str
    session: str


@dataclass(slots=True)
class _Talk:
    """Two users from the first ring to the hang-up; `stage` is set once it was accepted."""

    caller: User
    callee: User
    offer: Offer
    record: bool
    stage: str | None = None

    def other(self, user: User) -> User:
        return self.callee if user == self.caller else self.caller


class Calls:
    """Registered users and their calls."""

    def __init__(self) -> None:
        self._people: dict[User, _Person] = {}
        self._talks: dict[User, _Talk] = {}
        self._numbers = itertools.count(1)

    def register(self, user: User, asked: Register) -> Acts:
        """Make a user reachable, unless the name is taken in its session."""
        person = _Person(asked.name, asked.session)
        if self._people.get(user, person) != person:
            return (_refusal(user, "registerResponse", "You are already signed in."),)
        if any(each == person for who, each in self._people.items() if who != user):
            why = f"The name {asked.name} is taken. Choose another one."
            return (_refusal(user, "registerResponse", why),)
        self._people[user] = person
        return (Tell(user, {"id": "registerResponse", "response": "accepted"}),)

    def call(self, user: User, asked: Call) -> Acts:
        """Ring the callee, or say why not: unknown, busy, oneself."""
        caller = self._people.get(user)
        if caller is None:
            return (_refusal(user, "callResponse", "Sign in first."),)
        if user in self._talks:
            return (_refusal(user, "callResponse", "You are in a call already."),)
        callee = self._find(user, caller, asked.to)
        if callee is None:
            whom = f"{asked.to} is" if asked.to else "The other side is"
            return (_refusal(user, "callResponse", f"{whom} not signed in."),)
        name = self._people[callee].name
        if callee == user:
            return (_refusal(user, "callResponse", "You cannot call yourself."),)
        if callee in self._talks:
            return (_refusal(user, "callResponse", f"{name} is busy in another call."),)
        self._talks[user] = self._talks[callee] = _Talk(user, callee, asked.offer, asked.record)
        return (
            Tell(callee, {"id": "incomingCall", "from": caller.name}),
            Tell(user, {"id": "ringing", "to": name}),
        )

    def accept(self, user: User, asked: Accept) -> Acts:
        """Start the call that rings at `user`; no actions if the caller has given up."""
        talk = self._talks.get(user)
        if talk is None or talk.callee != user or talk.stage is not None:
            return ()
        number = next(self._numbers)
        session = self._people[talk.caller].session
        talk.stage = f"call-{number}"
        recorded = re.sub(r"[^A-Za-z0-9_-]", "_", session) or talk.stage
        record = talk.record or asked.record
        sides = (
            (talk.caller, "caller", talk.offer, {"id": "callResponse", "response": "accepted"}),
            (talk.callee, "callee", asked.offer, {"id": "startCommunication"}),
        )
        return tuple(
            Seat(
                talk.stage,
                Shape.CALL,
                who,
                offer.sdp,
                offer.properties,
                {**reply, "recorded": record},
                f"{recorded}-{role}" if record else None,
                self._people[who].name,
            )
            for who, role, offer, reply in sides
        )

    def decline(self, user: User) -> Acts:
        talk = self._talks.get(user)
        if talk is None or talk.callee != user or talk.stage is not None:
            return ()
        self._forget(talk)
        name = self._people[user].name
        return (_refusal(talk.caller, "callResponse", f"{name} declined the call."),)

    def leave(self, user: User) -> Acts:
        """Hang up; both stay registered."""
        return self._end(user, tell=False, why="The other side has left.")

    def gone(self, user: User) -> Acts:
        """Forget a user whose page is gone."""
        acts = self.leave(user)
        self._people.pop(user, None)
        return acts

    def failed(self, user: User, stage: str, why: str) -> Acts:
        """End the call whose seat for `user` could not be made; both are told."""
        talk = self._talks.get(user)
        return self._end(user, tell=True, why=why) if talk and talk.stage == stage else ()

    def server_gone(self, why: str) -> Acts:
        """Forget every call; its media is gone with the server."""
        users = [user for user, talk in self._talks.items() if talk.stage is not None]
        for user in users:
            del self._talks[user]
        return tuple(Tell(user, {"id": "serverGone", "message": why}) for user in users)

    def _find(self, user: User, caller: _Person, to: str) -> User | None:
        for who, person in self._people.items():
            if person.session == caller.session and (person.name == to if to else who != user):
                return who
        return None

    def _end(self, user: User, *, tell: bool, why: str) -> Acts:
        talk = self._talks.get(user)
        if talk is None:
            return ()
        self._forget(talk)
        told = (user, talk.other(user)) if tell else (talk.other(user),)
        acts: tuple[Act, ...] = tuple(
            Tell(who, {"id": "stopCommunication", "message": why, "failed": tell}) for who in told
        )
        return (*acts, End(talk.stage)) if talk.stage is not None else acts

    def _forget(self, talk: _Talk) -> None:
        del self._talks[talk.caller], self._talks[talk.callee]


def _refusal(user: User, id: str, why: str) -> Tell:
    return Tell(user, {"id": id, "response": "rejected", "message": why})
