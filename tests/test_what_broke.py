"""The table "what broke" of docs/method.md, each row for real: the right cause, nothing left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import psutil
import pytest

from tests.farm_process import FarmProcess, farm
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

CALL = """
format: 1
scenario: one_to_one
media: {size: 160x120, frame_rate: 10}
trial: {load: 2, settle: 2s, hold: 30s, window: 5s}
"""
UNJUDGED_CALL = CALL + UNJUDGED
TWO_TRIALS = f"""
format: 1
scenario: one_to_one
media: {{size: 160x120, frame_rate: 10}}
trial: {{settle: 1s, hold: 4s, window: 2s, poll: 500ms}}
search: {{maximum: 2, max_trials: 3, invalid_retries: 0, drift_every: null}}
{UNJUDGED}"""
PASS, FAIL, BAD_INPUT, INVALID, INTERRUPTED = 0, 1, 2, 3, 130


def codes(run: FarmProcess) -> list[str]:
    return [reason["code"] for reason in run.result()["verdict"]["reasons"]]


def test_the_media_server_killed_in_the_hold_fails_the_trial(tmp_path: Path) -> None:
    with farm(tmp_path, "run", "--absolute", experiment=UNJUDGED_CALL) as run:
        run.until_phase("hold")
        worker(run).kill()
        assert run.wait() == FAIL, run.read_output()
        assert codes(run)[0] == "server_died"
        assert run.left() == []


def test_the_media_server_killed_while_probes_join_fails_the_trial(tmp_path: Path) -> None:
    slow = UNJUDGED_CALL.replace("load: 2,", "load: 6, sessions_per_second: 0.1,")
    with farm(tmp_path, "run", "--absolute", experiment=slow) as run:
        run.until_phase("ramp")
        run.until(lambda: "joined" in events(run))
        worker(run).kill()
        assert run.wait() == FAIL, run.read_output()
        assert codes(run)[0] == "server_died"
        assert "hold" not in run.phases()
        assert run.left() == []


@pytest.mark.parametrize("name", ["infra.demo_app", "--type=renderer", "--remote-debugging-port"])
def test_what_is_ours_and_dies_makes_the_trial_invalid(tmp_path: Path, name: str) -> None:
    with farm(tmp_path, "run", "--absolute", experiment=UNJUDGED_CALL) as run:
        run.until_phase("hold")
        for process in run.children(name):
            with suppress(psutil.NoSuchProcess):  # the one before may have taken it along
                process.kill()
        assert run.wait() == INVALID, run.read_output()
        assert codes(run)[0] in {"app_died", "browser_crashed"}
        assert run.left() == []


@pytest.mark.alone
def test_a_starved_generator_is_named_and_not_the_server(tmp_path: Path) -> None:
    short = CALL.replace("hold: 30s", "hold: 10s")
    with farm(tmp_path, "run", "--absolute", experiment=short) as run, ExitStack() as burners:
        run.until_phase("hold")
        for _ in os.sched_getaffinity(0):
            burner = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            burners.callback(burner.wait)
            burners.callback(burner.kill)
        stopped = [*run.children("--remote-debugging-port"), *run.children("infra.demo_app")]
        stopped += run.children("--type=renderer")
        for process in stopped:
            process.suspend()
        time.sleep(3)
        for process in stopped:
            process.resume()
        run.until_phase("leave")
        burners.close()
        assert run.wait() == INVALID, run.read_output()
        assert {"late_polls", "app_late"} <= set(codes(run))
        assert run.left() == []


def test_without_ssh_the_verdict_stands_and_server_figures_end(tmp_path: Path) -> None:
    short = UNJUDGED_CALL.replace("hold: 30s", "hold: 10s")
    with farm(tmp_path, "run", "--absolute", experiment=short) as run:
        run.until_phase("hold")
        for process in run.children("sshd"):
            with suppress(psutil.NoSuchProcess):
                process.kill()
        assert run.wait() == PASS, run.read_output()
        assert "server_died" not in codes(run)
        assert run.left() == []


def test_ctrl_c_cleans_up_and_keeps_what_was_written(tmp_path: Path) -> None:
    directory = tmp_path / "calls"
    recorded = UNJUDGED_CALL.replace("one_to_one", "{kind: one_to_one, record: true}")
    recorded += f"server: {{recordings: {{directory: {directory}}}}}\n"
    with farm(tmp_path, "run", "--absolute", experiment=recorded) as run:
        run.until_phase("hold")
        assert list(directory.rglob("*.webm"))
        run.process.send_signal(signal.SIGINT)
        assert run.wait() == INTERRUPTED, run.read_output()
        assert "Traceback" not in run.read_output()
        assert run.left() == []
        assert list(directory.iterdir()) == []
        assert list(run.run.glob("trials/*/samples/inbound-rtp/*.parquet"))


@pytest.mark.measures
def test_a_killed_controller_leaves_nothing_and_its_search_is_taken_up(tmp_path: Path) -> None:
    with farm(tmp_path, "size", experiment=TWO_TRIALS) as first:
        first.until(lambda: first.phases().count("done") == 1)
        first.until(lambda: first.phases().count("hold") == 2)
        assert list(first.temporary.iterdir())
        first.process.send_signal(signal.SIGKILL)
        first.wait()
        assert first.left() == []
        (done,) = first.run.glob("trials/*/result.json")
        before = done.read_bytes()
        folder = first.run
    with farm(tmp_path, "size", "--resume", str(folder), experiment=None) as second:
        assert second.wait() in (PASS, INVALID), second.read_output()
        trials = second.summary()["trials"]
        assert done.read_bytes() == before
        assert [trial["index"] for trial in trials] == list(range(len(trials)))
        assert len(trials) <= 3
        started = [
            entry["facts"]["index"]
            for line in (folder / "journal.jsonl").read_text().splitlines()
            if (entry := json.loads(line))["kind"] == "trial_started"
        ]
        assert started.count(0) == 1
        assert started.count(1) == 2  # the one that was cut off has no verdict and is repeated


def worker(run: FarmProcess) -> psutil.Process:
    """The embedded server's worker, which the parent starts again on HUP."""
    return run.child("infra.embedded_kurento")


def events(run: FarmProcess) -> str:
    return "".join(path.read_text() for path in run.run.glob("trials/*/events.jsonl"))
