"""The members and the thread of a mixer: the part that audio and video mixers share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from infra.embedded_kurento.worker import Worker

Member = TypeVar("Member")


class Mixer(ABC, Generic[Member]):
    """A thread that mixes for `members` from its creation on.

    The event loop calls its methods. `mix` runs on the thread until `worker.stopping` is set, and
    reads `members` anew in each round: the tuple is replaced, never changed.
    """

    def __init__(self, name: str) -> None:
        self.members: tuple[Member, ...] = ()
        self._worker = Worker(name, self.mix)

    @abstractmethod
    def mix(self, worker: Worker) -> None: ...

    def add(self, member: Member) -> None:
        self.members = (*self.members, member)

    def remove(self, member: Member) -> None:
        self.members = tuple(each for each in self.members if each is not member)

    def stop(self) -> None:
        """Tell the thread to end, without waiting for it."""
        self._worker.stop()

    async def close(self) -> None:
        """Stop, and wait until the thread is gone."""
        await self._worker.close()
