"""What is asked of a bench: in a world of fakes, with a run folder that is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from farm.bench.bench import BASELINE_OF, Bench
from farm.bench.extent import Extent, search_extent
from farm.bench.generator import Generator
from farm.bench.recorded_run import RecordedRun, read
from farm.bench.wiring import OpenWorld
from farm.errors import BadInput, ExperimentError, ServerLost
from farm.execution.trials import Trials
from farm.model.experiment import Experiment, SearchSettings, TrialSettings, WatchSettings
from farm.model.run_clock import RunClock
from farm.model.server_samples import Footprint, ResetReport
from farm.model.verdict import Outcome
from farm.planning.placement import HostRoom
from farm.planning.trial_planning import NO_ROOMS
from farm.testing import FakeServer, FakeStore, FakeWorld
from farm.verdict import NO_BASELINE
from tests.reports.made_run import made_manifest, new_run, pages, record_trial

SETTINGS = replace(
    made_manifest().settings,
    trial=TrialSettings(settle_s=1.0, hold_s=20.0),
    search=SearchSettings(maximum=8, max_trials=10, drift_every=None),
)


@dataclass
class Made:
    """A bench, what it stands on, and a way to let time pass while it is asked."""

    bench: Bench
    world: FakeWorld

    async def ask(self, question: Callable[[], Awaitable[object]]) -> object:
        answers: list[object] = []

        async def story() -> None:
            answers.append(await question())

        await self.world.clock.play(story())
        return answers[0]


class LostAtFirst(FakeServer):
    """A server that cannot be reached for its first reset."""

    async def reset(self, like: Footprint | None) -> ResetReport:
        report = await super().reset(like)
        if self.resets == 1:
            raise ServerLost("sshd is gone")
        return report


def made(
    folder: Path,
    *,
    rooms: Mapping[str, HostRoom] = NO_ROOMS,
    server: type[FakeServer] = FakeServer,
    settings: Experiment = SETTINGS,
) -> Made:
    world = FakeWorld()
    world.server = server(world.clock)
    recording, _ = new_run(folder, replace(made_manifest(), settings=settings))
    trials = Trials(settings, world.world(), FakeStore(capacity=6), ["here"], rooms=rooms)
    facts = made_manifest().server
    assert facts is not None
    opened = OpenWorld(world.world(), facts, {}, Generator([], RunClock()))
    return Made(Bench(recording, trials, opened, settings, extent=Extent(4, 1), spent_s=0.0), world)


@pytest.fixture
async def other(tmp_path: Path) -> AsyncIterator[RecordedRun]:
    """A run of before, whose one trial passed."""
    recording, clock = new_run(tmp_path / "other")
    with recording:
        await record_trial(recording, clock, pages(2))
    yield read(recording.path)


async def test_a_trial_is_judged_kept_and_summed_up(tmp_path: Path) -> None:
    it = made(tmp_path)
    result = await it.ask(lambda: it.bench.trial(load=4))
    assert it.bench.results == (result,)
    assert it.bench.results[0].load == 4
    summary = read(it.bench.folder).summary or {}
    assert (summary["state"], summary["load"], len(summary["trials"])) == ("pass", 4, 1)


async def test_without_a_load_it_is_the_experiment_s_or_the_smallest(tmp_path: Path) -> None:
    it = made(tmp_path)
    await it.ask(it.bench.trial)
    assert [result.load for result in it.bench.results] == [2]


async def test_a_trial_is_compared_with_the_baseline_that_there_is(tmp_path: Path) -> None:
    it = made(tmp_path)
    await it.ask(lambda: it.bench.trial(4))
    assert it.bench.baseline is None
    assert await it.ask(it.bench.find_baseline) == it.bench.baseline is not None
    await it.ask(lambda: it.bench.trial(4))
    notes = [NO_BASELINE in result.verdict.notes for result in it.bench.results]
    assert notes == [True, True, True, False]


async def test_the_baseline_of_another_run_is_taken_and_written_down(
    tmp_path: Path, other: RecordedRun
) -> None:
    it = made(tmp_path)
    it.bench.compare_with(other)
    assert it.bench.baseline == other.baseline is not None
    (entry,) = (each for each in read(it.bench.folder).journal if each.kind == BASELINE_OF)
    assert entry.facts["run"] == str(other.path)


async def test_a_run_without_a_trial_that_passed_is_no_baseline(tmp_path: Path) -> None:
    it = made(tmp_path)
    with pytest.raises(BadInput, match="no trial of that run passed"):
        it.bench.compare_with(read(it.bench.folder))


async def test_a_watch_takes_its_turns_and_stays_the_answer(tmp_path: Path) -> None:
    watched = replace(SETTINGS, watch=WatchSettings(load=4, every_s=120.0, for_s=360.0))
    it = made(tmp_path, settings=watched)
    state = await it.ask(it.bench.watch)
    await it.ask(lambda: it.bench.trial(2))
    purposes = [result.purpose for result in it.bench.results]
    assert purposes == ["baseline", "baseline", "watch", "watch", "watch", "single"]
    run = read(it.bench.folder)
    assert run.is_watch
    assert (run.summary or {})["state"] == state
    assert len((run.summary or {})["trials"]) == 6


async def test_a_watch_needs_a_load(tmp_path: Path) -> None:
    it = made(tmp_path)
    with pytest.raises(BadInput, match=r"watch\.load: from_answer"):
        await it.bench.watch()


async def test_a_load_that_is_no_whole_number_of_calls_is_refused(tmp_path: Path) -> None:
    it = made(tmp_path)
    for load in (5, 0):
        with pytest.raises(
            ExperimentError, match=f"load: load {load} is not a whole number of calls"
        ):
            await it.bench.trial(load)
    assert it.bench.results == ()


async def test_more_than_was_made_sure_of_is_made_sure_of_first(tmp_path: Path) -> None:
    it = made(tmp_path, rooms={"here": HostRoom(2, 4)})
    with pytest.raises(ExperimentError, match="4"):
        await it.bench.find_capacity()
    assert it.bench.results == ()
    assert (await it.ask(lambda: it.bench.trial(4))) == it.bench.results[0]


async def test_one_question_at_a_time(tmp_path: Path) -> None:
    it = made(tmp_path)

    async def two() -> None:
        first = asyncio.ensure_future(it.bench.trial(2))
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="a question is under way"):
            await it.bench.find_baseline()
        await first

    await it.ask(two)
    assert len(it.bench.results) == 1


async def test_nothing_is_asked_of_a_bench_that_is_closed(tmp_path: Path) -> None:
    it = made(tmp_path)
    it.bench.end()
    with pytest.raises(RuntimeError, match="it is closed"):
        await it.bench.trial(2)


async def test_a_bench_that_is_closed_during_a_question_stays_closed(tmp_path: Path) -> None:
    it = made(tmp_path)

    async def closed_meanwhile() -> None:
        first = asyncio.ensure_future(it.bench.trial(2))
        await asyncio.sleep(0)
        it.bench.end()
        await first
        with pytest.raises(RuntimeError, match="it is closed"):
            await it.bench.trial(2)

    await it.ask(closed_meanwhile)


async def test_a_question_that_fails_does_not_stand_in_the_way_of_the_next(tmp_path: Path) -> None:
    it = made(tmp_path, server=LostAtFirst)
    with pytest.raises(ServerLost):
        await it.ask(lambda: it.bench.trial(2))
    await it.ask(lambda: it.bench.trial(2))
    assert [result.verdict.outcome for result in it.bench.results] == [Outcome.PASS]


def test_a_search_is_as_long_as_its_trials_and_looks_and_the_last_look() -> None:
    searches = replace(SETTINGS, search=SearchSettings(maximum=8, max_trials=10, drift_every=4))
    assert search_extent(searches) == Extent(8, 13)
    assert search_extent(searches, done=12) == Extent(8, 1)
    assert search_extent(searches, done=20) == Extent(8, 1)
