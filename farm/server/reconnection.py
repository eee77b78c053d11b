"""Opens a dropped connection to the server's machine again, until the server counts as lost."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from farm.errors import AnswerCut, ServerLost, ServerUnreachable
from farm.protocols import Clock
from farm.server.shell import CommandResult, Shell

T = TypeVar("T")

RETRY_S = 1.0


class Reconnection:
    """Runs actions over a shell, reconnecting if need be, for up to `lost_after_s`.

    `is_closed`: the server is being closed; no connection is opened any more.
    """

    def __init__(self, shell: Shell, clock: Clock, lost_after_s: float) -> None:
        self._shell = shell
        self._clock = clock
        self._lost_after_s = lost_after_s
        self.is_closed = False

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        """Run a command. Raises ServerLost; ServerError if it takes too long."""
        if self.is_closed:
            return await self._shell.run(command, within_s, setting)
        return await self.persist(lambda: self._shell.run(command, within_s, setting))

    async def persist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do `action`; again over a new connection, or after a command was killed there.

        Raises ServerLost.
        """
        began_s = self._clock.run_s()
        while True:
            try:
                return await action()
            except ServerUnreachable as error:
                await self.reconnect(began_s, error)
            except AnswerCut as error:
                if self._clock.run_s() >= began_s + self._lost_after_s:
                    raise ServerLost(
                        f"{self._shell.where} gave no complete answer for {self._lost_after_s:g} s:"
                        f" {error}"
                    ) from error
                await self._clock.sleep_until(self._clock.run_s() + RETRY_S)

    async def reconnect(self, since_s: float, why: ServerUnreachable) -> None:
        """Open the shell again; it was lost at `since_s`. Raises ServerLost."""
        while self._clock.run_s() < since_s + self._lost_after_s:
            await self._shell.close()
            await self._clock.sleep_until(self._clock.run_s() + RETRY_S)
            try:
                await self._shell.open()
            except ServerUnreachable as error:
                why = error
            else:
                return
        raise ServerLost(
            f"{self._shell.where} is not reached any more for {self._lost_after_s:g} s: {why}"
        )
