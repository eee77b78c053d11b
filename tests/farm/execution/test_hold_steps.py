"""Steps in the hold: at their times, none after one failed, none cut off by its end."""

from __future__ import annotations

from farm.execution.run_trial import run_trial
from farm.model.driver import Driver, HoldSteps, Press, RoleSteps
from farm.model.experiment import TrialSettings
from farm.testing import FakeWorld, calls

STEPS = (Press("m"),)


async def acted(world: FakeWorld, *callee: HoldSteps) -> list[tuple[str, int, int]]:
    """Probe, number and second of the hold of what was done; the hold lasts 20 s."""
    roles = {
        "callee": RoleSteps((), after_join=callee),
        "caller": RoleSteps((), after="callee"),
    }
    world.driver = Driver("fake", roles)
    settings = TrialSettings(settle_s=8.0, hold_s=20.0)
    await world.clock.play(run_trial(calls(2), world.world(), settings, world.recorder))
    hold_s = dict(world.recorder.phases)["hold"]
    return [(probe, number, round(at_s - hold_s)) for probe, number, at_s in world.host.acted]


async def test_each_probe_acts_at_its_times() -> None:
    steps = HoldSteps(STEPS, at_s=5), HoldSteps(STEPS, at_s=8, every_s=8)
    assert await acted(FakeWorld(), *steps) == [
        *(("p000", 0, 5), ("p002", 0, 5)),
        *(("p000", 1, 8), ("p002", 1, 8), ("p000", 1, 16), ("p002", 1, 16)),
    ]


async def test_a_probe_whose_steps_failed_does_no_more_and_the_others_go_on() -> None:
    world = FakeWorld()
    world.host.cannot_act = {"p000": "d.yaml:7: after_join 1 step 1, press m: late"}
    assert await acted(world, HoldSteps(STEPS, at_s=5, every_s=10)) == [
        *(("p000", 0, 5), ("p002", 0, 5)),
        ("p002", 0, 15),
    ]
    assert world.observer.notes == [
        "p000 (callee of s000): d.yaml:7: after_join 1 step 1, press m: late"
    ]
    assert [phase for phase, _ in world.recorder.phases][-2:] == ["leave", "done"]


async def test_steps_that_began_in_the_hold_end_before_anyone_leaves() -> None:
    world = FakeWorld()
    world.host.steps_take_s = 7.0
    await acted(world, HoldSteps(STEPS, at_s=19))
    phases = dict(world.recorder.phases)
    assert round(phases["leave"] - phases["hold"]) == 20
    assert round(phases["done"] - phases["hold"]) == 26


async def test_turns_that_come_too_fast_wait_and_none_begins_after_the_hold() -> None:
    world = FakeWorld()
    world.host.steps_take_s = 7.0
    steps = HoldSteps(STEPS, at_s=3, every_s=3, only=(0,), place="d.yaml:9")
    turns = await acted(world, steps)
    assert [each for each in turns if each[0] == "p000"] == [("p000", 0, at) for at in (3, 10, 17)]
    left_out = "d.yaml:9: after_join: some turns were left out: steps before them were over only"
    assert world.observer.notes == [
        f"{probe} (callee of {session}): {left_out} after the hold"
        for probe, session in (("p000", "s000"), ("p002", "s001"))
    ]


async def test_turns_that_waited_for_steps_that_failed_are_not_executed() -> None:
    world = FakeWorld()
    world.host.steps_take_s = 7.0
    world.host.cannot_act = {"p000": "late", "p002": "late"}
    turns = await acted(world, HoldSteps(STEPS, at_s=3, every_s=3))
    assert turns == [("p000", 0, 3), ("p002", 0, 3)]


async def test_who_could_not_join_does_nothing() -> None:
    world = FakeWorld(refuse={"p000": "user busy"})
    assert await acted(world, HoldSteps(STEPS, at_s=5)) == [("p002", 0, 5)]
