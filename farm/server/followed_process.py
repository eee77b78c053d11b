"""Follows the media server's process: finds it, locates its control groups, sees it end."""

from __future__ import annotations

from farm.errors import ServerError, ServerUnreachable
from farm.linux.control_groups import Groups, groups, locate_command
from farm.linux.frames import proc_files
from farm.model.server_samples import ServerSample
from farm.model.server_settings import ProcessSettings
from farm.protocols import Clock
from farm.server.conversation import PAUSE_S
from farm.server.life import ProcessLife
from farm.server.process import (
    Followed,
    MediaServerProcess,
    choose_process,
    process_label,
    search_commands,
    unseen_reason,
)
from farm.server.process_list import BOOT_ID
from farm.server.shell import Shell
from farm.server.whole import COMMAND_WITHIN_S, ask

SEARCH_WITHIN_S = PAUSE_S / 2
"""Time limit of each of the two commands that run between two samples."""
SEARCH_EVERY_S = 2.0
SEARCH_UNSEEN_EVERY_S = 10.0
"""For a process that was never seen, perhaps hidden from us: each search costs the server CPU."""


class FollowedProcess:
    """The media server's process as last seen: `process`, `None` while it is not seen.

    `unseen_reason` says why it is not seen. `groups` are its control groups when they were last
    read; `was_seen`: whether it was ever seen.
    """

    def __init__(self, shell: Shell, setting: ProcessSettings, clock: Clock) -> None:
        self._shell = shell
        self._setting = setting
        self._clock = clock
        self.process: MediaServerProcess | None = None
        self.unseen_reason: str | None = None
        self.groups = Groups()
        self.was_seen = False
        self._last: MediaServerProcess | None = None
        self._like: MediaServerProcess | None = None
        self._life = ProcessLife()
        self._boot: str | None = None
        self._search_at_s = 0.0

    @property
    def pid(self) -> int | None:
        return None if self.process is None else self.process.pid

    async def died(self) -> str:
        """Wait until it has ended; return why. Known only while it is sampled."""
        return await self._life.died()

    async def search(
        self, within_s: float = COMMAND_WITHIN_S, *, afresh: bool = False
    ) -> MediaServerProcess | None:
        """Find the process now: the one that was found before, while it lives, else one like it.

        `afresh`: of its server the one that has worked most until now, which later ones are to be
        like. Raises AnswerCut, ServerUnreachable, ServerError.
        """
        process = self._setting
        output = await ask(
            self._shell, "searching for the process", *search_commands(process), within_s=within_s
        )
        self._notice_boot(proc_files(output.split("\n")).get(BOOT_ID))
        followed = Followed(self._last, self._like, self._life.alive_ticks, afresh)
        match, located = choose_process(process, output, followed), self.groups
        if match is not None and match != self.process:
            located = await self._groups_of(match, within_s)
        # Both or neither: if groups could not be read, the process is searched for again.
        self.process, self.groups = match, located
        named = process_label(process) is not None
        self.unseen_reason = (
            None if match or not named else unseen_reason(process, output, followed)
        )
        self._last = match or self._last
        self._like = self._last if afresh else self._like or self._last
        self.was_seen = self.was_seen or match is not None
        pause_s = SEARCH_EVERY_S if self.was_seen else SEARCH_UNSEEN_EVERY_S
        self._search_at_s = self._clock.run_s() + pause_s
        return match

    async def search_if_due(self) -> None:
        """Between two samples: search again if the process is gone. Raises ServerUnreachable."""
        if self.process is not None or self._clock.run_s() < self._search_at_s:
            return
        try:
            self._life.update(await self.search(SEARCH_WITHIN_S))
        except ServerUnreachable:
            raise
        except ServerError:
            # A machine too busy to answer a search is not gone: sampling goes on.
            self._search_at_s = self._clock.run_s() + SEARCH_UNSEEN_EVERY_S

    def update(self, sample: ServerSample, ticks_per_s: float) -> None:
        """Take a sample: the process is alive, or it is gone."""
        if self.process is None:
            return
        if sample.process_pid is None:
            self._life.missed(self.process)
            self.process = None
        elif sample.uptime_s is not None:
            self._life.alive_ticks = sample.uptime_s * ticks_per_s

    async def locate_groups(self) -> None:
        """Read which control groups it is in now; a live process can be moved to others."""
        if self.process is not None:
            self.groups = await self._groups_of(self.process, COMMAND_WITHIN_S)

    def _notice_boot(self, boot: str | None) -> None:
        """After a restart of the machine nothing runs that ran before, and ticks begin at 0."""
        if boot and self._boot and boot != self._boot:
            self._last, self._life.alive_ticks = None, 0.0
        self._boot = boot or self._boot

    async def _groups_of(self, process: MediaServerProcess, within_s: float) -> Groups:
        output = await ask(
            self._shell, "reading its limits", locate_command(process.pid), within_s=within_s
        )
        return groups(proc_files(output.split("\n")), process.pid)
