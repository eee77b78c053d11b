"""The media server's process, followed: looked for, its control groups, whether it has ended."""

from __future__ import annotations

from farm.errors import ServerError, ServerUnreachable
from farm.linux.control_groups import Groups, groups, look_for
from farm.linux.frames import proc_files
from farm.model.server_samples import ServerSample
from farm.model.server_settings import ProcessSettings
from farm.protocols import Clock
from farm.server.conversation import PAUSE_S
from farm.server.life import ProcessLife
from farm.server.process import Found, chosen, described, search, unseen
from farm.server.shell import Shell
from farm.server.whole import COMMAND_WITHIN_S, ask

SEARCH_WITHIN_S = PAUSE_S / 2
"""Each of two commands between questions."""
SEARCH_EVERY_S = 2.0
SEARCH_UNSEEN_EVERY_S = 10.0
"""A process that was never seen is perhaps hidden from us: looking for it costs the server."""


class FollowedProcess:
    """`found` is the process, `None` while it is not seen, which `unseen` explains.

    `groups` are its control groups when they were looked at last; `was_seen`: at any time.
    """

    def __init__(self, shell: Shell, setting: ProcessSettings, clock: Clock) -> None:
        self._shell = shell
        self._setting = setting
        self._clock = clock
        self.found: Found | None = None
        self.unseen: str | None = None
        self.groups = Groups()
        self.was_seen = False
        self._life = ProcessLife()
        self._search_at_s = 0.0

    @property
    def pid(self) -> int | None:
        return None if self.found is None else self.found.pid

    async def died(self) -> str:
        """Wait until it has ended; why. Known only while it is sampled."""
        return await self._life.died()

    async def search(self, within_s: float = COMMAND_WITHIN_S) -> Found | None:
        """Look for it now. Raises AnswerCut, ServerUnreachable, ServerError."""
        process = self._setting
        said = await ask(
            self._shell, "looking for the process", *search(process), within_s=within_s
        )
        found, where = chosen(process, said), self.groups
        if found is not None and found != self.found:
            where = await self._groups_of(found, within_s)
        # All of it, or nothing where a question was not answered: half would never be asked again.
        self.found, self.groups = found, where
        named = described(process) is not None
        self.unseen = None if found or not named else unseen(process, said)
        self.was_seen = self.was_seen or found is not None
        pause_s = SEARCH_EVERY_S if self.was_seen else SEARCH_UNSEEN_EVERY_S
        self._search_at_s = self._clock.run_s() + pause_s
        return found

    async def search_if_due(self) -> None:
        """Between two samples: look for it again when it is gone. Raises ServerUnreachable."""
        if self.found is not None or self._clock.run_s() < self._search_at_s:
            return
        try:
            self._life.look(await self.search(SEARCH_WITHIN_S))
        except ServerUnreachable:
            raise
        except ServerError:
            # A machine too busy to be searched is not gone: the other figures go on.
            self._search_at_s = self._clock.run_s() + SEARCH_UNSEEN_EVERY_S

    def sampled(self, sample: ServerSample, ticks_per_s: float) -> None:
        """What a sample says of it: it lives, or it is not there any more."""
        if self.found is None:
            return
        if sample.process_pid is None:
            self._life.missed(self.found)
            self.found = None
        elif sample.uptime_s is not None:
            self._life.alive_ticks = sample.uptime_s * ticks_per_s

    async def look_at_groups(self) -> None:
        """Where its control groups are now; a living process can be moved to others."""
        if self.found is not None:
            self.groups = await self._groups_of(self.found, COMMAND_WITHIN_S)

    async def _groups_of(self, process: Found, within_s: float) -> Groups:
        said = await ask(
            self._shell, "looking at its limits", look_for(process.pid), within_s=within_s
        )
        return groups(proc_files(said.split("\n")), process.pid)
