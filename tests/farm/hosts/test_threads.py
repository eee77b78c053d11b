"""What threads did between two looks, by the kernel's own account."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import pytest

from farm.hosts.threads import ThreadTimes, busiest_thread, cpu_wait, read_threads
from farm.model.host_samples import CpuWait

BURN = "while True: pass"


@pytest.fixture
def start() -> Iterator[Callable[[Sequence[str]], int]]:
    """Starts Python programs on the first core that we may use; all end with the test."""
    core = min(os.sched_getaffinity(0))
    with ExitStack() as stack:

        def begin(command: Sequence[str]) -> int:
            process = subprocess.Popen(command)
            os.sched_setaffinity(process.pid, {core})
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process.pid

        yield begin


def test_the_busiest_thread_is_the_one_that_took_most_since_the_last_look() -> None:
    before = ThreadTimes(10.0, {(1, 1): 5.0, (1, 2): 0.0, (2, 2): 1.0})
    after = ThreadTimes(12.0, {(1, 1): 5.1, (1, 2): 1.5, (3, 3): 9.0})
    assert busiest_thread(before, after) == ((1, 2), 75.0)
    assert busiest_thread(before, ThreadTimes(12.0, {})) is None


def test_threads_that_are_gone_are_no_error() -> None:
    assert read_threads([2**22 + 5]).cpu_s == {}
    assert (os.getpid(), os.getpid()) in read_threads([os.getpid()]).cpu_s


def test_waits_are_summed_over_threads_new_ones_from_their_birth() -> None:
    before = ThreadTimes(0.0, {}, {(1, 1): CpuWait(1.0, 0.5, 10), (1, 2): CpuWait(9.0, 9.0, 90)})
    after = ThreadTimes(
        1.0,
        {},
        {
            (1, 1): CpuWait(1.2, 0.6, 14),
            (1, 2): CpuWait(0.1, 0.2, 3),  # a new thread with an old number
            (1, 3): CpuWait(0.3, 0.4, 6),
        },
    )
    found = cpu_wait(before, after)
    assert found is not None
    assert (found.run_s, found.wait_s, found.turns) == (
        pytest.approx(0.5),
        pytest.approx(0.5),
        10,
    )
    assert cpu_wait(ThreadTimes(0.0, {}), after) is None


@pytest.mark.live
def test_two_that_share_a_core_wait_for_it_half_of_their_time(
    start: Callable[[Sequence[str]], int],
) -> None:
    burner = start([sys.executable, "-c", BURN])
    start([sys.executable, "-c", BURN])
    before = read_threads([burner])
    found = CpuWait(0.0, 0.0, 0)
    while found.run_s + found.wait_s < 1.0:
        time.sleep(0.05)
        told = cpu_wait(before, read_threads([burner]))
        assert told is not None, "this kernel does not tell"
        found = told
    assert found.turns > 0
    assert found.wait_s / (found.wait_s + found.run_s) > 0.3
