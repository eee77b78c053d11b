import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import ExperimentError
from farm.model.experiment import (
    AppSettings,
    Experiment,
    MediaSettings,
    NetworkSettings,
    ProbeSettings,
    Receives,
    Scenario,
    SearchSettings,
    TrialSettings,
)
from farm.model.setting import Size
from farm.model.trial_plan import AccessLink, TrialPlan
from farm.planning.load_steps import Ladder, ladder, smallest_load
from farm.planning.trial_planning import camera_size, driver_name, plan_trial

CALLS = Experiment()
ROOMS = Experiment(scenario=Scenario(kind="group", media="mixed"))
BROADCAST = Experiment(scenario=Scenario(kind="broadcast"))


def planned(experiment: Experiment, load: int, hosts: tuple[str, ...] = ("here",)) -> TrialPlan:
    return plan_trial(experiment, load, index=0, purpose="single", hosts=hosts)


def roles(plan: TrialPlan) -> list[list[str]]:
    return [[probe.role for probe in session.probes] for session in plan.sessions]


# ---------------------------------------------------------------- who does what


def test_a_load_of_four_is_two_calls() -> None:
    plan = planned(CALLS, 4)

    assert [session.session for session in plan.sessions] == ["s000", "s001"]
    assert [probe.probe for probe in plan.probes] == ["p000", "p001", "p002", "p003"]
    assert roles(plan) == [["callee", "caller"], ["callee", "caller"]]
    assert all(probe.sends == probe.receives == ("audio", "video") for probe in plan.probes)
    assert not plan.mixed


def test_a_room_is_mixed_and_each_member_receives_one_mix() -> None:
    plan = planned(ROOMS, 8)

    assert roles(plan) == [["member"] * 4, ["member"] * 4]
    assert {probe.receives for probe in plan.probes} == {("audio", "video")}
    assert plan.mixed
    assert not plan.media_assumed


def room(**settings: Any) -> TrialPlan:
    return planned(Experiment(scenario=Scenario(kind="group", members=3, **settings)), 3)


def test_in_a_room_that_forwards_each_member_is_owed_every_other() -> None:
    plan = room(media="forwarded")

    assert {probe.receives for probe in plan.probes} == {("audio", "audio", "video", "video")}
    assert {probe.sends for probe in plan.probes} == {("audio", "video")}
    assert not plan.mixed
    assert not plan.media_assumed


def test_a_room_of_which_nothing_is_said_is_taken_for_forwarded() -> None:
    plan = room()
    assert plan.media_assumed
    assert plan.probes[0].receives == room(media="forwarded").probes[0].receives


def test_a_server_that_sends_the_last_speakers_only_owes_no_more() -> None:
    plan = room(media="forwarded", receives=Receives(video=1))
    assert {probe.receives for probe in plan.probes} == {("audio", "audio", "video")}


def test_in_a_broadcast_the_presenter_only_sends_and_viewers_only_receive() -> None:
    plan = planned(BROADCAST, 4)

    assert roles(plan) == [["presenter", "viewer", "viewer", "viewer"]]
    presenter, *viewers = plan.probes
    assert (presenter.sends, presenter.receives) == (("audio", "video"), ())
    assert {(viewer.sends, viewer.receives) for viewer in viewers} == {((), ("audio", "video"))}


def test_without_audio_no_audio_is_expected() -> None:
    silent = dataclasses.replace(CALLS, media=MediaSettings(audio="none"))

    assert planned(silent, 2).probes[0].receives == ("video",)


# ---------------------------------------------------------------- when and where


def test_sessions_start_at_the_pace_asked_for() -> None:
    brisk = dataclasses.replace(CALLS, trial=TrialSettings(sessions_per_second=2))

    plan = planned(brisk, 6)

    assert [session.start_s for session in plan.sessions] == [0.0, 0.5, 1.0]
    assert {probe.start_s for probe in plan.probes} == {0.0}


def test_viewers_come_one_after_the_other() -> None:
    assert [probe.start_s for probe in planned(BROADCAST, 4).probes] == [0.0, 0.0, 1.0, 2.0]


def test_a_call_stays_whole_on_a_host() -> None:
    plan = planned(CALLS, 6, hosts=("east", "west"))

    assert [{probe.host for probe in session.probes} for session in plan.sessions] == [
        {"east"},
        {"west"},
        {"east"},
    ]


def test_viewers_are_spread_over_the_hosts() -> None:
    plan = planned(BROADCAST, 4, hosts=("east", "west"))

    assert [probe.host for probe in plan.probes] == ["east", "west", "east", "west"]


def test_probes_share_the_second_among_them() -> None:
    assert [probe.poll_phase for probe in planned(CALLS, 4).probes] == [0.0, 0.25, 0.5, 0.75]


# ---------------------------------------------------------------- what drivers and pages get


def test_a_driver_gets_who_the_probe_is_and_what_its_camera_gives() -> None:
    experiment = Experiment(
        scenario=Scenario(kind="one_to_one", record=True),
        media=MediaSettings(size=Size(320, 180), frame_rate=10, max_video_send_bandwidth=200),
    )

    variables = planned(experiment, 4).probes[3].variables

    assert variables == {
        "session": "s001",
        "session_number": "2",
        "probe": "p003",
        "role": "caller",
        "index": "1",
        "width": "320",
        "height": "180",
        "frame_rate": "10",
        "record": "1",
        "members": "2",
        "videos": "1",
        "sends": "audio,video",
        "sends_video": "1",
        "max_video_send_bandwidth": "200",
        "publishers": "p002",
    }


def test_an_unset_bandwidth_is_an_empty_string() -> None:
    assert planned(CALLS, 2).probes[0].variables["max_video_send_bandwidth"] == ""


def test_the_scenario_chooses_camera_and_driver_unless_told() -> None:
    assert (str(camera_size(ROOMS)), driver_name(ROOMS)) == ("640x360", "demo_group")
    told = dataclasses.replace(
        ROOMS,
        media=MediaSettings(size=Size(320, 240)),
        app=AppSettings(run=None, url="http://x/", driver="mine"),
    )
    assert (str(camera_size(told)), driver_name(told)) == ("320x240", "mine")


def test_only_the_probes_named_have_a_bad_network() -> None:
    bad = NetworkSettings(loss=0.2, probes=("p001",))

    plan = planned(dataclasses.replace(CALLS, network=bad), 4)

    assert [probe.line for probe in plan.probes] == [
        None,
        AccessLink("none", loss_ratio=0.2),
        None,
        None,
    ]


def test_an_untouched_network_is_not_emulated() -> None:
    assert {probe.line for probe in planned(CALLS, 2).probes} == {None}


# ---------------------------------------------------------------- loads that cannot be


@pytest.mark.parametrize(
    ("experiment", "load", "message"),
    [
        (CALLS, 7, "trial.load: load 7 is not a whole number of calls of 2: use 6 or 8"),
        (CALLS, 1, "trial.load: load 1 is not a whole number of calls of 2: use 2"),
        (CALLS, 0, "trial.load: load 0 is not a whole number of calls of 2: use 2"),
        (ROOMS, 6, "trial.load: load 6 is not a whole number of rooms of 4: use 4 or 8"),
        (
            BROADCAST,
            1,
            "trial.load: load 1 is not a broadcast, which has 1 presenter and at least 1 viewer: "
            "use 2 or more",
        ),
    ],
)
def test_a_load_must_be_whole_sessions(experiment: Experiment, load: int, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        planned(experiment, load)
    assert str(caught.value) == message


# ---------------------------------------------------------------- the ladder


def test_the_ladder_climbs_by_whole_sessions_and_stays_below_its_end() -> None:
    rooms = dataclasses.replace(ROOMS, search=SearchSettings(maximum=15))

    assert ladder(rooms) == Ladder(minimum=4, maximum=12, step=4)
    assert ladder(rooms).loads == (4, 8, 12)
    assert ladder(BROADCAST) == Ladder(minimum=2, maximum=60, step=1)


def test_a_list_of_ones_own_is_the_ladder() -> None:
    rungs = ladder(dataclasses.replace(CALLS, search=SearchSettings(loads=(16, 2, 10, 16, 20))))

    assert rungs.loads == (2, 10, 16, 20)
    assert (rungs.minimum, rungs.maximum, rungs.step) == (2, 20, 4)


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (
            SearchSettings(loads=(2, 7)),
            r"search\.loads\[1\]: load 7 is not a whole number of calls of 2",
        ),
        (
            SearchSettings(loads=(2, 8), step=2),
            r"search\.step: 2: expected null beside search\.loads",
        ),
        (SearchSettings(loads=(4, 8), minimum=2), r"search\.minimum: 2: expected null beside"),
    ],
)
def test_a_list_that_cannot_be_run_is_refused(search: SearchSettings, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        ladder(dataclasses.replace(CALLS, search=search))


@pytest.mark.parametrize(
    ("search", "message"),
    [
        (
            SearchSettings(minimum=5),
            "search.minimum: load 5 is not a whole number of calls of 2: use 4 or 6",
        ),
        (SearchSettings(step=3), "search.step: 3 is not a whole number of calls of 2: use 2 or 4"),
        (
            SearchSettings(minimum=8, maximum=6),
            "search.maximum: 6 is below search.minimum, 8: use 8 or more",
        ),
    ],
)
def test_a_ladder_without_a_rung_is_refused(search: SearchSettings, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        ladder(dataclasses.replace(CALLS, search=search))
    assert str(caught.value) == message


@given(
    kind=st.sampled_from(["one_to_one", "group", "broadcast"]),
    members=st.integers(2, 8),
    sessions=st.integers(1, 20),
    hosts=st.integers(1, 5),
)
def test_every_probe_is_planned_once(kind: str, members: int, sessions: int, hosts: int) -> None:
    scenario = Scenario(kind=kind, members=members)  # type: ignore[arg-type]
    load = sessions * members if kind == "group" else 2 * sessions
    names = tuple(f"host{at}" for at in range(hosts))

    plan = planned(Experiment(scenario=scenario), load, names)

    assert [probe.probe for probe in plan.probes] == [f"p{at:03d}" for at in range(load)]
    assert all(probe.session == s.session for s in plan.sessions for probe in s.probes)
    assert {probe.host for probe in plan.probes} <= set(names)
    assert all(0 <= probe.poll_phase < 1 for probe in plan.probes)


# ---------------------------------------------------------------- recorded calls


def test_each_probe_of_a_recorded_call_has_a_file_of_its_own() -> None:
    recorded = dataclasses.replace(CALLS, scenario=Scenario(record=True))
    assert [probe.recorded_as for probe in planned(recorded, 4).probes] == [
        "s000-callee.webm",
        "s000-caller.webm",
        "s001-callee.webm",
        "s001-caller.webm",
    ]
    assert {probe.recorded_as for probe in planned(CALLS, 4).probes} == {None}


def test_what_another_app_calls_its_files_is_not_known() -> None:
    own = AppSettings(run=None, url="https://example.org/", driver="demo_one_to_one")
    recorded = dataclasses.replace(CALLS, scenario=Scenario(record=True), app=own)
    assert {probe.recorded_as for probe in planned(recorded, 4).probes} == {None}


# ---------------------------------------------------------------- witnesses


def full_probes(plan: TrialPlan) -> list[str]:
    return [probe.probe for probe in plan.probes if probe.fidelity == "full"]


@pytest.mark.parametrize(
    ("scenario", "witnesses", "load", "full"),
    [
        (Scenario(), None, 6, ["p000", "p001"]),
        (Scenario(), 3, 8, ["p000", "p001", "p002", "p003"]),
        (Scenario(), 0, 6, []),
        (Scenario(), 6, 4, ["p000", "p001"]),
        (Scenario(), None, 2, []),
        (Scenario(kind="group", members=3), 2, 9, ["p000", "p001", "p002"]),
        (Scenario(kind="broadcast"), None, 5, ["p000", "p001"]),
        (Scenario(kind="broadcast"), 3, 5, ["p000", "p001", "p002"]),
        (Scenario(kind="broadcast"), 9, 3, ["p000", "p001"]),
        (Scenario(kind="broadcast"), 2, 2, []),
    ],
)
def test_witnesses_are_the_first_whole_session_of_a_light_load(
    scenario: Scenario, witnesses: int | None, load: int, full: list[str]
) -> None:
    probes = ProbeSettings(fidelity="light", witnesses=witnesses)

    assert full_probes(planned(Experiment(scenario=scenario, probes=probes), load)) == full


def test_full_probes_need_no_witnesses() -> None:
    probes = ProbeSettings(witnesses=2)

    assert len(full_probes(planned(Experiment(probes=probes), 6))) == 6


@pytest.mark.parametrize("kind", ["one_to_one", "broadcast"])
def test_witnesses_have_the_first_of_several_hosts_for_themselves(kind: str) -> None:
    scenario = Scenario(kind=kind)  # type: ignore[arg-type]
    light = Experiment(scenario=scenario, probes=ProbeSettings(fidelity="light"))

    plan = planned(light, 6 * smallest_load(scenario), ("east", "west", "south"))

    apart = {probe.host for probe in plan.probes if probe.fidelity == "full"}
    loaded = {probe.host for probe in plan.probes if probe.fidelity == "light"}
    assert (apart, loaded) == ({"east"}, {"west", "south"})
