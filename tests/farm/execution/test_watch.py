"""A watch told with fakes: its turns, its outages, and how it is taken up again."""

from __future__ import annotations

from typing import Any

import pytest

from farm.errors import ServerLost
from farm.execution.trials import Trials
from farm.execution.watch import BEGAN, Timetable, watch_load
from farm.model.server_samples import Footprint, ResetReport
from farm.model.trial_result import TrialResult
from farm.protocols import OUTAGE
from farm.testing import FakeStore, FakeWorld
from tests.farm.execution.test_trials import SETTINGS
from tests.farm.trial_evidence import good

EVERY_S, FOR_S = 600.0, 3600.0


def test_a_watch_has_a_turn_every_so_often_until_it_is_over() -> None:
    times = Timetable(began_wall_s=1000.0, every_s=60.0, for_s=300.0)
    assert times.turns == 5
    assert times.next_turn(1030.0, 0) == 1
    assert times.next_turn(1030.0) == 1  # taken up again
    assert times.next_turn(1000.0, 0) == 1  # it was over in no time
    assert times.next_turn(1130.0, 0) == 3  # it took longer than its turn
    assert times.next_turn(1299.0, 4) is None
    assert times.at_wall_s(3) == 1180.0


async def watch(world: FakeWorld, store: FakeStore, load: int = 4, **more: Any) -> Trials:
    trials = Trials(SETTINGS, world.world(), store, ["here"], more.pop("done", ()))
    await world.clock.play(watch_load(trials, load, 2, every_s=EVERY_S, for_s=FOR_S, **more))
    return trials


async def test_baselines_first_then_a_trial_at_each_turn() -> None:
    world, store = FakeWorld(), FakeStore(capacity=16)
    await watch(world, store)
    assert [(each.purpose, each.load) for each in store.kept] == [
        ("baseline", 2),
        ("baseline", 2),
        *[("watch", 4)] * 6,
    ]
    (began,) = [facts["wall_s"] for kind, facts in store.entries if kind == BEGAN]
    lasted_s = began + 5 * EVERY_S - world.clock.wall_s() + world.clock.run_s()
    assert world.clock.run_s() >= lasted_s


async def test_the_first_turn_is_taken_as_soon_as_the_watch_begins() -> None:
    world, store = FakeWorld(), FakeStore(capacity=16)
    trials = Trials(SETTINGS, world.world(), store, ["here"])
    await world.clock.play(watch_load(trials, 4, 2, every_s=EVERY_S, for_s=EVERY_S))
    assert [each.purpose for each in store.kept].count("watch") == 1
    (began_wall_s,) = [facts["wall_s"] for kind, facts in store.entries if kind == BEGAN]
    assert world.clock.wall_s() - began_wall_s < EVERY_S


async def test_a_server_that_is_away_at_a_turn_is_tried_at_the_next() -> None:
    world, store = FakeWorld(), FakeStore(capacity=16)

    def away_twice(number: int, like: Footprint | None) -> ResetReport:
        if number in (4, 5):
            raise ServerLost("203.0.113.10 does not answer")
        return ResetReport(True, 1, like)

    world.server.on_reset = away_twice
    await watch(world, store)
    assert [each.purpose for each in store.kept].count("watch") == 4
    outages = [facts["message"] for kind, facts in store.entries if kind == OUTAGE]
    assert outages == ["203.0.113.10 does not answer"] * 2
    assert [each.index for each in store.kept] == list(range(6))


async def test_a_server_that_was_never_there_is_an_error() -> None:
    world = FakeWorld()
    world.server.breaks = {"reset": ServerLost("203.0.113.10 does not answer")}
    with pytest.raises(ServerLost):
        await watch(world, FakeStore(capacity=16))


@pytest.mark.parametrize(("away_s", "left"), [(0.0, 4), (1300.0, 2), (90_000.0, 0)])
async def test_taken_up_again_it_keeps_its_turns(away_s: float, left: int) -> None:
    world, whole = FakeWorld(), FakeStore(capacity=16)
    await watch(world, whole)
    done: tuple[TrialResult, ...] = tuple(whole.kept[:4])
    again, rest = FakeWorld(), FakeStore(capacity=16)
    # Two turns were taken; the controller was away for a while after them.
    began = again.clock.wall_s() - 1.5 * EVERY_S - away_s
    await watch(
        again,
        rest,
        done=done,
        known=[good(index=index) for index in (0, 1)],
        began_wall_s=began,
    )
    assert [each.purpose for each in rest.kept] == ["watch"] * left
    assert [each.index for each in rest.kept] == list(range(4, 4 + left))
    assert [kind for kind, _ in rest.entries if kind == BEGAN] == []
