"""Probes on the machines of a real Ray cluster: evidence of all of them, and nothing left there."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl
import pytest

from tests.farm_process import FarmProcess, farm
from tests.ray_machines import Machines, two_machines

pytestmark = [pytest.mark.live, pytest.mark.xdist_group("many hosts")]

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
CALLS = """
format: 1
scenario: one_to_one
hosts: [{ray: auto, machines: 2, place: lab}]
media: {size: 160x120, frame_rate: 10}
probes: {fidelity: light, witnesses: 0}
trial: {load: 4, sessions_per_second: 4, settle: 1s, hold: HOLD, window: 2s}
invalid: {waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  capture_of_asked: 0}
"""
PASS, FAIL, INVALID = 0, 1, 3


@contextmanager
def in_hold(tmp_path: Path, machines: Machines) -> Iterator[FarmProcess]:
    """A long run, with all four probes in their calls."""
    calls = CALLS.replace("HOLD", "5m")
    with farm(tmp_path, "run", "--absolute", experiment=calls, within=machines.here.within) as run:
        run.until_phase("hold")
        for machine in (machines.here, machines.there):
            assert machine.ours, run.read_output()
        yield run


@pytest.fixture(scope="module")
def machines() -> Iterator[Machines]:
    with two_machines() as machines:
        yield machines


def test_calls_on_two_machines(tmp_path: Path, machines: Machines) -> None:
    calls, within = CALLS.replace("HOLD", "4s"), machines.here.within
    with farm(tmp_path, "run", "--absolute", experiment=calls, within=within) as run:
        assert run.wait() in (PASS, FAIL, INVALID), run.read_output()
        reasons = {reason["code"] for reason in run.result()["verdict"]["reasons"]}
        assert not reasons & {"host_lost", "browser", "browser_crashed"}, run.read_output()
        assert "Traceback" not in run.read_output()
        (trial,) = run.run.glob("trials/*")
        plan = json.loads((trial / "plan.json").read_text())
        names = {"here@lab", "there"}
        assert {p["host"] for session in plan["sessions"] for p in session["probes"]} == names
        manifest = json.loads((run.run / "manifest.json").read_text())
        assert {host["host"] for host in manifest["hosts"]} == names
        assert {host["place"] for host in manifest["hosts"]} == {"lab"}
        received = pl.read_parquet(trial / "samples/inbound-rtp/whole.parquet")
        assert received["probe"].n_unique() == 4
        samples = pl.read_parquet(trial / "hosts/whole.parquet")
        assert set(samples["host"]) == names
        pictures = {path.name for path in (trial / "screenshots").iterdir()}
        names = ("callee", "caller", "p002", "p003")
        assert pictures == {f"mid-call-{name}.png" for name in names}
        assert run.left() == []
    assert machines.here.left() + machines.there.left() == []
    assert machines.here.files + machines.there.files == []


def test_a_machine_that_dies_in_the_hold_makes_the_trial_invalid(
    tmp_path: Path, machines: Machines
) -> None:
    with in_hold(tmp_path, machines) as run:
        machines.there.raylet.kill()
        assert run.wait() == INVALID, run.read_output()
        lost = [r for r in run.result()["verdict"]["reasons"] if r["code"] == "host_lost"]
        assert [r["message"].partition(": ")[0] for r in lost] == ["host there is lost"]
        assert run.left() == []
    assert machines.here.left() + machines.there.left() == []
    assert machines.here.files == []  # a killed process removes nothing
