"""Bottlenecks made on purpose, each on a real server with real probes: is it named rightly?

Where the farm's and the server's machine are one, as here, only what the media server shows counts.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.farm_process import FarmProcess, farm
from tests.starved_server import (
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

pytestmark = pytest.mark.slow

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
trial: {{load: {load}, settle: 2s, sessions_per_second: 4, hold: 12s, window: 4s}}
invalid: {{host_cpu: 1, thread_cpu: 1, steal: 1, late_polls: 1, capture_of_asked: 0, app_late: 1m}}
"""

Starve = Callable[[StarvedServer, FarmProcess], None]
PASS, FAIL = 0, 1


@dataclass(frozen=True)
class Cause:
    """What the server starts with, and what is done to it once a trial has begun."""

    resource: str
    load: int = 4
    before: tuple[str, ...] = ()
    handicap: str = ""
    controllers: tuple[str, ...] = ()
    starve: Starve | None = None


def quota(server: StarvedServer, run: FarmProcess) -> None:
    run.until_phase("settle")  # a new server has a lot to do before it answers
    server.allow("cpu", "cpu.cfs_quota_us", "3000")


def shaper(server: StarvedServer, run: FarmProcess) -> None:
    run.until_phase("settle")
    limit = ["rate", "800kbit", "burst", "8kb", "latency", "50ms"]
    server.inside("tc", "qdisc", "add", "dev", INTERFACE, "root", "tbf", *limit)


def memory(server: StarvedServer, run: FarmProcess) -> None:
    run.until_phase("ramp")
    limit = server.used_bytes() + 20_000_000
    server.allow("memory", "memory.limit_in_bytes", str(limit))


CAUSES = {
    "one core": Cause(
        "cpu_thread", before=("taskset", "-c", "1"), handicap=SLOW.format(seconds=0.003)
    ),
    "small buffers": Cause("udp_buffers", handicap=SMALL.format(size=2304)),
    "few descriptors": Cause("descriptors", load=8, before=("prlimit", "--nofile=15")),
}
CAUSES_OF_ROOT = {
    "CPU quota": Cause("cpu_steal", controllers=("cpu",), starve=quota),
    "rate limit": Cause("network_bits", starve=shaper),
    "memory limit": Cause(
        "memory",
        load=6,
        handicap=HUNGRY.format(size=8_000_000),
        controllers=("memory",),
        starve=memory,
    ),
}
POSSIBLE = {**CAUSES, **(CAUSES_OF_ROOT if IS_ROOT else {})}


@pytest.mark.parametrize("cause", POSSIBLE.values(), ids=POSSIBLE)
def test_what_was_taken_from_the_server_is_named(cause: Cause, tmp_path: Path) -> None:
    with server_of_its_own(
        *cause.before, handicap=cause.handicap, controllers=cause.controllers
    ) as server:
        text = experiment(server, load=cause.load, recordings=tmp_path)
        with farm(tmp_path, "run", "--absolute", experiment=text) as run:
            if cause.starve is not None:
                cause.starve(server, run)
            assert run.wait() == FAIL, run.said()
    limited = run.summary()["limited_by"]
    assert limited["resource"] == cause.resource, limited["evidence"]


def test_a_healthy_server_is_not_accused(tmp_path: Path) -> None:
    with server_of_its_own() as server:
        text = experiment(server, load=2, recordings=tmp_path)
        with farm(tmp_path, "run", "--absolute", experiment=text) as run:
            assert run.wait() == PASS, run.said()
    assert run.summary()["limited_by"] is None


def test_a_slow_application_is_named(tmp_path: Path) -> None:
    """It gets a tenth of a second in four, and pages wait for it; media does not."""
    with server_of_its_own() as server, ExitStack() as stack:
        command = [sys.executable, "-P", "-m", "infra.demo_app", "--port", "0", "--kurento", URL]
        app = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stack.callback(app.wait)
        stack.callback(app.kill)
        assert app.stdout is not None
        url = json.loads(app.stdout.readline())["url"]
        text = experiment(server, load=4, recordings=tmp_path, app=f"{{run: null, url: {url}}}")
        with farm(tmp_path, "run", "--absolute", experiment=text) as run:
            run.until_phase("ramp")
            stack.enter_context(stopped_most_of_the_time(app))
            assert run.wait() == FAIL, run.said()
    limited = run.summary()["limited_by"]
    assert limited["resource"] == "signalling", limited["evidence"]


if IS_ROOT:

    def test_a_slow_disk_under_the_recordings_is_named(tmp_path: Path) -> None:
        with server_of_its_own(controllers=("blkio",)) as server:
            place = tmp_path / "disk"
            slow_disk(server, place, bytes_per_s=20_000)
            text = experiment(server, load=2, recordings=place, record=True)
            with farm(tmp_path, "run", "--absolute", experiment=text) as run:
                assert run.wait() == FAIL, run.said()
        limited = run.summary()["limited_by"]
        assert limited["resource"] == "disk", limited["evidence"]


def experiment(
    server: StarvedServer,
    *,
    load: int,
    recordings: Path,
    app: str = "{run: demo}",
    record: bool = False,
) -> str:
    return CALLS.format(
        kurento=URL,
        reset=server.reset,
        load=load,
        app=app,
        record=str(record).lower(),
        recordings=recordings,
    )


class stopped_most_of_the_time:
    """A process that runs for a tenth of a second in four."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._stop_and_go)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _stop_and_go(self) -> None:
        while not self._over.wait(0.1):
            self._process.send_signal(signal.SIGSTOP)
            self._over.wait(3.9)
            self._process.send_signal(signal.SIGCONT)
