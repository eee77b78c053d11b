"""A trial as it should go, and as it goes when something breaks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NoReturn

import pytest

from farm.errors import GeneratorError, NoSpace, ProcessError, ServerError, first_error
from farm.execution.collector import all_closed
from farm.execution.run_trial import LAST_SAMPLES_S, run_trial
from farm.model.experiment import TrialSettings
from farm.model.server_samples import Footprint, ResetReport
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_plan import TrialPlan
from farm.testing import FakeClock, FakeHost, FakeRecorder, FakeRecordings, FakeWorld, calls
from tests.farm.execution.test_steady_state import report

SHORT = TrialSettings(settle_s=8.0, hold_s=20.0)


async def play(world: FakeWorld, plan: TrialPlan, settings: TrialSettings = SHORT) -> None:
    await world.clock.play(run_trial(plan, world.world(), settings, world.recorder))


def phases(world: FakeWorld) -> list[tuple[str, float]]:
    """To the millisecond: the clock moves while it is read."""
    return [(phase, round(at_s, 3)) for phase, at_s in world.recorder.phases]


async def test_a_trial_resets_ramps_settles_holds_and_leaves() -> None:
    world = FakeWorld()
    await play(world, calls(2))
    assert phases(world) == [
        ("reset", 0.0),
        ("ramp", 0.05),
        ("settle", 1.55),
        ("hold", 9.55),
        ("leave", 29.55),
        ("done", 29.55),
    ]
    assert world.server.resets == 1
    assert {name: joined.joined for name, joined in world.recorder.joins.items()} == {
        "p000": True,
        "p001": True,
        "p002": True,
        "p003": True,
    }
    assert world.host.closed


async def test_the_callee_is_in_before_the_caller_calls() -> None:
    world = FakeWorld()
    await play(world, calls(1))
    steps = [step for step in world.host.did if step[0] in ("join", "joined")]
    assert steps == [("join", "p000"), ("join", "p001"), ("joined", "p000"), ("joined", "p001")]


async def test_those_who_joined_last_leave_first_and_each_role_is_pictured_before() -> None:
    world = FakeWorld()
    await play(world, calls(1))
    assert world.host.did[-4:] == [
        ("screenshot", "p001"),
        ("screenshot", "p000"),
        ("leave", "p001"),
        ("leave", "p000"),
    ]


@pytest.mark.parametrize(("sessions", "pictured"), [(2, 4), (3, 2)])
async def test_of_few_probes_each_is_pictured_of_many_one_of_each_role(
    sessions: int, pictured: int
) -> None:
    world = FakeWorld()
    await play(world, calls(sessions))
    pictures = [probe for what, probe in world.host.did if what == "screenshot"]
    assert len(pictures) == len(set(pictures)) == pictured
    assert {"p000", "p001"} <= set(pictures)


async def test_the_first_call_of_the_plan_is_pictured_even_if_another_was_in_before() -> None:
    world = FakeWorld()
    first, *others = calls(3).sessions
    await play(world, replace(calls(3), sessions=(replace(first, start_s=5.0), *others)))
    assert world.host.did.index(("join", "p002")) < world.host.did.index(("join", "p000"))
    pictures = [probe for what, probe in world.host.did if what == "screenshot"]
    assert sorted(pictures) == ["p000", "p001"]


async def test_the_server_is_sampled_all_along() -> None:
    world = FakeWorld()
    await play(world, calls(1))
    times = [sample.received_s for sample in world.recorder.server_samples]
    assert times[0] == pytest.approx(1.1, abs=0.001)
    assert times[-1] >= 27.0


async def test_a_refused_join_spoils_its_session_and_no_other() -> None:
    world = FakeWorld(refuse={"p000": "user busy"})
    await play(world, calls(2))
    joins = world.recorder.joins
    assert (joins["p000"].reason, joins["p000"].message) == ("signalling", "user busy")
    assert joins["p001"].reason == "partner"
    assert joins["p002"].joined
    assert joins["p003"].joined
    assert ("join", "p001") not in world.host.did
    assert world.recorder.phases[-1][0] == "done"


@pytest.mark.parametrize("reason", ["timeout", "media"])
async def test_a_callee_that_waited_in_vain_for_its_caller_lacked_a_partner(reason: str) -> None:
    world = FakeWorld(refuse={"p001": "user busy"})
    world.host.wait_in_vain = {"p000", "p002"}
    world.host.in_vain = reason
    await play(world, calls(2))
    joins = world.recorder.joins
    assert (joins["p001"].reason, joins["p001"].message) == ("signalling", "user busy")
    assert (joins["p000"].reason, joins["p000"].message) == (
        "partner",
        "its caller could not join",
    )
    assert joins["p002"].reason == reason  # its caller is in
    assert joins["p003"].joined


@pytest.mark.parametrize("what", ["browser_crashed", "app_died", "server_died"])
async def test_what_breaks_while_probes_leave_does_not_end_the_trial(what: str) -> None:
    world = FakeWorld()
    world.break_at(29.0, what, "it is gone")  # the hold ends at 28.55
    world.host.screenshots_take_s = 2.0
    await play(world, calls(1))
    assert world.recorder.faults == []
    assert world.host.did[-2:] == [("leave", "p001"), ("leave", "p000")]


async def test_where_nobody_could_join_nothing_is_held() -> None:
    world = FakeWorld(refuse={"p000": "no such room"})
    await play(world, calls(1))
    assert [phase for phase, _ in world.recorder.phases] == ["reset", "ramp", "done"]


async def test_a_dead_server_ends_the_trial_at_once() -> None:
    world = FakeWorld()
    world.break_at(15.0, "server_died", "the media server is gone")
    await play(world, calls(1))
    assert [(fault.what, fault.at_s) for fault in world.recorder.faults] == [("server_died", 15.0)]
    assert phases(world)[-1] == ("done", 15.0 + LAST_SAMPLES_S)
    assert world.host.closed


async def test_a_server_that_dies_while_probes_join_ends_the_ramp() -> None:
    world = FakeWorld()
    world.break_at(2.5, "server_died", "the media server is gone")
    await play(world, calls(10))
    assert ("start", "p004") in world.host.did
    assert ("start", "p006") not in world.host.did
    assert phases(world)[-1] == ("done", 2.5 + LAST_SAMPLES_S)


async def test_a_lost_host_is_a_fault_of_the_generator() -> None:
    world = FakeWorld()
    world.host.lose()
    await play(world, calls(1))
    assert [fault.what for fault in world.recorder.faults] == ["host_lost"]


async def test_a_generator_that_cannot_even_begin_is_at_fault() -> None:
    world = FakeWorld()
    world.cannot_open = "chromium-0 does not start"
    await play(world, calls(1))
    assert [(fault.what, fault.message) for fault in world.recorder.faults] == [
        ("host_lost", "chromium-0 does not start")
    ]
    assert world.recorder.phases[-1][0] == "done"


BROKEN = ProcessError("chromium-0 (pid 7) survived SIGKILL")


@pytest.mark.parametrize("what", ["clock", "start", "joined", "screenshot", "leave", "close"])
async def test_whatever_of_the_generator_breaks_is_a_fault_and_no_end_of_the_run(what: str) -> None:
    """Hosts are asked in groups of tasks, which raise groups of errors."""
    world = FakeWorld()
    world.host.breaks = {what: BROKEN}
    await play(world, calls(2))
    assert [(fault.what, fault.message) for fault in world.recorder.faults] == [
        ("host_lost", "chromium-0 (pid 7) survived SIGKILL")
    ]
    assert world.recorder.phases[-1][0] == "done"


async def test_a_reset_for_which_no_process_can_be_had_is_a_fault_of_the_generator() -> None:
    world = FakeWorld()
    world.server.breaks = {"reset": BROKEN}
    await play(world, calls(1))
    assert [fault.what for fault in world.recorder.faults] == ["host_lost"]
    assert [phase for phase, _ in world.recorder.phases] == ["reset", "done"]


async def test_recordings_that_no_process_can_be_had_to_look_at_are_unknown() -> None:
    world = FakeWorld()
    recordings = world.server.recordings
    assert recordings is not None
    recordings.breaks = {"look": BROKEN}
    await play(world, calls(1, recorded=True))
    assert [fault.what for fault in world.recorder.faults] == ["recordings_unknown"]


async def test_evidence_that_cannot_be_had_is_a_fault_of_the_generator() -> None:
    world = FakeWorld()
    world.host.lose(GeneratorError("host here: what answers there is out of memory"))
    await play(world, calls(1))
    assert [(fault.what, fault.message) for fault in world.recorder.faults] == [
        ("host_lost", "host here: what answers there is out of memory")
    ]


async def test_recordings_of_a_whole_hold_are_looked_at_though_a_browser_cannot_be_ended() -> None:
    world = FakeWorld()
    recordings = world.server.recordings
    assert recordings is not None
    recordings.files = {
        f"s000-{role}.webm": FakeRecordings.whole(f"s000-{role}.webm")
        for role in ("callee", "caller")
    }
    world.host.breaks = {"close": BROKEN}
    await play(world, calls(1, recorded=True))
    assert "look" in recordings.did
    assert any("failed after the hold" in note for note in world.observer.notes)


async def test_each_host_is_closed_though_one_of_them_cannot_be() -> None:
    hosts = [FakeHost(FakeClock()) for _ in range(3)]
    hosts[0].breaks = {"close": BROKEN}
    with pytest.raises(ProcessError, match="survived SIGKILL"):
        await all_closed(hosts)
    assert [host.closed for host in hosts] == [False, True, True]


@asynccontextmanager
async def cannot_be_left(plan: TrialPlan) -> AsyncIterator[dict[str, FakeHost]]:
    try:
        yield {"here": FakeHost(FakeClock())}
    finally:
        raise BROKEN


@pytest.mark.parametrize("what", ["close", "hosts"])
async def test_a_trial_that_is_cancelled_is_though_something_breaks_on_the_way_out(
    what: str,
) -> None:
    world = FakeWorld()
    world.host.breaks = {"close": BROKEN}
    played = world.world()
    if what == "hosts":
        played = replace(played, hosts=cannot_be_left)
    trial = asyncio.ensure_future(run_trial(calls(1), played, SHORT, world.recorder))
    await world.clock.play(world.clock.sleep_until(5.0))
    trial.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trial


class FullRecorder(FakeRecorder):
    def join(self, outcome: JoinOutcome) -> NoReturn:
        raise NoSpace("no space left")


async def test_a_full_disk_is_told_though_a_browser_cannot_be_ended() -> None:
    world = FakeWorld()
    world.host.breaks = {"close": BROKEN}
    world.recorder = FullRecorder()
    with pytest.raises(ExceptionGroup) as ended:
        await play(world, calls(1))
    assert isinstance(first_error(ended.value), NoSpace)


async def test_a_server_whose_sampling_breaks_in_any_way_leaves_the_trial_alone() -> None:
    world = FakeWorld()
    world.server.breaks = {"samples": ServerError("its shell is gone")}
    await play(world, calls(1))
    assert [fault.what for fault in world.recorder.faults] == ["sampling_lost"]
    assert phases(world)[-1] == ("done", 28.55)


async def test_lost_sampling_leaves_the_trial_alone() -> None:
    world = FakeWorld()
    world.server.sampled_for_s = 12.0
    await play(world, calls(1))
    assert [fault.what for fault in world.recorder.faults] == ["sampling_lost"]
    assert phases(world)[-1] == ("done", 28.55)


async def test_a_settling_that_never_ends_is_cut_and_said() -> None:
    world = FakeWorld()

    async def ramp_for_ever() -> None:
        for second in range(200):
            world.host.emit(report("p000", second, 1000.0 * 1.1**second))
            await world.clock.sleep_until(second)

    ramping = asyncio.create_task(ramp_for_ever())
    await play(world, calls(1), TrialSettings(settle_s=None, hold_s=20.0))
    ramping.cancel()
    assert dict(phases(world))["hold"] == 60.55
    left_s = [each.left_s for each in world.observer.seconds if each.phase == "settle"]
    assert min(filter(None, left_s), default=0.0) < 5.0 < 50.0 < (left_s[0] or 0.0)
    assert any("still changed after 60 s" in note for note in world.observer.notes)


async def test_a_server_that_began_dirty_is_told_at_once() -> None:
    world = FakeWorld()

    def dirty(_number: int, like: Footprint | None) -> ResetReport:
        return ResetReport(False, 1, like, ("`sleep 300` did not end within 5 s",))

    world.server.on_reset = dirty
    await play(world, calls(1))
    assert world.observer.notes[0] == (
        "trial 0: the server was not clean after the reset: `sleep 300` did not end within 5 s"
    )
