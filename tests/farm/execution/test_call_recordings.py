"""Recorded calls, looked at when everybody has gone: whose is missing, what nobody can know."""

from __future__ import annotations

import asyncio

from farm.errors import AnswerCut, ServerLost
from farm.execution.run_trial import run_trial
from farm.model.call_files import RecordedFile, RecordedTrack
from farm.model.experiment import TrialSettings
from farm.model.trial_plan import TrialPlan
from farm.testing import FakeRecordings, FakeWorld, calls

SHORT = TrialSettings(settle_s=8.0, hold_s=20.0)
LOST = ServerLost("media.example is not reached any more")
NAMES = [f"s{number:03d}-{role}.webm" for number in range(2) for role in ("callee", "caller")]


def world_with(recordings: FakeRecordings | None, **refuse: str) -> FakeWorld:
    world = FakeWorld(refuse=refuse)
    world.server.recordings = recordings
    return world


def all_whole(length_s: float = 1000.0) -> FakeRecordings:
    return FakeRecordings({name: FakeRecordings.whole(name, length_s) for name in NAMES})


async def play(world: FakeWorld, plan: TrialPlan | None = None) -> None:
    plan = plan or calls(2, recorded=True)
    await world.clock.play(run_trial(plan, world.world(), SHORT, world.recorder))


async def test_whole_recordings_are_looked_at_once_and_put_away() -> None:
    recordings = all_whole()
    world = world_with(recordings)
    await play(world)
    assert recordings.did == ["ready", "look", "put away 000-load-004"]
    assert world.recorder.faults == []
    assert "trial 0: 4 recordings checked: whole" in world.observer.notes
    assert world.recorder.phases[-1][0] == "done"


async def test_a_missing_recording_is_its_session_s_fault_and_no_other_s() -> None:
    recordings = all_whole()
    del recordings.files["s001-caller.webm"]
    world = world_with(recordings)
    await play(world)
    (fault,) = world.recorder.faults
    assert (fault.what, fault.session) == ("recording_missing", "s001")
    assert fault.message == "there is no recording /var/tmp/farm/s001-caller.webm"
    assert recordings.did[-1] == "put away 000-load-004"


async def test_a_recording_must_be_as_long_as_both_were_in_the_call() -> None:
    world = world_with(all_whole(26.5))
    await play(world)
    # In from 0 and 1 s on, until 29 s; the second call's files are long enough.
    assert [fault.session for fault in world.recorder.faults] == []
    world = world_with(all_whole(24.5))
    await play(world)
    assert [fault.session for fault in world.recorder.faults] == ["s000", "s001"]
    world = world_with(all_whole(25.5))
    await play(world)
    (fault,) = world.recorder.faults
    assert fault.session == "s000"
    assert "lasts 25.5 s, the call lasted 29.0 s" in fault.message


async def looked_at_until(recordings: FakeRecordings, whole: RecordedFile) -> None:
    """A trial whose callee's recording is `whole` some seconds after it: no fault."""
    world = world_with(recordings)

    async def come_right() -> None:
        await world.clock.sleep_until(33.0)
        recordings.files["s000-callee.webm"] = whole

    coming = asyncio.create_task(come_right())
    await play(world)
    await coming
    assert world.recorder.faults == []
    assert recordings.did.count("look") > 1


async def test_a_server_that_is_still_writing_is_waited_for() -> None:
    recordings = all_whole()
    complete = recordings.files.pop("s000-callee.webm")
    await looked_at_until(recordings, complete)


async def test_a_call_that_never_came_about_owes_no_recording() -> None:
    recordings = FakeRecordings({name: FakeRecordings.whole(name) for name in NAMES[2:]})
    world = world_with(recordings, p000="user busy")
    await play(world)
    assert world.recorder.faults == []


async def test_where_nothing_is_recorded_nothing_is_looked_at() -> None:
    recordings = FakeRecordings()
    world = world_with(recordings)
    await play(world, calls(2))
    assert recordings.did == []
    assert world.recorder.faults == []


async def test_a_machine_out_of_sight_leaves_recordings_unknown() -> None:
    world = world_with(None)
    await play(world)
    (fault,) = world.recorder.faults
    assert (fault.what, fault.session) == ("recordings_unknown", None)
    assert "there is no access to the server's machine" in fault.message


async def test_a_machine_that_went_out_of_sight_leaves_recordings_unknown() -> None:
    lost_then = world_with(FakeRecordings(breaks={"look": LOST}))
    await play(lost_then)
    assert [fault.what for fault in lost_then.recorder.faults] == ["recordings_unknown"]
    lost_before = world_with(all_whole())
    lost_before.server.sampled_for_s = 12.0
    await play(lost_before)
    assert [fault.what for fault in lost_before.recorder.faults] == [
        "sampling_lost",
        "recordings_unknown",
    ]


async def test_files_that_may_not_be_read_are_named_and_blamed_on_nobody() -> None:
    recordings = all_whole()
    recordings.files["s000-callee.webm"] = RecordedFile("/var/tmp/farm/x", 5000, tracks=None)
    world = world_with(recordings)
    await play(world)
    (fault,) = world.recorder.faults
    assert fault.what == "recordings_unknown"
    assert "s000-callee.webm" in fault.message


async def test_a_file_that_is_still_open_long_after_the_call_fails_its_session() -> None:
    """Its length is unknown as long as it is not complete, and the disk is that far behind."""
    recordings = all_whole()
    tracks = (RecordedTrack("audio", None), RecordedTrack("video", None))
    recordings.files["s000-callee.webm"] = RecordedFile("x", 5000, tracks, being_written=True)
    world = world_with(recordings)
    await play(world)
    (fault,) = world.recorder.faults
    assert (fault.what, fault.session) == ("recording_missing", "s000")
    assert "s000-callee.webm is still being written though the call is over" in fault.message
    assert recordings.did.count("look") > 5


async def test_a_file_with_one_track_fails_its_session() -> None:
    recordings = all_whole()
    only = (RecordedTrack("audio", 1000.0),)
    recordings.files["s000-callee.webm"] = RecordedFile("/var/tmp/farm/x", 5000, only)
    world = world_with(recordings)
    await play(world)
    (fault,) = world.recorder.faults
    assert (fault.session, fault.message) == (
        "s000",
        "the recording s000-callee.webm has no video",
    )


async def test_a_trial_that_the_server_did_not_survive_is_not_asked_for_its_recordings() -> None:
    recordings = FakeRecordings()
    world = world_with(recordings)
    world.break_at(15.0, "server_died", "the media server is gone")
    await play(world)
    assert recordings.did == ["ready"]
    assert [fault.what for fault in world.recorder.faults] == ["server_died"]


async def test_too_little_room_on_the_server_is_said_before_the_trial() -> None:
    recordings = all_whole()
    recordings.free = 5_000_000
    world = world_with(recordings)
    await play(world)
    assert world.observer.notes[0] == (
        "trial 0: its recordings may take 8 MB, the server has 5 MB free"
        " (server.recordings.directory)"
    )


def unfinished_run(name: str) -> RecordedFile:
    return RecordedFile(f"/var/tmp/farm/{name}", None, unknown="it broke off")


async def test_a_look_that_broke_off_is_taken_again() -> None:
    recordings = all_whole()
    whole = recordings.files["s000-callee.webm"]
    recordings.files["s000-callee.webm"] = unfinished_run("s000-callee.webm")
    await looked_at_until(recordings, whole)


async def test_a_look_that_keeps_breaking_off_is_said_and_fails_nobody() -> None:
    recordings = all_whole()
    recordings.files["s000-callee.webm"] = unfinished_run("s000-callee.webm")
    world = world_with(recordings)
    await play(world)
    (fault,) = world.recorder.faults
    assert (fault.what, fault.session) == ("recordings_unknown", None)
    assert fault.message.endswith("of s000-callee.webm nothing is known: it broke off")
    assert world.recorder.phases[-1][0] == "done"


async def test_a_directory_that_could_not_be_cleared_leaves_recordings_unknown() -> None:
    recordings = all_whole()
    recordings.breaks = {"ready": AnswerCut("cannot be used: killed")}
    world = world_with(recordings)
    await play(world)
    (fault,) = world.recorder.faults
    assert fault.what == "recordings_unknown"
    assert fault.message.endswith("cannot be used: killed")
    assert world.recorder.phases[-1][0] == "done"
