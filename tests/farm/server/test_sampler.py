"""The server sampled once a second: every figure, what is hidden, and when sampling ends."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.server_samples import Gap, ServerSample
from farm.testing import FakeClock
from tests.fake_machine import BOOTED_S, FakeMachine
from tests.farm.server.server_bench import SETTINGS, bench


async def test_every_second_has_its_figures() -> None:
    samples = await (await bench()).seen(5)
    received = [sample.received_s for sample in samples if isinstance(sample, ServerSample)]
    assert received == pytest.approx([1.0, 2.0, 3.0, 4.0, 5.0], abs=0.001)
    last = samples[-1]
    assert isinstance(last, ServerSample)
    assert last.uptime_s == BOOTED_S + 5
    assert last.cpu_percent == pytest.approx(25)
    assert last.core_percent == pytest.approx((50, 0))
    assert last.process_cpu_percent == pytest.approx(50)
    assert last.process_rss_bytes == 26_000 * 1024
    assert (last.process_threads, last.process_descriptors) == (30, 40)
    assert last.memory_used_bytes == 2000 * 1024
    assert (last.received_bps, last.sent_bps) == (pytest.approx(1e6), pytest.approx(2e6))
    assert (last.received_packets_per_s, last.sent_packets_per_s) == (100, 200)
    assert (last.udp_in_errors_per_s, last.udp_buffer_errors_per_s) == (3, 2)
    assert last.threads is not None
    assert [(thread.tid, thread.cpu_percent) for thread in last.threads] == [(4321, 50)]


async def test_cpu_is_that_of_the_cores_that_are_the_server_s() -> None:
    samples = await (await bench(replace(SETTINGS, cores=(0,)))).seen(2)
    assert isinstance(samples[-1], ServerSample)
    assert samples[-1].cpu_percent == pytest.approx(50)


async def test_what_is_hidden_is_unknown_and_never_zero() -> None:
    machine = FakeMachine(FakeClock())
    machine.hidden = {"/proc/stat", "/proc/meminfo", "/proc/net/dev", "/proc/4321/status"}
    samples = await (await bench(machine=machine)).seen(2)
    last = samples[-1]
    assert isinstance(last, ServerSample)
    assert last.cpu_percent is last.core_percent is last.steal_percent is None
    assert last.memory_used_bytes is last.memory_available_bytes is None
    assert last.received_bps is last.sent_packets_per_s is None
    assert last.process_rss_bytes is None
    assert last.process_cpu_percent == pytest.approx(50)


async def test_a_machine_too_busy_to_be_searched_is_sampled_all_the_same() -> None:
    at = await bench()
    at.machine.process, at.machine.busy = None, True
    seen = await at.seen(8)
    assert len(seen) >= 7
    assert all(isinstance(each, ServerSample) and each.process_pid is None for each in seen)


async def test_closing_ends_the_samples() -> None:
    at = await bench()
    samples: list[ServerSample | Gap] = []

    async def watch() -> None:
        async for sample in at.samples():
            samples.append(sample)
            if len(samples) == 2:
                await at.server.close()

    await at.clock.play(watch())
    assert len(samples) == 2


async def test_a_search_that_is_killed_takes_no_figure_from_the_others() -> None:
    at = await bench()
    at.machine.process = None
    at.machine.kills = True
    samples = await at.seen(4)
    assert all(isinstance(sample, ServerSample) for sample in samples)
