"""Who dies while a trial goes on: the media server, or the app."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager

from farm.errors import KurentoError
from farm.kurento import KurentoClient
from farm.model.trial_evidence import Fault, FaultKind
from farm.protocols import Clock

KEEP_ALIVE_S = 20.0
"""How often the media server is asked: a machine that lost its power closes no socket."""

Death = tuple[FaultKind, Callable[[], Awaitable[str]]]
"""Whose fault it is, and what waits for it and says why."""


@asynccontextmanager
async def watching(deaths: Iterable[Death], clock: Clock) -> AsyncIterator[asyncio.Future[Fault]]:
    """A future of the first of them."""
    fault: asyncio.Future[Fault] = asyncio.get_running_loop().create_future()

    def strike(found: Fault) -> None:
        if not fault.done():
            fault.set_result(found)

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
    """Wait until it is; why."""
    return f"the media server is gone: {await _lost(kurento)}"


async def _lost(kurento: str) -> KurentoError:
    """Wait until the server is not the one any more that it is now."""
    try:
        client = await KurentoClient.open(kurento, keep_alive_s=KEEP_ALIVE_S)
        try:
            # A question makes a session. A server that is back at once, behind a proxy that takes
            # our socket meanwhile, tells by it that it is another: it does not know the session.
            await client.server_info()
            return await client.lost()
        finally:
            # An empty session costs the server nothing until it forgets it.
            await client.close(end_session=False)
    except KurentoError as error:
        return error
