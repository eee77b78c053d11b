"""Notices the death of the media server or the app during a trial."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from farm.errors import KurentoError
from farm.kurento import KurentoClient
from farm.model.trial_evidence import Fault, FaultKind
from farm.protocols import Clock

KEEP_ALIVE_S = 20.0
"""Period of keep-alive pings to the media server: a machine without power closes no socket."""

Death = tuple[FaultKind, Callable[[], Awaitable[str]]]
"""The kind of fault, and a function that waits for it and returns why."""


@asynccontextmanager
async def watching(deaths: Iterable[Death], clock: Clock) -> AsyncIterator[asyncio.Future[Fault]]:
    """A future of the first death as a fault."""
    fault: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()

    def strike(first: Fault) -> None:
        if not fault.done():
            fault.set_result(first)

    async def watch(what: FaultKind, dies: Callable[[], Awaitable[str]]) -> None:
        why = await dies()
        strike(Fault(what, clock.run_s(), why))

    tasks = [asyncio.create_task(watch(what, dies)) for what, dies in deaths]
    try:
        yield fault
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def kurento_gone(kurento: str) -> str:
    """Wait until the media server is gone; returns why."""
    return f"the media server is gone: {await _lost(kurento)}"


async def _lost(kurento: str) -> KurentoError:
    """Wait until the server is lost, or another process has taken its place."""
    try:
        client = await KurentoClient.open(kurento, keep_alive_s=KEEP_ALIVE_S)
        try:
            # A request makes a session. A server that restarts at once behind a proxy that keeps
            # our socket is recognised by it: the new process does not know the session.
            await client.server_info()
            return await client.lost()
        finally:
            # An empty session costs the server nothing until it expires.
            await client.close(end_session=False)
    except KurentoError as error:
        return error
