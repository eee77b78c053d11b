"""The media server's process: moved, ended, and who took its place."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from farm.model.server_samples import Gap, ServerSample
from farm.model.server_settings import ResetSettings
from tests.fake_machine import FakeMediaServer
from tests.farm.server.server_bench import ANY_SERVER, PAGE, SETTINGS, bench, restarted


async def test_a_process_that_is_moved_to_another_control_group_is_seen_there() -> None:
    at = await bench(replace(SETTINGS, reset=ResetSettings(command=None)))
    at.machine.group = "/limited"
    await restarted(at, like=None)
    limits = [
        sample.cgroup_cpu_limit_cores
        for sample in await at.seen(12)
        if isinstance(sample, ServerSample)
    ]
    assert [limit for limit in limits if limit is not None] == [0.5, 0.5]


async def test_a_process_that_dies_is_seen_to_and_its_successor_is_found() -> None:
    at = await bench()
    await at.seen(2)
    at.machine.process = None
    gone = (await at.seen(3))[-1]
    assert isinstance(gone, ServerSample)
    assert gone.process_pid is gone.process_cpu_percent is gone.process_descriptors is None
    assert gone.cpu_percent == 0
    at.machine.process = FakeMediaServer(pid=5555, started=500_300)
    back = (await at.seen(5))[-1]
    assert isinstance(back, ServerSample)
    assert back.process_pid == 5555
    assert back.process_cpu_percent == pytest.approx(50)
    assert back.process_descriptors == 40


@pytest.mark.parametrize(
    ("heir", "why"),
    [
        (None, "its process, pid 4321, has ended"),
        (
            FakeMediaServer(pid=5555, started=999_999),
            "its process, pid 4321, has ended; pid 5555 took its place",
        ),
    ],
)
async def test_a_process_that_ends_under_a_trial_is_told(
    heir: FakeMediaServer | None, why: str
) -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    assert not death.done()
    at.machine.process = heir
    await at.seen(6)
    assert death.done()
    assert await death == f"the media server is gone: {why}"


async def test_a_process_that_goes_down_with_its_machine_is_told_with_its_successor() -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    at.machine.reboot(FakeMediaServer(pid=900, started=1_490), uptime_s=15)
    back = (await at.seen(12))[-1]
    assert isinstance(back, ServerSample)
    assert back.process_pid == 900
    assert death.done()
    assert await death == (
        "the media server is gone: its process, pid 4321, has ended; pid 900 took its place"
    )


async def test_a_death_is_told_though_its_heir_s_groups_are_not_seen_at_once() -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    at.machine.process = FakeMediaServer(pid=5555, started=999_999)
    at.machine.kills, at.machine.kills_only, at.machine.group = True, "/mountinfo", "/limited"
    assert all(isinstance(sample, ServerSample) for sample in await at.seen(6))
    assert not death.done()
    at.machine.kills = False
    samples = [sample for sample in await at.seen(15) if isinstance(sample, ServerSample)]
    assert samples[-1].process_pid == 5555
    assert death.done()
    assert "pid 5555 took its place" in await death
    assert {sample.cgroup_cpu_limit_cores for sample in samples} == {None, 0.5}


async def test_a_namesake_that_was_there_does_not_take_the_place_of_one_that_died() -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    at.machine.beside = (FakeMediaServer(pid=20, started=50),)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    assert not death.done()
    at.machine.process = None
    await at.seen(6)
    assert death.done()
    assert await death == "the media server is gone: its process, pid 4321, has ended"


async def test_a_look_that_failed_is_no_death() -> None:
    at = await bench(ANY_SERVER, page=PAGE)
    death = asyncio.create_task(at.server.died())
    await at.seen(2)
    there, at.machine.process = at.machine.process, None
    await at.seen(1)
    at.machine.process = there
    back = (await at.seen(5))[-1]
    assert isinstance(back, ServerSample)
    assert back.process_pid == 4321
    assert not death.done()
    death.cancel()


async def test_a_successor_with_the_same_pid_is_not_taken_for_it() -> None:
    at = await bench()
    samples: list[ServerSample | Gap] = []

    async def watch() -> None:
        async with aclosing(at.samples()) as seen:
            async for sample in seen:
                samples.append(sample)
                if len(samples) == 2:
                    at.machine.process = FakeMediaServer(started=500_200, busy=0.1)
                if len(samples) == 5:
                    return

    await at.clock.play(watch())
    rates = [sample.process_cpu_percent for sample in samples if isinstance(sample, ServerSample)]
    assert rates == [
        pytest.approx(50),
        pytest.approx(50),
        None,
        pytest.approx(10),
        pytest.approx(10),
    ]
