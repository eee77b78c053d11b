"""Whose estimate fell first, in recordings of a broadcast of which that is known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from farm.evidence import trial_evidence
from farm.model.experiment import Experiment, Scenario, ScenarioKind
from farm.model.page_samples import ConnectionReport, PageReport
from farm.model.trial_evidence import FirstToFall
from farm.model.webrtc_stats import CandidatePair, OutboundRtp, RtcStats
from farm.planning.trial_planning import plan_trial
from farm.recording.reader import RunReader
from farm.testing import WALL_S, FakeClock
from tests.farm.recordings import new_run
from tests.synthetic import MONOTONIC_S, clock_reading

Series = Callable[[int], float | None]
"""bit/s by the second of run time; the hold is from 20 to 40."""


def steady(bps: float) -> Series:
    return lambda _: bps


def step(before: float, at_s: int, after: float, until_s: int = 100) -> Series:
    return lambda second: after if at_s <= second < until_s else before


def report(probe: str, second: int, stats: RtcStats) -> PageReport:
    connection = ConnectionReport("pc1", "connected", WALL_S, (), (stats,))
    return PageReport(
        probe, WALL_S + second, MONOTONIC_S + second, WALL_S + second, 0.0, (connection,)
    )


async def fallen(
    tmp_path: Path, target: Series, *estimates: Series, kind: ScenarioKind = "broadcast"
) -> FirstToFall | None:
    experiment = Experiment(scenario=Scenario(kind=kind, members=1 + len(estimates)))
    load = 1 + len(estimates)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=["here"])
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(plan) as trial:
            trial.clock(clock_reading())
            for phase, at_s in (("ramp", 0.0), ("settle", 10.0), ("hold", 20.0), ("leave", 40.0)):
                trial.phase(phase, at_s)  # type: ignore[arg-type]
            for second in range(40):
                when = 1000 * (WALL_S + second)
                sent = OutboundRtp(
                    id="OT1", timestamp=when, ssrc=1, kind="video", targetBitrate=target(second)
                )
                trial.page_report(report("p000", second, sent))
                for place, estimate in enumerate(estimates, start=1):
                    pair = CandidatePair(
                        id="CP1",
                        timestamp=when,
                        state="in-progress",
                        nominated=True,
                        availableIncomingBitrate=estimate(second),
                    )
                    trial.page_report(report(f"p{place:03d}", second, pair))
    found = RunReader.open(run.path).trial(0)
    return trial_evidence(found, window_s=10.0, poll_s=1.0).first_to_fall


async def test_the_receiver_whose_estimate_fell_first_is_named(tmp_path: Path) -> None:
    fall = await fallen(
        tmp_path,
        step(500_000, 26, 100_000),
        step(600_000, 27, 150_000),  # an effect: it came after
        step(600_000, 25, 100_000),
        steady(600_000),
    )
    assert fall == FirstToFall("p000", "p002", 25.0, 100_000, 26.0, 500_000, 100_000)


async def test_an_estimate_that_was_low_before_and_came_back_did_not_pull(tmp_path: Path) -> None:
    fall = await fallen(
        tmp_path,
        step(500_000, 26, 100_000),
        step(600_000, 12, 100_000, until_s=20),
        step(600_000, 25, 100_000),
    )
    assert fall is not None and fall.probe == "p002"


async def test_a_fall_that_was_over_before_the_hold_is_none(tmp_path: Path) -> None:
    early = step(500_000, 12, 100_000, until_s=19)
    assert await fallen(tmp_path, early, early) is None


async def test_a_fall_in_the_settling_that_lasts_into_the_hold_counts(tmp_path: Path) -> None:
    lasting = step(500_000, 15, 100_000)
    fall = await fallen(tmp_path, lasting, lasting)
    assert fall is not None and (fall.probe, fall.at_s) == ("p001", 15.0)


@pytest.mark.parametrize(
    "target",
    [
        steady(500_000),
        step(500_000, 26, 100_000, until_s=28),  # a hiccup
        step(900_000, 0, 900_000, until_s=2),
        step(500_000, 0, 900_000, until_s=2),  # what a sender begins with is a guess
        lambda second: None if second > 25 else 500_000,
    ],
)
async def test_a_sender_that_did_not_fall_has_no_cause(tmp_path: Path, target: Series) -> None:
    assert await fallen(tmp_path, target, step(600_000, 25, 100_000)) is None


async def test_receivers_that_all_could_have_more_are_not_named(tmp_path: Path) -> None:
    assert await fallen(tmp_path, step(500_000, 26, 100_000), steady(600_000)) is None


async def test_what_is_mixed_has_no_one_fate(tmp_path: Path) -> None:
    fall = step(500_000, 26, 100_000)
    assert await fallen(tmp_path, fall, fall, kind="group") is None
