"""The whole way: a real process on this machine, sampled and reset through a real sshd."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from shlex import quote
from statistics import mean

import psutil
import pytest

from farm.errors import ServerLost
from farm.execution.server_clock import SampledClock
from farm.model.run_clock import RunClock
from farm.model.server_samples import Gap, ServerSample
from farm.model.server_settings import ProcessSettings, ResetSettings, ServerSettings
from farm.processes import Child, Processes, json_line
from farm.recording import RunRecording
from farm.recording.reader import RunReader
from farm.server import MeasuredServer
from farm.server.local_shell import LocalShell
from farm.server.shell import Channel, CommandResult, Shell
from farm.ssh import SshShell
from infra.local_sshd import LocalSshd, local_sshd
from tests.synthetic import call_plan, manifest

pytestmark = pytest.mark.live

# Busy for 40 ms, idle for 60 ms; HUP makes it start anew in the same place, like a reset does.
BURNER = """
import json, os, signal, sys, time
again = [sys.executable, *sys.orig_argv[1:]]
signal.signal(signal.SIGHUP, lambda *_: os.execv(sys.executable, again))
print(json.dumps({"pid": os.getpid()}), flush=True)
end = time.monotonic() + 300
while time.monotonic() < end:
    burn = time.monotonic() + 0.04
    while time.monotonic() < burn:
        pass
    time.sleep(0.06)
"""

# Its first thread waits, three others work in turns.
CROWD = """
import json, os, threading, time
def work():
    end = time.monotonic() + 40
    while time.monotonic() < end:
        burn = time.thread_time() + 0.02
        while time.thread_time() < burn:
            pass
        time.sleep(0.1)
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
print(json.dumps({"pid": os.getpid()}), flush=True)
time.sleep(40)
"""


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path / "logs") as processes:
        yield processes


@pytest.fixture
async def burner(processes: Processes) -> Child[dict[str, int]]:
    return await processes.start("burner", [sys.executable, "-c", BURNER], ready=json_line)


@pytest.fixture
async def sshd(processes: Processes) -> AsyncIterator[LocalSshd]:
    async with local_sshd(processes) as sshd:
        yield sshd


async def yes() -> bool:
    return True


def settings(burner: Child[dict[str, int]], reset: str | None = None) -> ServerSettings:
    return ServerSettings(
        kurento="ws://127.0.0.1:8888/kurento",
        process=ProcessSettings(pid=burner.pid),
        reset=ResetSettings(command=reset, ready_within_s=10),
    )


async def sampled(
    server: MeasuredServer, count: int, begun: asyncio.Event | None = None
) -> list[ServerSample | Gap]:
    """So many samples; `begun` is set when the first one is there."""
    found: list[ServerSample | Gap] = []
    async with asyncio.timeout(60), aclosing(server.samples()) as samples:
        async for sample in samples:
            found.append(sample)
            if begun is not None:
                begun.set()
            if len(found) == count:
                break
    return found


@pytest.mark.parametrize("way", ["ssh", "local"])
async def test_a_process_of_known_load_is_sampled_once_a_second(
    way: str, processes: Processes, sshd: LocalSshd, burner: Child[dict[str, int]]
) -> None:
    shell: Shell = SshShell(sshd.ssh) if way == "ssh" else LocalShell(processes)
    server = MeasuredServer(shell, settings(burner), RunClock(), yes)
    facts = await server.open()
    assert facts.pid == burner.pid
    assert facts.interface == "lo"
    assert facts.cores == os.cpu_count()
    process = psutil.Process(burner.pid)
    began, cpu = asyncio.get_running_loop().time(), process.cpu_times()
    samples = [sample for sample in await sampled(server, 5) if isinstance(sample, ServerSample)]
    lasted_s = asyncio.get_running_loop().time() - began
    used = process.cpu_times()
    await server.close()

    ours = 100 * (used.user + used.system - cpu.user - cpu.system) / lasted_s
    theirs = mean(sample.process_cpu_percent or 0 for sample in samples)
    assert theirs == pytest.approx(ours, abs=20)
    by_top = [x.top_process_cpu_percent for x in samples if x.top_process_cpu_percent is not None]
    assert by_top
    assert mean(by_top) == pytest.approx(ours, abs=25)
    texts = [sample.top_text for sample in samples if sample.top_text is not None]
    assert all(text.startswith("top - ") and str(burner.pid) in text for text in texts)

    uptimes = [sample.uptime_s or 0 for sample in samples]
    assert all(later - sooner > 0.5 for sooner, later in pairwise(uptimes))
    last = samples[-1]
    assert last.process_pid == burner.pid
    assert last.process_threads == 1
    assert last.process_descriptors == process.num_fds()
    assert last.process_rss_bytes == pytest.approx(process.memory_info().rss, rel=0.2)
    assert last.cpu_percent is not None
    assert last.received_packets_per_s is not None
    assert [thread.tid for thread in last.threads or ()] == [burner.pid]


async def test_a_server_of_many_threads_does_not_look_like_one_of_a_single_thread(
    processes: Processes, sshd: LocalSshd
) -> None:
    """As `top -H` shows it: there the first thread has the CPU of all."""
    crowd = await processes.start("crowd", [sys.executable, "-c", CROWD], ready=json_line)
    server = MeasuredServer(SshShell(sshd.ssh), settings(crowd), RunClock(), yes)
    await server.open()
    samples = [each for each in await sampled(server, 5) if isinstance(each, ServerSample)]
    await server.close()

    by_thread: dict[int, list[float]] = {}
    for sample in samples:
        for thread in sample.threads or ():
            by_thread.setdefault(thread.tid, []).append(thread.cpu_percent)
    busy = {tid: mean(percents) for tid, percents in by_thread.items()}
    whole = mean(sample.process_cpu_percent or 0 for sample in samples)
    assert len(busy) == 4
    assert busy.pop(crowd.pid) < 2
    assert max(busy.values()) < 0.7 * whole
    assert sum(busy.values()) == pytest.approx(whole, rel=0.3)


async def test_nothing_keeps_running_on_the_server_after_close(
    sshd: LocalSshd, burner: Child[dict[str, int]]
) -> None:
    server = MeasuredServer(SshShell(sshd.ssh), settings(burner), RunClock(), yes)
    await server.open()
    await sampled(server, 1)
    daemon = psutil.Process(sshd.child.pid)
    assert daemon.children(recursive=True)
    await server.close()
    async with asyncio.timeout(60):
        while daemon.children(recursive=True):
            await asyncio.sleep(0.05)


@dataclass
class MinutesAhead:
    """A `farm.server.shell.Shell` on a machine whose clocks are seven minutes ahead."""

    shell: LocalShell
    where: str = "a machine of another time"
    here: bool = True

    async def open(self) -> None:
        await self.shell.open()

    async def close(self) -> None:
        await self.shell.close()

    async def run(self, command: str, within_s: float, setting: str) -> CommandResult:
        return await self.shell.run(self._ahead(command), within_s, setting)

    async def channel(self, command: str) -> Channel:
        return await self.shell.channel(self._ahead(command))

    @staticmethod
    def _ahead(command: str) -> str:
        return f"exec faketime -f +7m sh -c {quote(command)}"


async def test_series_of_a_machine_minutes_ahead_are_aligned_within_50_ms(
    processes: Processes, burner: Child[dict[str, int]], tmp_path: Path
) -> None:
    shell = MinutesAhead(LocalShell(processes))
    said = await shell.run("date +%s", 20, "test")
    assert int(said.stdout) - time.time() > 400

    clock = RunClock()
    server = MeasuredServer(shell, settings(burner), clock, yes)
    await server.open()
    began_s = time.clock_gettime(time.CLOCK_BOOTTIME) - clock.run_s()
    with RunRecording.create(tmp_path / "runs", "run", "", manifest(), clock) as run:
        async with run.trial(call_plan()) as trial:
            read = SampledClock()
            for sample in await sampled(server, 8):
                assert isinstance(sample, ServerSample)
                trial.server_sample(sample)
                if (reading := read.see(sample) or read.last()) is not None:
                    trial.clock(reading)
    await server.close()

    samples = RunReader.open(run.path).trials[0].server_samples()
    assert len(samples) == 8
    for sample in samples:
        assert sample.uptime_s is not None
        assert sample.process_pid == burner.pid
        assert sample.at_s == pytest.approx(sample.uptime_s - began_s, abs=0.05)


async def test_an_sshd_that_dies_and_comes_back_leaves_a_gap(
    processes: Processes, burner: Child[dict[str, int]], tmp_path: Path
) -> None:
    folder = tmp_path / "sshd"
    folder.mkdir()
    async with local_sshd(processes, directory=folder) as first:
        server = MeasuredServer(SshShell(first.ssh), settings(burner), RunClock(), yes)
        await server.open()
        begun = asyncio.Event()
        watching = asyncio.create_task(sampled(server, 6, begun))
        await begun.wait()
        await first.child.stop()
    async with local_sshd(processes, directory=folder, port=first.port):
        samples = await watching
    await server.close()
    gaps = [sample for sample in samples if isinstance(sample, Gap)]
    assert len(gaps) == 1
    assert gaps[0].end_s > gaps[0].start_s
    assert isinstance(samples[-1], ServerSample)
    assert samples[-1].process_pid == burner.pid


async def test_an_sshd_that_stays_away_is_a_lost_server(
    sshd: LocalSshd, burner: Child[dict[str, int]]
) -> None:
    server = MeasuredServer(SshShell(sshd.ssh), settings(burner), RunClock(), yes, lost_after_s=2)
    await server.open()
    begun = asyncio.Event()
    watching = asyncio.create_task(sampled(server, 100, begun))
    await begun.wait()
    await sshd.child.stop()
    with pytest.raises(ServerLost, match=rf"127\.0\.0\.1:{sshd.port} is not reached any more"):
        await watching
    await server.close()


async def test_a_reset_by_a_signal_is_verified(
    sshd: LocalSshd, burner: Child[dict[str, int]]
) -> None:
    server = MeasuredServer(
        SshShell(sshd.ssh), settings(burner, reset=f"kill -HUP {burner.pid}"), RunClock(), yes
    )
    await server.open()
    report = await server.reset(None)
    assert (report.done, report.attempts, report.clean) == (True, 1, True)
    assert report.footprint is not None
    assert report.footprint.process_threads == 1
    await server.close()
