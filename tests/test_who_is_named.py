"""One session spoilt on purpose, and a generator starved on purpose: who is named, for real."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.farm_process import farm

pytestmark = [pytest.mark.live, pytest.mark.alone]

# What a busy machine does to calls is not judged: it is the tests' machine, and not what is asked.
SPOILT = """
format: 1
scenario: one_to_one
media: {size: 160x120, frame_rate: 10, max_video_send_bandwidth: 150}
network: {latency: 5ms, loss: 0.2, probes: [p002]}
trial: {load: 4, settle: 4s, hold: 20s, window: 10s}
invalid: {waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  capture_of_asked: 0,  udp_drops: 1000000, memory_available: 0, app_late: 60s}
criteria: {setup_within: 60s, gap: 15s, stalled_share: 0.9, frame_rate_of_baseline: 0.1}
"""
STARVED = """
format: 1
scenario: one_to_one
media: {size: 160x120, frame_rate: 10}
hosts: [{here: true, cores: [0]}]
trial: {settle: 2s, hold: 12s, window: 6s}
search: {maximum: 4, max_trials: 4, invalid_retries: 0}
"""


def test_the_spoilt_session_is_named_and_its_partner_beside_it(tmp_path: Path) -> None:
    with farm(tmp_path, "run", "--absolute", experiment=SPOILT) as run:
        assert run.wait() == 1, run.read_output()
        verdict = run.result()["verdict"]
    assert verdict["outcome"] == "fail"
    assert verdict["worst_session"]["session"] == "s001"
    assert {reason["session"] for reason in verdict["reasons"]} == {"s001"}
    first = verdict["reasons"][0]
    assert first["probe"] == "p002"
    assert "p003" in first["message"]
    assert (verdict["units"], verdict["units_failed"]) == (2, 1)


def test_a_starved_generator_is_blamed_and_never_the_server(tmp_path: Path) -> None:
    with burner(core=0), farm(tmp_path, "size", experiment=STARVED) as run:
        assert run.wait() == 3, run.read_output()
        summary = run.summary()
    assert summary["state"] == "generator_ran_out"
    assert summary["limited_by"]["resource"] == "generator"
    assert {trial["verdict"] for trial in summary["trials"]} == {"invalid"}


@contextmanager
def burner(core: int) -> Iterator[None]:
    """A process that takes all it gets of one core, bounded in time."""
    burn = "import time\nend = time.monotonic() + 300\nwhile time.monotonic() < end: pass"
    process = subprocess.Popen(["taskset", "-c", str(core), sys.executable, "-c", burn])
    try:
        yield
    finally:
        process.kill()
        process.wait()
