"""What the two mixing threads of a room have in common: members that come and go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Generic, TypeVar

from infra.embedded_kurento.worker import Worker

Member = TypeVar("Member")


class Mixer(ABC, Generic[Member]):
    """A thread that mixes for `members`, from its making on. Methods are the event loop's.

    `mix` runs on the thread until `worker.stopping` is set, and looks at `members` anew in each
    round: the tuple is replaced, never changed.
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
        """Have the thread end, without waiting for it."""
        self._worker.stop()

    async def close(self) -> None:
        """Stop, and wait until the thread is gone."""
        await self._worker.close()
