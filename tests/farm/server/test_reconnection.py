"""A connection that drops: taken up again with a gap, or the server is lost."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from farm.errors import ServerLost
from farm.model.server_samples import Gap, ServerSample
from tests.farm.server.server_bench import bench, restarted


async def test_a_dropped_connection_leaves_a_gap_and_is_taken_up_again() -> None:
    at = await bench()
    samples: list[ServerSample | Gap] = []

    async def trouble() -> None:
        await at.clock.sleep_until(3.5)
        at.machine.up = False
        at.machine.drop()
        await at.clock.sleep_until(20)
        at.machine.up = True

    async def watch() -> None:
        async with aclosing(at.samples()) as seen:
            async for sample in seen:
                samples.append(sample)
                if at.clock.run_s() > 24:
                    return

    async def both() -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(trouble())
            tasks.create_task(watch())

    await at.clock.play(both())
    gaps = [sample for sample in samples if isinstance(sample, Gap)]
    assert len(gaps) == 1
    assert gaps[0].start_s == pytest.approx(3.0, abs=0.001)
    assert 20 < gaps[0].end_s < 23
    assert "connection broke" in gaps[0].why
    first_after = samples[samples.index(gaps[0]) + 1]
    assert isinstance(first_after, ServerSample)
    assert first_after.received_bps == pytest.approx(1e6)
    assert at.machine.opened == 2


async def test_a_connection_that_stays_away_is_a_lost_server() -> None:
    at = await bench()
    await at.seen(2)
    at.machine.up = False
    at.machine.drop()
    began_s = at.clock.run_s()
    with pytest.raises(ServerLost, match=r"media\.example is not reached any more for 60 s"):
        await at.seen(200)
    assert 60 <= at.clock.run_s() - began_s < 63


async def test_recordings_are_reached_again_after_a_drop() -> None:
    at = await bench()
    at.machine.up = False
    asked = asyncio.create_task(at.server.recordings.ready())

    async def story() -> None:
        await at.clock.sleep_until(5.0)
        at.machine.up = True
        assert await asked == 400 * 1024

    await at.clock.play(story())
    assert at.machine.opened == 2


async def test_recordings_on_a_machine_that_stays_away_are_lost_with_it() -> None:
    at = await bench()
    at.machine.up = False

    async def story() -> None:
        with pytest.raises(ServerLost, match=r"media\.example is not reached any more"):
            await at.server.recordings.ready()

    await at.clock.play(story())
    await at.server.close()


async def test_a_machine_that_kills_what_it_is_asked_is_asked_again() -> None:
    at = await bench()
    at.machine.kills = True

    async def recover() -> None:
        await at.clock.sleep_until(20.0)
        at.machine.kills = False

    recovering = asyncio.create_task(recover())
    report = await restarted(at, None)
    await recovering
    assert report.clean
    assert at.clock.run_s() > 20


async def test_a_machine_that_keeps_killing_is_lost_and_said_to_answer_nothing_whole() -> None:
    at = await bench()
    at.machine.kills = True
    with pytest.raises(
        ServerLost, match="gave no complete answer for 60 s: searching for the process"
    ):
        await restarted(at)
