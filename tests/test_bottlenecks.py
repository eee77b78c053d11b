"""Bottlenecks made on purpose, each on a real server with real probes, must be named rightly.

Where the farm's and the server's machine are one, as here, only what the media server shows counts.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from farm.model.trial_plan import Phase
from farm.model.verdict import Outcome
from farm.protocols import Progress
from farm.testing import FakeObserver
from tests.kernel_counts import (
    Bite,
    held_back_packets,
    memory_refusals,
    open_files,
    packets_without_room,
    stalled_by_disks_s,
    throttled_periods,
    wanted_cpu_s,
)
from tests.starved_server import (
    CONTROLLERS,
    HAS_DISKS,
    HUNGRY,
    INTERFACE,
    IS_ROOT,
    SLOW,
    SMALL,
    URL,
    StarvedServer,
    server_of_its_own,
    slow_disk,
)
from tests.trial_of import trial_of

pytestmark = [pytest.mark.live, pytest.mark.alone]

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
CALLS = """
format: 1
scenario: {{kind: one_to_one, record: {record}}}
app: {app}
server:
  kurento: {kurento}
  local: true
  process: {{name: embedded-media}}
  recordings: {{directory: {recordings}}}
  reset: {{command: "{reset}"}}
probes: {{fidelity: light, witnesses: 0}}
media: {{size: 320x240, frame_rate: 10}}
trial: {{settle: 2s, sessions_per_second: 4, hold: 8s, window: 4s}}
hosts: [{{here: true, cores: {cores}}}]
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  capture_of_asked: 0,  app_late: 1m, udp_drops: 1000000, memory_available: 0}}
"""
PATIENT = """
criteria: {setup_within: 60s, delivered: 0.5, frame_rate_of_baseline: 0.1, residual_loss: 0.2,
  repair: 0.5, gap: 10s, stalled_share: 0.9}
"""
HASTY = "criteria: {setup_within: 500ms}"

Starve = Callable[[StarvedServer, float], None]
Answer = tuple[Outcome, dict[str, Any]]


@dataclass(frozen=True)
class Cause:
    """How the server is started, and what is done to it in a phase of the trial.

    `levels` are how much it is starved of, each tighter than the one before; `before` and
    `handicap` may name the `{level}`. `bite` is what the kernel counts then.
    """

    resource: str
    levels: tuple[float, ...]
    bite: Callable[[float], Bite]
    load: int = 4
    before: tuple[str, ...] = ()
    handicap: str = ""
    controllers: tuple[str, ...] = ()
    phase: Phase = "settle"
    starve: Starve = lambda server, level: None
    probes_on: str = "all"


def quota(server: StarvedServer, level: float) -> None:
    server.allow("cpu", "cpu.cfs_quota_us", f"{level:.0f}")


def shaper(server: StarvedServer, level: float) -> None:
    limit = ["rate", f"{level:.0f}kbit", "burst", "8kb", "latency", "50ms"]
    server.inside("tc", "qdisc", "add", "dev", INTERFACE, "root", "tbf", *limit)


def little_memory(server: StarvedServer, level: float) -> None:
    server.allow("memory", "memory.limit_in_bytes", f"{server.used_bytes() + level:.0f}")


FIRST, *_, LAST = sorted(os.sched_getaffinity(0)) * 2  # one and the same where there is but one
CAUSES = {
    "one core": Cause(
        "cpu_thread",
        levels=(0.003, 0.01),
        bite=lambda level: Bite(wanted_cpu_s, 0.85),
        before=("taskset", "-c", str(LAST)),
        handicap=SLOW,
        probes_on=f"[{FIRST}]",
    ),
    "small buffers": Cause(
        "udp_buffers",
        levels=(0.05, 0.15),
        bite=lambda level: Bite(packets_without_room, 1),
        handicap=SMALL,
    ),
    "few descriptors": Cause(
        "descriptors",
        levels=(15, 13),
        bite=lambda level: Bite(open_files, level, rises=False, at_least_s=1.0, every_s=0.1),
        load=8,
        before=("prlimit", "--nofile={level:.0f}"),
    ),
}
CAUSES_OF_ROOT = {
    "CPU quota": Cause(
        "cpu_quota",
        levels=(1500, 1000),
        bite=lambda level: Bite(throttled_periods, 5),
        handicap=SLOW.format(level=0.0005),
        controllers=("cpu",),
        starve=quota,
    ),
    "rate limit": Cause(
        "network_bits",
        levels=(800, 400),
        bite=lambda level: Bite(held_back_packets, 1),
        starve=shaper,
    ),
    "memory limit": Cause(
        "memory",
        levels=(20e6, 10e6),
        bite=lambda level: Bite(memory_refusals, 1, at_least_s=0.1),
        load=6,
        handicap=HUNGRY.format(size=8_000_000),
        controllers=("memory",),
        phase="ramp",
        starve=little_memory,
    ),
}
POSSIBLE = {
    **CAUSES,
    **{
        name: cause
        for name, cause in CAUSES_OF_ROOT.items()
        if IS_ROOT and CONTROLLERS.issuperset(cause.controllers)
    },
}


@pytest.mark.parametrize("cause", POSSIBLE.values(), ids=POSSIBLE)
async def test_what_was_taken_from_the_server_is_named(cause: Cause, tmp_path: Path) -> None:
    async def starved(level: float, folder: Path) -> tuple[Answer, Bite]:
        bite = cause.bite(level)
        with server_of_its_own(
            *(word.format(level=level) for word in cause.before),
            handicap=cause.handicap.format(level=level),
            controllers=cause.controllers,
        ) as server:
            starver = Starver(phase=cause.phase, act=lambda: cause.starve(server, level))
            async with bite.watched(server):
                answer = await trial(
                    server, folder, starver, load=cause.load, cores=cause.probes_on
                )
            return answer, bite

    limited = await until_it_bites(starved, cause.levels, tmp_path)
    assert limited["resource"] == cause.resource, limited["evidence"]


async def test_a_healthy_server_is_not_accused(tmp_path: Path) -> None:
    with server_of_its_own() as server:
        outcome, summary = await trial(server, tmp_path, FakeObserver(), load=2, more=PATIENT)
    assert outcome is Outcome.PASS
    assert summary["limited_by"] is None


async def test_a_slow_application_is_named(tmp_path: Path) -> None:
    """The app's process gets a fiftieth of each second: pages wait for it, media do not."""
    command = [sys.executable, "-P", "-m", "infra.demo_app", "--port", "0", "--kurento", URL]
    with (
        server_of_its_own() as server,
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as app,
        stopped_most_of_the_time(app) as slow_down,
    ):
        assert app.stdout is not None
        url = json.loads(app.stdout.readline())["url"]
        slow_down()
        limited = await gave_way(
            server,
            tmp_path,
            FakeObserver(),
            load=2,
            app=f"{{run: null, url: {url}}}",
            more=HASTY,
        )
    assert limited["resource"] == "signalling", limited["evidence"]


if HAS_DISKS:

    async def test_a_slow_disk_under_the_recordings_is_named(tmp_path: Path) -> None:
        async def starved(level: float, folder: Path) -> tuple[Answer, Bite]:
            place, bite = folder / "disk", Bite(stalled_by_disks_s, 0.2)
            with server_of_its_own(controllers=("blkio",), recordings=place) as server:
                slow_disk(server, place, bytes_per_s=round(level))
                async with bite.watched(server):
                    answer = await trial(
                        server, folder, FakeObserver(), load=2, recordings=place, record=True
                    )
                return answer, bite

        limited = await until_it_bites(starved, (40_000, 10_000, 2_500), tmp_path)
        assert limited["resource"] == "disk", limited["evidence"]


# ---------------------------------------------------------------- how


@dataclass
class Starver(FakeObserver):
    """Does something once the trial is in a phase."""

    phase: Phase = "settle"
    act: Callable[[], None] | None = None

    def progress(self, progress: Progress) -> None:
        if progress.phase == self.phase and self.act is not None:
            act, self.act = self.act, None
            act()


async def until_it_bites(
    starved: Callable[[float, Path], Awaitable[tuple[Answer, Bite]]],
    levels: Sequence[float],
    folder: Path,
) -> dict[str, Any]:
    """The limit named for the first failed trial in which the kernel shows the starvation.

    A machine may be quicker than the one on which the first level was chosen.
    """
    for number, level in enumerate(levels):
        place = folder / str(number)
        place.mkdir()
        (outcome, summary), bite = await starved(level, place)
        if bite.bites:
            assert outcome is Outcome.FAIL
            limited: dict[str, Any] = summary["limited_by"]
            return limited
    pytest.fail(f"none of {levels} starved the server")


async def gave_way(
    server: StarvedServer, folder: Path, observer: FakeObserver, *, load: int, **settings: Any
) -> dict[str, Any]:
    """The limit that is named for a trial that failed."""
    outcome, summary = await trial(server, folder, observer, load=load, **settings)
    assert outcome is Outcome.FAIL, observer.notes
    limited: dict[str, Any] = summary["limited_by"]
    return limited


async def trial(
    server: StarvedServer,
    folder: Path,
    observer: FakeObserver,
    *,
    load: int,
    app: str = "{run: demo}",
    recordings: Path | None = None,
    record: bool = False,
    more: str = "",
    cores: str = "all",
) -> Answer:
    """`farm run --absolute` without its report."""
    text = CALLS.format(
        kurento=URL,
        reset=server.reset,
        app=app,
        record=str(record).lower(),
        recordings=recordings or folder,
        cores=cores,
    )
    run, outcome = await trial_of(text + more, folder, observer, load=load)
    return outcome, json.loads((run / "summary.json").read_text())


@contextmanager
def stopped_most_of_the_time(process: subprocess.Popen[str]) -> Iterator[Callable[[], None]]:
    """Let a process run for only a fiftieth of each second from now on."""
    over = threading.Event()

    def stop_and_go() -> None:
        while not over.wait(0.02):
            process.send_signal(signal.SIGSTOP)
            over.wait(1)
            process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=stop_and_go)
    try:
        yield thread.start
    finally:
        over.set()
        if thread.is_alive():
            thread.join()
        process.kill()
