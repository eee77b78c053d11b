"""Causes that were made on purpose once (`tests/test_bottlenecks.py`), by what was recorded then.

`tests/data/starved/CAUSE.json`: the verdict's reasons, the windows of the hold and the server's
samples of one trial, on a machine of two cores that also ran the probes and was busy with others.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from farm.attribution import LimitedBy, ServerResources, limit_of_trial
from farm.model.json_values import from_jsonable
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import JoinOutcome, Phases, StreamInterval
from farm.model.verdict import Outcome, Reason
from tests.farm.attribution.broken_trials import NO_RECORDING
from tests.farm.trial_evidence import good, judged_trial

DATA = Path(__file__).parents[2] / "data" / "starved"
MACHINE = ServerResources(memory_bytes=25_276_000_000, cores=2, process_cores=2, shared=True)


def named(cause: str, reasons: tuple[Reason, ...] = ()) -> LimitedBy:
    """What is said to have given way in a recorded trial; `reasons` in the place of its own."""
    told: dict[str, Any] = json.loads((DATA / f"{cause}.json").read_text())
    evidence = dataclasses.replace(
        good(load=told["load"]),
        phases=from_jsonable(Phases, told["phases"]),
        intervals=[from_jsonable(StreamInterval, each) for each in told["intervals"]],
        joins=tuple(from_jsonable(JoinOutcome, each) for each in told["joins"]),
        server_samples=tuple(from_jsonable(ServerSample, each) for each in told["samples"]),
    )
    own = tuple(from_jsonable(Reason, each) for each in told["reasons"])
    result = judged_trial(0, told["load"], Outcome.FAIL, reasons or own)
    return limit_of_trial(result, evidence, MACHINE)


@pytest.mark.parametrize(
    ("cause", "resource", "evidence"),
    [
        ("one_core", "cpu_thread", "used 16 % of a core and waited for one 84 % of the time"),
        ("few_descriptors", "descriptors", "had 15 of the 15 descriptors that it may"),
        ("rate_limit", "network_bits", "sent 0.8 of the 0.8 Mbit/s that its interface may"),
        ("memory_limit", "memory", "used 97 MB of the 117 MB allowed"),
    ],
)
def test_a_recorded_cause_is_named(cause: str, resource: str, evidence: str) -> None:
    found = named(cause)
    assert found.resource == resource
    assert evidence in found.evidence


def test_a_slow_disk_is_named_where_its_recordings_were_found_short() -> None:
    found = named("slow_disk", NO_RECORDING)
    assert found.resource == "disk"
    assert "threads of the media server waited for a disk" in found.evidence
