"""A server whose machine cannot be reached: only quality is measured."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from urllib.parse import urlsplit

from farm.model.server_samples import Footprint, Gap, ResetReport, ServerFacts, ServerSample
from farm.protocols import Clock
from farm.server.until import until

_NOTHING = Footprint(None, None, None, None)


class UnseenServer:
    """Implements `farm.protocols.Server` with nothing known: no figures, no reset.

    `address` is a URL of it or of its page; `ready` asks whether it answers.
    """

    def __init__(
        self,
        address: str,
        ready_within_s: float,
        clock: Clock,
        ready: Callable[[], Awaitable[bool]],
    ) -> None:
        self._address = address
        self._ready_within_s = ready_within_s
        self._clock = clock
        self._ready = ready

    @property
    def recordings(self) -> None:
        """None: the machine is not reached."""

    @property
    def pid(self) -> None:
        """None: the machine is not reached."""

    async def open(self) -> ServerFacts:
        return ServerFacts(
            hostname=urlsplit(self._address).hostname or self._address,
            kernel=None,
            cores=None,
            cpu_model=None,
            memory_bytes=None,
            process=None,
            pid=None,
            interface=None,
            reached="not at all",
        )

    async def reset(self, like: Footprint | None) -> ResetReport:  # noqa: ARG002
        """Only wait until it answers: its operator, or systemd, may restart one that died."""
        await until(self._clock, self._ready, self._ready_within_s)
        return ResetReport(done=False, attempts=0, footprint=None)

    async def died(self) -> str:
        """Never returns: the process is not seen."""
        never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        return await never

    async def footprint(self) -> Footprint:
        return _NOTHING

    async def samples(self) -> AsyncGenerator[ServerSample | Gap]:
        """Never one."""
        await asyncio.Event().wait()
        yield Gap(0.0, 0.0, "unseen")

    async def close(self) -> None:
        """Nothing was opened."""
