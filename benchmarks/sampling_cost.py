"""The CPU cost of sampling a server, and the accuracy of the samples against the kernel's clock.

    python -m benchmarks.sampling_cost --seconds 60 --threads 480

Several hundred threads are started here: idle processes, and one in the place of the media server,
whose threads work in turn. They are sampled through a real sshd, as in a trial. The cost is the CPU
time of all processes below that sshd, also of those that ended. The media server's CPU by the
samples is compared with its CPU clock in the kernel over the same time, and divided by its
sessions. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import AsyncExitStack, aclosing
from pathlib import Path
from statistics import fmean
from typing import Any

import psutil

from farm.model.run_clock import RunClock
from farm.model.server_samples import ServerSample
from farm.model.server_settings import ProcessSettings, ServerSettings
from farm.processes import Processes, json_line
from farm.server import MeasuredServer
from farm.ssh import SshShell
from infra.local_sshd import local_sshd

THREADS_A_SESSION = 18
"""Threads of a real Kurento: 8 to 10 a viewer, and a session of two probes has two."""

BESIDE = 40
"""Processes beside the media server, which share the other threads."""

# Uses `busy` cores, 10 ms at a time, by many threads; with as many sockets as sessions have.
SERVER = """
import json, os, random, socket, sys, threading, time
count, busy = int(sys.argv[1]), float(sys.argv[2])
sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(count // 4)]
for each in sockets: each.bind(("127.0.0.1", 0))
def work():
    while True:
        time.sleep(0.02 * random.random() * count / busy)
        end = time.thread_time() + 0.01
        while time.thread_time() < end: pass
for _ in range(count): threading.Thread(target=work, daemon=True).start()
print(json.dumps({"pid": os.getpid()}), flush=True)
time.sleep(1e6)
"""
IDLE = """
import json, os, sys, threading, time
for _ in range(int(sys.argv[1]) - 1):
    threading.Thread(target=time.sleep, args=(1e6,), daemon=True).start()
print(json.dumps({"pid": os.getpid()}), flush=True)
time.sleep(1e6)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--threads", type=int, default=480, help="on the machine, at least")
    parser.add_argument("--sessions", type=int, default=10)
    parser.add_argument("--busy", type=float, default=0.4, help="cores that the server works on")
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    own = arguments.sessions * THREADS_A_SESSION
    async with AsyncExitStack() as stack:
        logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        processes = await stack.enter_async_context(Processes(logs))
        missing = arguments.threads - own - _threads()
        if missing > 0:
            for _ in range(BESIDE):
                idle = [sys.executable, "-c", IDLE, str(max(1, missing // BESIDE))]
                await processes.start("idle", idle, ready=json_line)
        command = [sys.executable, "-c", SERVER, str(own), str(arguments.busy)]
        media = await processes.start("media", command, ready=json_line)
        sshd = await stack.enter_async_context(local_sshd(processes))
        settings = ServerSettings(
            kurento="ws://127.0.0.1:8888/kurento", process=ProcessSettings(pid=media.pid)
        )
        server = MeasuredServer(SshShell(sshd.ssh), settings, RunClock(), _yes)
        await server.open()
        stack.push_async_callback(server.close)
        threads = _threads()
        found = await _sampled(server, sshd.child.pid, media.pid, arguments.seconds)
    by_kernel, by_samples = found.pop("kernel_cpu_percent"), found.pop("samples_cpu_percent")
    print(f"{threads} threads on the machine, {own} of them the media server's")
    print(f"sampling took {found['sampling_cpu_percent']:.2f} % of a core")
    print(f"media server: {by_samples:.2f} % by the samples, {by_kernel:.2f} % by the kernel")
    return {
        "machine_threads": threads,
        "server_threads": own,
        **found,
        "cpu_percent_per_session": round(by_samples / arguments.sessions, 3),
        "cpu_percent_per_session_by_kernel": round(by_kernel / arguments.sessions, 3),
        "samples_to_kernel_ratio": round(by_samples / by_kernel, 4),
    }


async def _sampled(server: MeasuredServer, sshd: int, media: int, seconds: int) -> dict[str, Any]:
    """The figures from one sample to another so many seconds later, all of the same time."""
    samples: list[ServerSample] = []
    at_first = (0.0, 0.0, 0.0)
    async with aclosing(server.samples()) as seen:
        async for sample in seen:
            assert isinstance(sample, ServerSample)
            looked = (time.monotonic(), _below(sshd), _cpu_clock_s(media))
            samples.append(sample)
            if len(samples) == 1:
                at_first = looked
            if len(samples) > seconds:
                break
    lasted_s, sampling_s, media_s = (now - then for now, then in zip(looked, at_first, strict=True))
    own = [sample.process_cpu_percent for sample in samples[1:]]
    with_threads = [sample for sample in samples[1:] if sample.threads is not None]
    return {
        "samples": len(samples) - 1,
        "looks_at_threads": len(with_threads),
        "sampling_cpu_percent": round(100 * sampling_s / lasted_s, 3),
        "kernel_cpu_percent": 100 * media_s / lasted_s,
        "samples_cpu_percent": fmean(percent for percent in own if percent is not None),
    }


def _threads() -> int:
    """The number of threads of the machine."""
    return sum(_each(lambda process: process.num_threads(), psutil.process_iter()))


def _below(pid: int) -> float:
    """CPU seconds of a process and its descendants; ended ones are in their parents' counters."""

    def used(process: psutil.Process) -> float:
        times = process.cpu_times()
        return times.user + times.system + times.children_user + times.children_system

    top = psutil.Process(pid)
    return sum(_each(used, [top, *top.children(recursive=True)]))


def _each(read: Any, processes: Iterable[psutil.Process]) -> list[Any]:
    found = []
    for process in processes:
        try:
            found.append(read(process))
        except psutil.NoSuchProcess:
            continue
    return found


def _cpu_clock_s(pid: int) -> float:
    """The CPU clock of a process, in nanoseconds' resolution: see clock_gettime(2)."""
    return time.clock_gettime(~pid << 3 | 2)


async def _yes() -> bool:
    return True


if __name__ == "__main__":
    os.environ.pop("COLUMNS", None)  # top would write shorter lines than it does elsewhere
    main()
