"""Bounded starts, above all when they are cancelled."""

from __future__ import annotations

import asyncio

import pytest

from farm.hosts.start_limit import StartLimit


class Starts:
    """Starts that last until they are let go."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.cancelled: list[str] = []
        self.running = 0
        self.most = 0
        self.go = asyncio.Event()

    async def start(self, name: str) -> str:
        self.begun.append(name)
        self.running += 1
        self.most = max(self.most, self.running)
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)  # a start that needs a moment to clean up
            self.cancelled.append(name)
            raise
        finally:
            self.running -= 1
        return name


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_than_so_many_run_and_all_get_their_turn() -> None:
    starts, limit = Starts(), StartLimit(2)
    tasks = [asyncio.create_task(limit.run(lambda n=n: starts.start(n))) for n in "abcde"]
    await settle()
    assert starts.begun == ["a", "b"]
    starts.go.set()
    assert await asyncio.gather(*tasks) == list("abcde")
    assert starts.most == 2


async def test_what_fails_raises_and_gives_its_place_back() -> None:
    limit = StartLimit(1)

    async def fail() -> None:
        raise OSError("no browser")

    for _ in range(3):
        with pytest.raises(OSError, match="no browser"):
            await limit.run(fail)


async def test_cancelled_while_it_waits_it_is_never_called() -> None:
    starts, limit = Starts(), StartLimit(1)
    first = asyncio.create_task(limit.run(lambda: starts.start("first")))
    waiting = asyncio.create_task(limit.run(lambda: starts.start("waiting")))
    await settle()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    starts.go.set()
    assert await first == "first"
    assert await limit.run(lambda: starts.start("next")) == "next"
    assert starts.begun == ["first", "next"]


async def test_cancelled_while_it_runs_it_has_ended_when_the_caller_hears() -> None:
    starts, limit = Starts(), StartLimit(1)
    running = asyncio.create_task(limit.run(lambda: starts.start("running")))
    await settle()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert starts.cancelled == ["running"]
    starts.go.set()
    assert await limit.run(lambda: starts.start("next")) == "next"


@pytest.mark.parametrize("steps", range(12))
async def test_cancelled_at_any_step_no_place_is_lost(steps: int) -> None:
    starts, limit = Starts(), StartLimit(1)
    task = asyncio.create_task(limit.run(lambda: starts.start("given up")))
    for _ in range(steps):
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert starts.running == 0
    starts.go.set()
    async with asyncio.timeout(60):
        assert await limit.run(lambda: starts.start("next")) == "next"
