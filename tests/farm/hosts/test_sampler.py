"""What a host says of itself."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from farm.hosts.cores import chosen_cores
from farm.hosts.sampler import (
    HostSampler,
    usable_cores,
)
from farm.model.criteria import InvalidLimits
from farm.model.host_samples import HostSample
from farm.verdict.generator_faults import generator_faults
from tests.farm.trial_evidence import good, with_host

SPIN = """
import threading, time
def spin():
    open("/proc/thread-self/comm", "w").write("Spinner")
    while True: pass
threading.Thread(target=spin, daemon=True).start()
print("spinning", flush=True)
time.sleep(60)
"""


@pytest.fixture
def spinner() -> Iterator[int]:
    """The pid of a process one thread of which never rests."""
    with subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.live
def test_a_spinning_thread_is_named(spinner: int) -> None:
    sampler = HostSampler("here", None, lambda: [spinner])
    sampler.sample(0.0)
    used_s = psutil.Process(spinner).cpu_times().user
    while psutil.Process(spinner).cpu_times().user < used_s + 0.2:
        time.sleep(0.02)
    sample = sampler.sample(0.25)
    assert sample.busiest_thread == f"Spinner ({spinner})"
    assert sample.busiest_thread_percent is not None
    assert sample.busiest_thread_percent > 0
    assert sample.loop_late_s == 0.25
    assert sample.cpu_percent is None or 0 <= sample.cpu_percent <= 100
    assert sample.memory_available_bytes is not None
    assert sample.cpu_wait is not None
    assert sample.cpu_wait.run_s > 0
    used = {share.user for share in sample.cpu_users or ()}
    assert {"probes", "farm"} <= used


def test_only_the_cores_asked_for_count() -> None:
    assert chosen_cores((0,)) == (0,)
    assert chosen_cores(None) == tuple(sorted(os.sched_getaffinity(0)))
    assert usable_cores((0,)) == 1
    assert usable_cores(None) == len(os.sched_getaffinity(0))


async def test_samples_come_until_cancelled() -> None:
    told: asyncio.Queue[HostSample] = asyncio.Queue()
    sampler = HostSampler("here", None, list)
    task = asyncio.create_task(sampler.run(told.put_nowait, every_s=0.05))
    first, second = await told.get(), await told.get()
    assert first.host == "here"
    assert second.host_monotonic_s > first.host_monotonic_s
    assert second.busiest_thread is None
    assert (first.udp_drops, first.app_late_s) == (0, None)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_sample_that_fails_is_missed_and_the_next_one_comes() -> None:
    told: asyncio.Queue[HostSample] = asyncio.Queue()
    looks = 0

    def browsers() -> list[int]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OSError("too many open files")
        return []

    task = asyncio.create_task(HostSampler("here", None, browsers).run(told.put_nowait, 0.05))
    assert (await told.get()).host == "here"
    assert looks > 0
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_how_late_the_demo_app_is_stands_in_one_sample() -> None:
    told: asyncio.Queue[HostSample] = asyncio.Queue()
    answers = iter([0.25, 3.0, None, 0.5])

    async def late_s() -> float | None:
        return next(answers, None)

    sampler = HostSampler("here", None, list, late_s)
    task = asyncio.create_task(sampler.run(told.put_nowait, 0.05))
    seen = [(await told.get()).app_late_s for _ in range(8)]
    assert max(late or 0 for late in seen) == 3.0
    assert seen[-1] is None
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def test_memory_that_is_taken_is_seen() -> None:
    for _ in range(10):  # others may give some back meanwhile
        before, after = _around_the_taking_of_memory(400_000_000)
        assert before.memory_bytes == psutil.virtual_memory().total
        assert before.memory_available_bytes is not None
        assert after.memory_available_bytes is not None
        if after.memory_available_bytes < before.memory_available_bytes - 200_000_000:
            break
    limit = (before.memory_available_bytes - 100_000_000) / psutil.virtual_memory().total
    invalid = InvalidLimits(memory_available=limit)

    def codes(sample: HostSample) -> list[str]:
        memory = {
            "memory_bytes": sample.memory_bytes,
            "memory_available_bytes": sample.memory_available_bytes,
        }
        evidence = with_host(good(), range(10, 75), **memory)
        return [reason.code for reason in generator_faults(evidence, invalid)]

    assert (codes(before), codes(after)) == ([], ["memory"])


def _around_the_taking_of_memory(octets: int) -> tuple[HostSample, HostSample]:
    """What is seen before another process takes this much, and while it has it."""
    sampler = HostSampler("here", None, list)
    take = f"taken = bytearray(b'x') * {octets}; print(1, flush=True); import sys; sys.stdin.read()"
    pipe = subprocess.PIPE
    before = sampler.sample(0.0)
    with subprocess.Popen([sys.executable, "-c", take], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        after = sampler.sample(0.0)
        process.kill()
    return before, after
