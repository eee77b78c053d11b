"""Resets the server before a trial, waits for it, compares it with its first start."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from farm.errors import ServerError, ServerUnreachable
from farm.model.server_samples import Footprint, ResetReport
from farm.model.server_settings import ServerSettings
from farm.protocols import Clock, Restart
from farm.server.another_boot import another_boot
from farm.server.followed_process import FollowedProcess
from farm.server.footprint import differences
from farm.server.process import MediaServerProcess
from farm.server.reconnection import Reconnection
from farm.server.shell import Shell
from farm.server.until import until

REPLACED_WITHIN_S = 5.0
CALM_WITHIN_S = 10.0
"""Time limit for the CPU use of a start to end."""


class ServerReset:
    """Makes the server fresh, by the settings' command or by a `restart` of its whole machine.

    `answers` asks the media server whether it answers; it may raise KurentoError instead of saying
    no. `footprint` measures it.
    """

    def __init__(
        self,
        shell: Shell,
        connection: Reconnection,
        process: FollowedProcess,
        clock: Clock,
        settings: ServerSettings,
        *,
        answers: Callable[[], Awaitable[bool]],
        footprint: Callable[[], Awaitable[Footprint]],
        restart: Restart | None,
    ) -> None:
        self._shell = shell
        self._connection = connection
        self._process = process
        self._clock = clock
        self._has_api = settings.kurento is not None or settings.janus is not None
        self._settings = settings.reset
        self._answers = answers
        self._footprint = footprint
        self._restart = restart
        self._replaces: bool | None = None  # whether the command replaces the process, as observed

    async def reset(self, like: Footprint | None) -> ResetReport:
        """Run the reset command until the server is fresh, at most `retries` times more.

        Fresh: it answers, its process is another (or stayed, where the command never restarted
        it) and stays, and its footprint is near `like`. Raises ServerLost.
        """
        if self._settings.command is None and self._restart is None:
            # A server that died may be restarting: by systemd, or a container's restart policy.
            back = await until(self._clock, self._ready, self._settings.ready_within_s)
            await self._search(afresh=True)
            footprint = await self._footprint()
            why = self._unseen() if back else (self._silent(),)
            return ResetReport(False, 0, footprint, (*why, *self._differences(footprint, like)))
        report = await self._reset_once(1, like)
        while not report.clean and report.attempts <= self._settings.retries:
            report = await self._reset_once(report.attempts + 1, like)
        return report

    async def _search(self, *, afresh: bool = False) -> MediaServerProcess | None:
        return await self._connection.persist(partial(self._process.search, afresh=afresh))

    async def _ready(self) -> bool:
        """Whether it answers (of neither Kurento nor Janus, its page) and its process exists."""
        if not await self._answers():
            return False
        unknown = self._has_api or not self._process.was_seen
        return unknown or await self._search() is not None

    async def _reset_once(self, attempt: int, like: Footprint | None) -> ResetReport:
        before = await self._search(afresh=True)
        refused = await self._command_or_restart()
        if refused is not None:
            return ResetReport(False, attempt, None, (refused,))
        if not await self._gone(before):
            still = f"its process is still the one from before the reset, {before}"
            why = self._process.unseen_reason or still
            return ResetReport(False, attempt, None, (why,))
        give_up_s = self._clock.run_s() + self._settings.ready_within_s
        while True:
            process = self._process.process
            if not await until(self._clock, self._ready, give_up_s - self._clock.run_s()):
                why = self._silent("after the reset ")
                return ResetReport(False, attempt, None, (why,))
            footprint = await self._calm_footprint(like)
            if self._process.process == process:
                differences = (*self._unseen(), *self._differences(footprint, like))
                return ResetReport(True, attempt, footprint, differences)
            if self._clock.run_s() >= give_up_s:
                why = f"its process does not stay: {process}, then {self._process.process}"
                return ResetReport(False, attempt, footprint, (why,))

    async def _command_or_restart(self) -> str | None:
        """Run the reset of the settings; return why it failed, `None` if it worked."""
        within_s, command = self._settings.ready_within_s, self._settings.command
        if self._restart is not None:
            return await another_boot(self._shell, self._restart, self._clock, within_s)
        assert command is not None  # noqa: S101 - `reset` checked it
        try:
            answer = await self._shell.run(command, within_s, "server.reset.ready_within")
        except ServerUnreachable as error:
            # The command may have restarted the machine or its SSH server: reconnect.
            await self._connection.reconnect(self._clock.run_s(), error)
            return None
        except ServerError as error:
            return str(error)
        if answer.status == 0:
            return None
        return f"`{command}` ended with status {answer.status}: {answer.complaint}"

    async def _gone(self, before: MediaServerProcess | None) -> bool:
        """Wait until the process is another: one that answers at once may be the old one, ending.

        A command that never replaced the process is expected to keep it. False if it replaced it
        before and does not now.
        """
        known_to_stay = before is None or self._replaces is False
        within_s = REPLACED_WITHIN_S if known_to_stay else self._settings.ready_within_s
        replaced = await until(self._clock, lambda: self._replaced(before), within_s)
        if before is not None and (replaced or not self._replaces):
            self._replaces = replaced
        return replaced or not self._replaces or before is None

    async def _replaced(self, before: MediaServerProcess | None) -> bool:
        now = await self._search()
        return now is not None and now != before

    async def _calm_footprint(self, like: Footprint | None) -> Footprint:
        """The footprint when it is near `like`, or (without `like`) when it falls no more.

        The last one measured if that takes too long.
        """
        footprint = await self._footprint()
        calm_by_s = self._clock.run_s() + CALM_WITHIN_S
        while self._clock.run_s() < calm_by_s:
            if like is not None and not self._differences(footprint, like):
                break
            before, footprint = footprint, await self._footprint()
            if like is None and not self._differences(before, footprint):
                break
        return footprint

    def _unseen(self) -> tuple[str, ...]:
        """Why its process, which was seen before, is not any more."""
        reason = self._process.unseen_reason
        return (reason,) if self._process.was_seen and reason is not None else ()

    def _silent(self, when: str = "") -> str:
        within_s = self._settings.ready_within_s
        why = "".join(f"; {reason}" for reason in self._unseen())
        silent = f"the server did not answer within {within_s:g} s {when}"
        return f"{silent}(server.reset.ready_within){why}"

    def _differences(self, footprint: Footprint, like: Footprint | None) -> tuple[str, ...]:
        within = self._settings.within_of_baseline
        return () if like is None else differences(footprint, like, within)
