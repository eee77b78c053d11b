"""Sessions of any shape, healthy or with one owed stream spoilt, are judged right each time.

Some hundreds here; `python -m benchmarks.owed_streams` judges any number.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter

import pytest

from benchmarks.made_streams import make
from benchmarks.owed_streams import judged, verdict_of
from farm.model.json_values import to_jsonable

SEEDS = range(150)

_VERDICTS = """
import json, sys
from benchmarks.made_streams import make
from benchmarks.owed_streams import verdict_of
from farm.model.json_values import to_jsonable
for seed in json.loads(sys.argv[1]):
    print(json.dumps(to_jsonable(verdict_of(make(seed, spoil=True)))))
"""


@pytest.mark.parametrize("part", range(6))
def test_healthy_sessions_of_any_shape_pass(part: int) -> None:
    found = [judged(seed, spoil=False) for seed in SEEDS[part::6]]
    assert [each for each in found if each.wrong] == []


@pytest.mark.parametrize("part", range(6))
def test_an_owed_stream_that_is_spoilt_fails_and_is_named_with_its_sender(part: int) -> None:
    found = [judged(seed, spoil=True) for seed in SEEDS[part::6]]
    assert [each for each in found if each.wrong] == []


def test_what_is_made_is_of_every_shape_and_spoilt_in_every_way() -> None:
    made = [make(seed, spoil=True) for seed in SEEDS]
    hows = Counter(each.spoilt.how for each in made if each.spoilt)
    assert set(hows) == {"never", "ends", "still", "slow", "thin"}
    roles = {probe.role for each in made for probe in each.trial.plan.probes}
    calls = {"caller", "callee", "member", "presenter", "viewer"}
    assert roles == calls | {"host", "guest", "user"}
    assert {each.trial.plan.mixed for each in made} == {True, False}


@pytest.mark.parametrize("seed", [3, 8, 12])
def test_the_order_of_rows_changes_nothing(seed: int) -> None:
    made = make(seed, spoil=True)
    verdict = verdict_of(made)
    for order in range(7):
        shuffled = type(made)(made.trial.shuffled(order), made.spoilt)
        assert verdict_of(shuffled) == verdict


def test_the_number_of_threads_changes_nothing() -> None:
    said = {
        threads: subprocess.run(
            [sys.executable, "-c", _VERDICTS, json.dumps([3, 8, 12])],
            env={"POLARS_MAX_THREADS": str(threads), "PYTHONPATH": "."},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in (1, 8)
    }
    assert said[1] == said[8]
    here = [json.dumps(to_jsonable(verdict_of(make(seed, spoil=True)))) for seed in (3, 8, 12)]
    assert said[1].splitlines() == here
