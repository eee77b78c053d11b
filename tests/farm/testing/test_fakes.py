"""What a user of the library does with the fakes: a trial and a search, without a server."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from farm.execution.run_trial import run_trial
from farm.execution.trials import Trials, find_capacity
from farm.model.experiment import Experiment, TrialSettings
from farm.model.page_samples import ProbeEvent
from farm.model.server_samples import ServerSample
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome
from farm.search.capacity_search import CapacitySearch
from farm.testing import (
    READING_S,
    FakeClock,
    FakeServer,
    FakeStore,
    FakeWorld,
    calls,
    good_evidence,
)
from farm.verdict import judge

SHORT = TrialSettings(settle_s=8.0, hold_s=20.0)


async def test_a_trial_is_played_and_its_recorder_keeps_what_it_was_given() -> None:
    world = FakeWorld(refuse={"p002": "user busy"})
    opened = ProbeEvent("p000", "opened", 1.0)
    world.host.emit(opened)
    await world.clock.play(run_trial(calls(2), world.world(), SHORT, world.recorder))
    kept = world.recorder
    assert [phase for phase, _ in kept.phases] == [
        "reset",
        "ramp",
        "settle",
        "hold",
        "leave",
        "done",
    ]
    assert {probe: join.joined for probe, join in kept.joins.items()} == {
        "p000": True,
        "p001": True,
        "p002": False,
        "p003": False,
    }
    assert kept.events == [opened]
    assert len(kept.server_samples) > 20
    assert {reading.source for reading in kept.clock_readings} == {"host:here", "server"}
    assert world.observer.seconds


async def test_a_search_finds_the_capacity_of_a_fake_server() -> None:
    world, store = FakeWorld(), FakeStore(capacity=6)
    trials = Trials(Experiment(trial=SHORT), world.world(), store, ["here"])
    search = find_capacity(trials, CapacitySearch(2, 16, 2), 2)
    estimate = await world.clock.play(search)
    assert (estimate.state, estimate.probes) == ("converged", 6)
    assert len(store.recorders) == len(store.plans) == len(store.kept)
    assert world.server.resets == len(store.kept)


async def test_a_search_hears_what_is_spoilt() -> None:
    def starved(evidence: TrialEvidence) -> TrialEvidence:
        busy = tuple(replace(sample, cpu_percent=99.0) for sample in evidence.host_samples)
        return replace(evidence, host_samples=busy)

    world, store = FakeWorld(), FakeStore(capacity=6, spoil=starved)
    trials = Trials(Experiment(trial=SHORT), world.world(), store, ["here"])
    await world.clock.play(trials.measure(2, "single"))
    assert store.kept[0].verdict.outcome is Outcome.INVALID


def test_good_evidence_passes() -> None:
    experiment = Experiment()
    verdict = judge(good_evidence(calls(3)), experiment.criteria, experiment.invalid, None)
    assert verdict.outcome is Outcome.PASS


async def test_the_clock_moves_at_every_reading_and_by_what_is_slept() -> None:
    clock = FakeClock(3.0)
    first, second = clock.run_s(), clock.run_s()
    assert second - first >= READING_S / 2
    assert clock.wall_s() < clock.wall_s()
    woken: list[str] = []

    async def sleeper(name: str, until_s: float) -> None:
        await clock.sleep_until(until_s)
        woken.append(name)

    async def both() -> float:
        await asyncio.gather(sleeper("late", 7200.0), sleeper("early", 60.0))
        return clock.run_s()

    assert await clock.play(both()) >= 7200.0
    assert woken == ["early", "late"]


async def test_a_server_answers_late() -> None:
    clock = FakeClock()
    server = FakeServer(clock, answer_s=0.25)

    async def first_sample() -> ServerSample:
        async for sample in server.samples():
            assert isinstance(sample, ServerSample)
            return sample
        raise AssertionError

    sample = await clock.play(first_sample())
    assert sample.asked_s is not None
    assert sample.received_s - sample.asked_s >= 0.25
    before_s = clock.run_s()
    report = await clock.play(server.reset(None))
    assert report.clean
    assert clock.run_s() - before_s >= 0.25
