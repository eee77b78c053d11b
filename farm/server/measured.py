"""The system under test, as `farm.protocols.Server`: its machine by a shell, sampled and reset.

The work is in other modules: `sampler`, `reset`, `reconnection` after a dropped connection.
One channel runs `sample_server.sh` for as long as a trial reads samples; the rest are commands.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from urllib.parse import urlsplit

from farm.errors import ServerError
from farm.linux.control_groups import limits_command, read_limits
from farm.linux.frames import proc_files
from farm.linux.network import Interface
from farm.model.server_samples import Footprint, Gap, ResetReport, ServerFacts, ServerSample
from farm.model.server_settings import ServerSettings
from farm.protocols import Clock, Restart
from farm.server.followed_process import FollowedProcess
from farm.server.interface import choose_interface, namespace_command, read_namespace
from farm.server.machine import COMMAND, MachineFacts, read_machine
from farm.server.process import process_label
from farm.server.reconnection import Reconnection
from farm.server.recordings import RecordingsDirectory
from farm.server.reset import ServerReset
from farm.server.sampler import ServerSampler
from farm.server.shell import CommandResult, Shell
from farm.server.whole import COMMAND_WITHIN_S, ask


class MeasuredServer:
    """Implements `farm.protocols.Server`.

    `settings.kurento` must be an address by now, not `embedded`, and so must `settings.janus`, not
    `here`; `page` is the address of the page in front of another server. `ready` asks the media
    server whether it answers; it may raise KurentoError instead of saying no. With `restart` each
    reset makes the whole machine new, and the settings' command is not used. A connection that
    drops is opened again for `lost_after_s`; then the server is lost.
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
        self._settings = settings
        self._clock = clock
        self._address = settings.kurento or settings.janus or page
        self._connection = Reconnection(shell, clock, lost_after_s)
        self._process = FollowedProcess(shell, settings.process, clock)
        self._opened: ServerSampler | None = None
        self._reset = ServerReset(
            shell,
            self._connection,
            self._process,
            clock,
            settings,
            answers=ready,
            footprint=self.footprint,
            restart=restart,
        )
        self._recordings = RecordingsDirectory(self._run, shell.where, settings.recordings)

    @property
    def recordings(self) -> RecordingsDirectory:
        """Not to be used while `samples` is iterated: both would reopen a lost connection."""
        return self._recordings

    @property
    def pid(self) -> int | None:
        return self._process.pid

    async def open(self) -> ServerFacts:
        """Connect, read the machine's facts. A process that is not seen is no error.

        Raises ServerUnreachable, HostKeyUnknown, LoginRefused, BadInput.
        """
        self._connection.is_closed = False
        await self._shell.open()
        machine = read_machine(await ask(self._shell, "reading the machine's facts", COMMAND))
        process = await self._process.search()
        interface = await self._choose_interface(machine)
        quota_cores = await self._cpu_quota()
        self._opened = ServerSampler(
            self._shell,
            self._clock,
            self._process,
            machine=machine,
            interface=interface,
            cores=self._settings.cores,
        )
        async with self._opened.conversation():  # as in a trial: sampling, and a command beside it
            await self._shell.run("true", COMMAND_WITHIN_S, "a command beside sampling")
        return ServerFacts(
            hostname=machine.hostname,
            kernel=machine.kernel,
            cores=machine.cores,
            cpu_model=machine.cpu_model,
            memory_bytes=machine.memory_bytes,
            process=process_label(self._settings.process),
            pid=self._process.pid,
            program=process.program if process else None,
            unseen=self._process.unseen_reason,
            interface=interface.name if interface else None,
            reached=self._shell.where,
            interface_bps=machine.interface_bps.get(interface.name if interface else ""),
            architecture=machine.architecture,
            instance_type=machine.instance_type,
            cpu_quota_cores=quota_cores,
            alike=process.alike if process else 1,
        )

    async def close(self) -> None:
        self._connection.is_closed = True
        try:
            with suppress(ServerError):
                await self._recordings.leave()
        finally:
            await self._shell.close()

    def samples(self) -> AsyncGenerator[ServerSample | Gap]:
        """One sample a second; a Gap when sampling resumes after a dropped connection.

        Raises ServerLost when the connection stayed away.
        """
        return self._sampler.samples(self._connection)

    async def died(self) -> str:
        """Wait until its process has ended; return why. Known only while `samples` is iterated."""
        return await self._process.died()

    async def footprint(self) -> Footprint:
        """The mean of two seconds. Raises ServerLost."""
        return await self._connection.persist(self._sampler.footprint)

    async def reset(self, like: Footprint | None) -> ResetReport:
        """Run the reset command until the server is fresh: see `ServerReset`. Raises ServerLost."""
        return await self._reset.reset(like)

    @property
    def _sampler(self) -> ServerSampler:
        assert self._opened is not None, "open() comes first"  # noqa: S101
        return self._opened

    async def _run(self, command: str, within_s: float) -> CommandResult:
        """Run a command of `recordings`. Raises ServerLost; ServerError when it is slow."""
        return await self._connection.run(command, within_s, "server.recordings")

    async def _cpu_quota(self) -> float | None:
        """The CPU quota in cores; `None` without one, or if it cannot be seen."""
        await self._process.locate_groups()
        groups = self._process.groups
        if not groups.cpu:
            return None
        output = await ask(self._shell, "reading its limits", limits_command(groups))
        limits = read_limits(proc_files(output.split("\n")), groups)
        return None if limits is None else limits.cores

    async def _choose_interface(self, machine: MachineFacts) -> Interface | None:
        """The interface of the machine, or of the process' own network namespace."""
        inside, pid = None, self._process.pid
        if pid is not None:
            output = await ask(self._shell, "reading its network", namespace_command(pid))
            inside = read_namespace(pid, output)
        addresses = await _addresses(self._address)
        setting = self._settings.interface
        return choose_interface(setting, machine, addresses, self._shell.here, inside)


async def _addresses(url: str | None) -> frozenset[str]:
    """The addresses of a URL's host; empty for one that has none."""
    if url is None:
        return frozenset()
    try:
        results = await asyncio.get_running_loop().getaddrinfo(urlsplit(url).hostname, None)
    except socket.gaierror:
        return frozenset()
    return frozenset(str(address[4][0]).partition("%")[0] for address in results)  # without zones
