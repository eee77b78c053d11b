"""Is the media server's process dead, or does another of its workers go on?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from farm.server.life import ProcessLife
from farm.server.process import MediaServerProcess

OLD, SIBLING, SUCCESSOR = (
    MediaServerProcess(7, 100),
    MediaServerProcess(8, 110),
    MediaServerProcess(9, 5000),
)


@pytest.mark.parametrize(
    ("looks", "why"),
    [
        ((None,), None),
        ((None, None), "its process, pid 7, has ended"),
        ((None, OLD, None), None),
        ((OLD,), None),
        ((SIBLING,), None),
        ((SUCCESSOR,), "its process, pid 7, has ended; pid 9 took its place"),
        ((None, SUCCESSOR), "its process, pid 7, has ended; pid 9 took its place"),
    ],
)
async def test_a_process_that_is_missed_is_dead_by_who_fits_next(
    looks: Sequence[MediaServerProcess | None], why: str | None
) -> None:
    life = ProcessLife(alive_ticks=4000)
    death = asyncio.create_task(life.died())
    await asyncio.sleep(0)
    life.missed(OLD)
    for found in looks:
        life.update(found)
    await asyncio.sleep(0)
    assert death.done() == (why is not None)
    if why is not None:
        assert await death == f"the media server is gone: {why}"
    death.cancel()


async def test_a_server_that_stays_away_is_dead_in_the_next_trial_too() -> None:
    life = ProcessLife()
    life.missed(OLD)
    life.update(None)
    life.update(None)
    death = asyncio.create_task(life.died())
    await asyncio.sleep(0)
    life.update(None)
    assert "pid 7, has ended" in await death


async def test_looks_mean_nothing_while_nobody_is_missed() -> None:
    life = ProcessLife()
    death = asyncio.create_task(life.died())
    await asyncio.sleep(0)
    for found in (None, None, None, SUCCESSOR):
        life.update(found)
    await asyncio.sleep(0)
    assert not death.done()
    death.cancel()
