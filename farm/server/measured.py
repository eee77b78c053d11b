"""The system under test, as `farm.protocols.Server`: its machine by a shell, sampled and reset.

One channel runs `sample_server.sh` for as long as a trial listens; the rest are short commands. A
connection that drops is opened again for `lost_after_s`; then the server is lost.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import TypeVar
from urllib.parse import urlsplit

from farm.errors import AnswerCut, ServerError, ServerLost, ServerUnreachable
from farm.linux.control_groups import Groups, groups, look_at_limits, look_for, read_limits
from farm.linux.frames import proc_files
from farm.linux.network import Interface
from farm.model.server_samples import Footprint, Gap, ResetReport, ServerFacts, ServerSample
from farm.model.server_settings import ResetSettings, ServerSettings
from farm.protocols import Clock, Restart
from farm.server.another_boot import another_boot
from farm.server.conversation import PAUSE_S, Conversation, conversation
from farm.server.footprint import differences
from farm.server.interface import choose_interface, look_inside, read_inside
from farm.server.life import ProcessLife
from farm.server.machine import COMMAND, MachineFacts, read_machine
from farm.server.process import Found, chosen, described, search, unseen
from farm.server.recordings import RecordingsDirectory
from farm.server.sampling import Sampling
from farm.server.shell import CommandResult, Shell
from farm.server.until import until
from farm.server.whole import whole, whole_text

T = TypeVar("T")

PERIOD_S = 1.0
COMMAND_WITHIN_S = 20.0
SEARCH_WITHIN_S = PAUSE_S / 2
"""Each of two commands between questions."""
FOOTPRINT_S = 2.0
RETRY_S = 1.0
REPLACED_WITHIN_S = 5.0
CALM_WITHIN_S = 10.0
"""A start takes CPU for a while; what is above the baseline after that stays there."""
SEARCH_EVERY_S = 2.0
SEARCH_UNSEEN_EVERY_S = 10.0
"""A process that was never seen is perhaps hidden from us: looking for it costs the server."""


class MeasuredServer:
    """Implements `farm.protocols.Server`.

    `settings.kurento` must be an address by now, not `embedded`; `page` is the address of the page
    in front of a server that is no Kurento. `ready` asks the media server whether it answers; it
    may raise KurentoError instead of saying no. With `restart` each reset makes the whole machine
    new, and the settings' command is not used.
    """

    def __init__(
        self,
        shell: Shell,
        settings: ServerSettings,
        clock: Clock,
        ready: Callable[[], Awaitable[bool]],
        lost_after_s: float = 60.0,
        *,
        restart: Restart | None = None,
        page: str | None = None,
    ) -> None:
        self._shell = shell
        self._restart = restart
        self._settings = settings
        self._clock = clock
        self._answers = ready
        self._address = settings.kurento or page
        self._lost_after_s = lost_after_s
        self._machine: MachineFacts | None = None
        self._interface: Interface | None = None
        self._process: Found | None = None
        self._unseen: str | None = None
        self._groups = Groups()
        self._seen = False
        self._life = ProcessLife()
        self._replaces: bool | None = None  # does the reset give another process? by what was seen
        self._search_at_s = 0.0
        self._closed = False
        self._recordings = RecordingsDirectory(self._run, shell.where, settings.recordings)

    @property
    def recordings(self) -> RecordingsDirectory:
        """Not to be asked while `samples` is listened to: both would open a lost connection."""
        return self._recordings

    @property
    def pid(self) -> int | None:
        return None if self._process is None else self._process.pid

    async def open(self) -> ServerFacts:
        """Connect and look around. A process that cannot be seen is no error: `pid` is `None`.

        Raises ServerUnreachable, HostKeyUnknown, LoginRefused, BadInput.
        """
        self._closed = False
        await self._shell.open()
        self._machine = read_machine(await self._ask("looking around", COMMAND))
        await self._search()
        self._interface = await self._choose_interface(self._machine)
        quota_cores = await self._cpu_quota()
        async with self._conversation():  # as in a trial: what samples it, and a command beside
            await self._shell.run("true", COMMAND_WITHIN_S, "looking around")
        return ServerFacts(
            hostname=self._machine.hostname,
            kernel=self._machine.kernel,
            cores=self._machine.cores,
            cpu_model=self._machine.cpu_model,
            memory_bytes=self._machine.memory_bytes,
            process=described(self._settings.process),
            pid=self._process.pid if self._process else None,
            program=self._process.program if self._process else None,
            unseen=self._unseen,
            interface=self._interface.name if self._interface else None,
            reached=self._shell.where,
            interface_bps=self._machine.interface_bps.get(
                self._interface.name if self._interface else ""
            ),
            architecture=self._machine.architecture,
            instance_type=self._machine.instance_type,
            cpu_quota_cores=quota_cores,
        )

    async def close(self) -> None:
        self._closed = True
        try:
            with suppress(ServerError):
                await self._recordings.leave()
        finally:
            await self._shell.close()

    async def samples(self) -> AsyncGenerator[ServerSample | Gap]:
        """One a second, a Gap when sampling could go on after a drop.

        Raises ServerLost when the connection stayed away.
        """
        last_s = self._clock.run_s()
        dropped: ServerUnreachable | None = None
        while True:
            try:
                async with self._conversation() as talk:
                    due_s = self._clock.run_s()
                    while True:
                        sample = await self._sample(talk)
                        if sample is not None:
                            if dropped is not None:
                                yield Gap(last_s, sample.received_s, str(dropped))
                                dropped = None
                            last_s = sample.received_s
                            yield sample
                        due_s = max(due_s + PERIOD_S, self._clock.run_s())
                        await self._clock.sleep_until(due_s)
            except ServerUnreachable as error:
                if self._closed:
                    return
                dropped = dropped or error
                await self._reconnect(last_s, error)

    async def died(self) -> str:
        """Wait until its process has ended; why. Known only while `samples` is listened to."""
        return await self._life.died()

    async def footprint(self) -> Footprint:
        """The mean of two seconds. Raises ServerLost."""
        return await self._persist(self._footprint)

    async def reset(self, like: Footprint | None) -> ResetReport:
        """Run the reset command until the server is fresh, at most `retries` times more.

        Fresh: it answers, its process is another (or stayed, where the command never restarted
        it) and stays, and its footprint is near `like`. Raises ServerLost.
        """
        settings = self._settings.reset
        if settings.command is None and self._restart is None:
            # One that died is perhaps on its way back: systemd, or a container's policy, does it.
            back = await until(self._clock, self._ready, settings.ready_within_s)
            footprint = await self.footprint()
            silent = () if back else (self._silent(),)
            return ResetReport(False, 0, footprint, (*silent, *self._differences(footprint, like)))
        report = await self._reset_once(1, like)
        while not report.clean and report.attempts <= settings.retries:
            report = await self._reset_once(report.attempts + 1, like)
        return report

    # ------------------------------------------------------------ sampling

    def _conversation(self) -> AbstractAsyncContextManager[Conversation]:
        assert self._machine is not None, "open() comes first"  # noqa: S101
        sampling = Sampling(self._machine, self._interface, self._settings.cores)
        return conversation(self._shell, sampling, self._clock)

    async def _sample(self, talk: Conversation) -> ServerSample | None:
        """Ask once; look for the process again when it is gone."""
        if self._process is None and self._clock.run_s() >= self._search_at_s:
            try:
                self._life.look(await self._search(SEARCH_WITHIN_S))
            except ServerUnreachable:
                raise
            except ServerError:
                # A machine too busy to be searched is not gone: the other figures go on.
                self._search_at_s = self._clock.run_s() + SEARCH_UNSEEN_EVERY_S
        sample = await talk.ask(self._process.pid if self._process else None, self._groups)
        if sample is None or self._process is None:
            return sample
        if sample.process_pid is None:
            self._life.missed(self._process)
            self._process = None
        elif sample.uptime_s is not None and self._machine is not None:
            self._life.alive_ticks = sample.uptime_s * self._machine.ticks_per_s
        return sample

    async def _search(self, within_s: float = COMMAND_WITHIN_S) -> Found | None:
        process = self._settings.process
        said = await self._ask("looking for the process", *search(process), within_s=within_s)
        found, where = chosen(process, said), self._groups
        if found is not None and found != self._process:
            where = await self._groups_of(found, within_s)
        # All of it, or nothing where a question was not answered: half would never be asked again.
        self._process, self._groups = found, where
        named = described(process) is not None
        self._unseen = None if found or not named else unseen(process, said)
        self._seen = self._seen or found is not None
        pause_s = SEARCH_EVERY_S if self._seen else SEARCH_UNSEEN_EVERY_S
        self._search_at_s = self._clock.run_s() + pause_s
        return found

    async def _look_at_groups(self) -> None:
        """Where its control groups are now; a living process can be moved to others."""
        if self._process is not None:
            self._groups = await self._groups_of(self._process, COMMAND_WITHIN_S)

    async def _groups_of(self, process: Found, within_s: float) -> Groups:
        said = await self._ask("looking at its limits", look_for(process.pid), within_s=within_s)
        return groups(proc_files(said.split("\n")), process.pid)

    async def _cpu_quota(self) -> float | None:
        """In cores; `None` without one, or where it cannot be seen."""
        await self._look_at_groups()
        if not self._groups.cpu:
            return None
        said = await self._ask("looking at its limits", look_at_limits(self._groups))
        limits = read_limits(proc_files(said.split("\n")), self._groups)
        return None if limits is None else limits.cores

    async def _choose_interface(self, machine: MachineFacts) -> Interface | None:
        """Of the machine, or in the network namespace of the process that was found."""
        inside = None
        if self._process is not None:
            pid = self._process.pid
            inside = read_inside(pid, await self._ask("looking at its network", look_inside(pid)))
        addresses = await _addresses(self._address)
        setting = self._settings.interface
        return choose_interface(setting, machine, addresses, self._shell.here, inside)

    async def _footprint(self) -> Footprint:
        await self._search()
        await self._look_at_groups()
        async with self._conversation() as talk:
            await self._sample(talk)
            await self._clock.sleep_until(self._clock.run_s() + FOOTPRINT_S)
            sample = await self._sample(talk)
        assert sample is not None, "the second answer has something to compare to"  # noqa: S101
        own = sample.process_cpu_percent
        return Footprint(
            cpu_percent=sample.cpu_percent if own is None else own,
            process_rss_bytes=sample.process_rss_bytes,
            process_threads=sample.process_threads,
            process_descriptors=sample.process_descriptors,
        )

    # ------------------------------------------------------------ reset

    async def _ready(self) -> bool:
        """It answers. Of one that is no Kurento its page does; its process must be there, too."""
        if not await self._answers():
            return False
        unknown = self._settings.kurento is not None or not self._seen
        return unknown or await self._persist(self._search) is not None

    async def _reset_once(self, attempt: int, like: Footprint | None) -> ResetReport:
        settings = self._settings.reset
        before = await self._persist(self._search)
        refused = await self._command_or_restart(settings)
        if refused is not None:
            return ResetReport(False, attempt, None, (refused,))
        if not await self._gone(before):
            why = f"its process is still the one from before the reset, {before}"
            return ResetReport(False, attempt, None, (why,))
        give_up_s = self._clock.run_s() + settings.ready_within_s
        while True:
            process = self._process
            if not await until(self._clock, self._ready, give_up_s - self._clock.run_s()):
                why = self._silent("after the reset ")
                return ResetReport(False, attempt, None, (why,))
            footprint = await self._calm_footprint(like)
            if self._process == process:
                return ResetReport(True, attempt, footprint, self._differences(footprint, like))
            if self._clock.run_s() >= give_up_s:
                why = f"its process does not stay: {process}, then {self._process}"
                return ResetReport(False, attempt, footprint, (why,))

    async def _command_or_restart(self, settings: ResetSettings) -> str | None:
        """What the settings say makes it fresh; why that could not be done."""
        within_s, command = settings.ready_within_s, settings.command
        if self._restart is not None:
            return await another_boot(self._shell, self._restart, self._clock, within_s)
        assert command is not None  # noqa: S101 - `reset` has seen to it
        try:
            answer = await self._shell.run(command, within_s, "server.reset.ready_within")
        except ServerUnreachable as error:
            # The command may have restarted the machine, or what we reach it by: go on from there.
            await self._reconnect(self._clock.run_s(), error)
            return None
        except ServerError as error:
            return str(error)
        if answer.status == 0:
            return None
        return f"`{command}` ended with status {answer.status}: {answer.complaint}"

    async def _gone(self, before: Found | None) -> bool:
        """Wait for another process: one that answers at once may be the old one on its way out.

        A command that was never seen to replace the process is taken to leave it alone. False if it
        did before and does not now.
        """
        known_to_stay = before is None or self._replaces is False
        within_s = REPLACED_WITHIN_S if known_to_stay else self._settings.reset.ready_within_s
        replaced = await until(self._clock, lambda: self._replaced(before), within_s)
        if before is not None and (replaced or not self._replaces):
            self._replaces = replaced
        return replaced or not self._replaces or before is None

    async def _replaced(self, before: Found | None) -> bool:
        now = await self._persist(self._search)
        return now is not None and now != before

    async def _calm_footprint(self, like: Footprint | None) -> Footprint:
        """When it is near `like`, or without one when it falls no more; a start takes CPU a while.

        The last one when that takes too long.
        """
        footprint = await self.footprint()
        calm_by_s = self._clock.run_s() + CALM_WITHIN_S
        while self._clock.run_s() < calm_by_s:
            if like is not None and not self._differences(footprint, like):
                break
            before, footprint = footprint, await self.footprint()
            if like is None and not self._differences(before, footprint):
                break
        return footprint

    def _silent(self, when: str = "") -> str:
        within_s = self._settings.reset.ready_within_s
        return f"the server did not answer within {within_s:g} s {when}(server.reset.ready_within)"

    def _differences(self, footprint: Footprint, like: Footprint | None) -> tuple[str, ...]:
        within = self._settings.reset.within_of_baseline
        return () if like is None else differences(footprint, like, within)

    # ------------------------------------------------------------ connection

    async def _run(self, command: str, within_s: float) -> CommandResult:
        """Raises ServerLost; ServerError when it takes too long."""
        setting = "server.recordings"
        if self._closed:
            return await self._shell.run(command, within_s, setting)
        return await self._persist(lambda: self._shell.run(command, within_s, setting))

    async def _ask(self, what: str, *commands: str, within_s: float = COMMAND_WITHIN_S) -> str:
        """Raises AnswerCut for an answer that is not whole, ServerUnreachable, ServerError."""
        return whole_text(await self._shell.run(whole(*commands), within_s, what), what)

    async def _persist(self, action: Callable[[], Awaitable[T]]) -> T:
        """Do it, over a new connection if need be, again if a command is killed there.

        Raises ServerLost.
        """
        began_s = self._clock.run_s()
        while True:
            try:
                return await action()
            except ServerUnreachable as error:
                await self._reconnect(began_s, error)
            except AnswerCut as error:
                if self._clock.run_s() >= began_s + self._lost_after_s:
                    raise ServerLost(
                        f"{self._shell.where} answers nothing whole for {self._lost_after_s:g} s:"
                        f" {error}"
                    ) from error
                await self._clock.sleep_until(self._clock.run_s() + RETRY_S)

    async def _reconnect(self, since_s: float, why: ServerUnreachable) -> None:
        """Open the shell again; it is away since `since_s`. Raises ServerLost."""
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


async def _addresses(url: str | None) -> frozenset[str]:
    """The addresses of a URL's host; empty for one that has none."""
    if url is None:
        return frozenset()
    try:
        found = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname, None)
    except socket.gaierror:
        return frozenset()
    return frozenset(str(address[4][0]).partition("%")[0] for address in found)  # without zones
