"""Shapes of sessions: audio-only members, last speakers, presenters, broadcasts at once."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import ExperimentError
from farm.model.experiment import (
    Experiment,
    MediaSettings,
    ProbeSettings,
    Scenario,
    SearchSettings,
    TrialSettings,
)
from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.planning.load_steps import check_load, ladder, smallest_load
from farm.planning.trial_planning import plan_trial
from farm.results.summary import sessions_of, viewers_of


def planned(scenario: Scenario, load: int | None = None, **settings: Any) -> TrialPlan:
    experiment = Experiment(scenario=scenario, **settings)
    load = smallest_load(scenario) if load is None else load
    return plan_trial(experiment, load, index=0, purpose="single", hosts=["here"])


def owed(probe: ProbePlan) -> tuple[int, int]:
    """How many audios and videos."""
    return probe.receives.count("audio"), probe.receives.count("video")


def room(members: int = 4, **settings: Any) -> Scenario:
    return Scenario(kind="group", members=members, **{"media": "forwarded", **settings})


def broadcast(**settings: Any) -> Scenario:
    return Scenario(kind="broadcast", **settings)


# ---------------------------------------------------------------- rooms


def test_audio_only_members_send_no_video_and_nobody_is_owed_one_of_them() -> None:
    probes = planned(room(audio_only=1)).probes
    assert [probe.sends for probe in probes] == [("audio", "video")] * 3 + [("audio",)]
    assert [owed(probe) for probe in probes] == [(3, 2), (3, 2), (3, 2), (3, 3)]
    assert [probe.variables["sends_video"] for probe in probes] == ["1", "1", "1", "0"]
    assert [probe.variables["videos"] for probe in probes] == ["2", "2", "2", "3"]
    assert {probe.role for probe in probes} == {"member"}


def test_a_room_of_voices_alone_has_no_video_mixed_or_not() -> None:
    for media in ("mixed", "forwarded"):
        plan = planned(room(2, audio_only=2, media=media))
        assert {probe.receives for probe in plan.probes} == {("audio",)}


def test_in_a_mixed_room_audio_only_members_receive_the_mix_as_all_do() -> None:
    plan = planned(room(audio_only=3, media="mixed"))
    assert {owed(probe) for probe in plan.probes} == {(1, 1)}


def test_of_the_last_speakers_so_many_videos_are_owed_or_as_many_as_there_are() -> None:
    assert {owed(probe) for probe in planned(room(last_n=2)).probes} == {(3, 2)}
    assert {owed(probe) for probe in planned(room(last_n=9)).probes} == {(3, 3)}
    mixed_up = planned(room(audio_only=2, last_n=2)).probes
    assert [owed(probe) for probe in mixed_up] == [(3, 1), (3, 1), (3, 2), (3, 2)]


# ---------------------------------------------------------------- broadcasts


def test_each_viewer_is_owed_all_presenters_who_receive_each_other() -> None:
    one, two, viewer = planned(broadcast(presenters=2)).probes
    assert owed(one) == owed(two) == (1, 1)
    assert owed(viewer) == (2, 2)
    assert (one.role, two.role, viewer.role) == ("presenter", "presenter", "viewer")
    assert viewer.variables["videos"] == "2"


def test_presenters_who_do_not_meet_receive_nothing() -> None:
    one, two, viewer = planned(broadcast(presenters=2, presenters_receive="nothing")).probes
    assert owed(one) == owed(two) == (0, 0)
    assert owed(viewer) == (2, 2)


def test_viewers_are_shared_evenly_between_broadcasts() -> None:
    plan = planned(broadcast(sessions=3), 11)
    assert [len(session.probes) for session in plan.sessions] == [4, 4, 3]
    assert [session.probes[0].role for session in plan.sessions] == ["presenter"] * 3


def test_viewers_of_all_broadcasts_together_come_at_the_pace() -> None:
    plan = planned(broadcast(sessions=2), 8, trial=TrialSettings(sessions_per_second=2))
    viewers = [
        session.start_s + probe.start_s
        for session in plan.sessions
        for probe in session.probes
        if probe.role == "viewer"
    ]
    assert sorted(viewers) == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]


def test_the_next_load_has_a_viewer_more_in_each_broadcast() -> None:
    loads = ladder(Experiment(scenario=broadcast(presenters=2, sessions=3)))
    assert (loads.minimum, loads.step) == (9, 3)


@pytest.mark.parametrize(
    ("scenario", "message"),
    [
        (
            broadcast(),
            "load 1 is not a broadcast, which has 1 presenter and at least 1 viewer: use 2 or more",
        ),
        (
            broadcast(presenters=2, sessions=3),
            "load 1 is not 3 broadcasts, which have 2 presenters and at least 1 viewer each: "
            "use 9 or more",
        ),
    ],
)
def test_too_few_for_the_broadcasts_is_said(scenario: Scenario, message: str) -> None:
    with pytest.raises(ExperimentError, match=message):
        check_load(scenario, 1, "trial.load")


def test_witnesses_are_the_presenters_and_first_viewers_of_the_first_broadcast() -> None:
    light = ProbeSettings(fidelity="light")
    plan = planned(broadcast(presenters=2, sessions=2), 8, probes=light)
    full = [probe.probe for probe in plan.probes if probe.fidelity == "full"]
    assert full == ["p000", "p001", "p002"]
    assert plan.probes[3].session == "s000"


# ---------------------------------------------------------------- whatever the shape

SHAPES = st.one_of(
    st.just(Scenario()),
    st.builds(
        room,
        st.integers(2, 8),
        media=st.sampled_from(["mixed", "forwarded", None]),
        audio_only=st.integers(0, 2),
        last_n=st.none() | st.integers(0, 9),
    ),
    st.builds(
        broadcast,
        presenters=st.integers(1, 4),
        sessions=st.integers(1, 4),
        presenters_receive=st.sampled_from(["each_other", "nothing"]),
    ),
)


@given(SHAPES, st.integers(0, 5))
def test_a_plan_is_whole_sessions_whose_streams_come_from_somebody(
    scenario: Scenario, steps: int
) -> None:
    loads = ladder(Experiment(scenario=scenario, search=SearchSettings(maximum=500))).loads
    load = loads[min(steps, len(loads) - 1)]
    plan = planned(scenario, load)
    assert len(plan.probes) == load
    assert len(plan.sessions) == sessions_of(scenario, load)
    sizes = {len(session.probes) for session in plan.sessions}
    assert max(sizes) - min(sizes) <= 1
    for session in plan.sessions:
        assert all(probe.sends or probe.receives for probe in session.probes)
        for probe in session.probes:
            for kind in ("audio", "video"):
                senders = sum(
                    kind in each.sends
                    for each in session.probes
                    if each is not probe or scenario.media == "mixed"
                )
                assert probe.receives.count(kind) <= senders
    viewers = [probe for probe in plan.probes if probe.role == "viewer"]
    assert viewers_of(scenario, load) == (len(viewers) if plan.by_viewer else None)


@given(SHAPES)
def test_without_audio_nobody_owes_any(scenario: Scenario) -> None:
    plan = planned(scenario, media=MediaSettings(audio="none"))
    assert not any("audio" in probe.sends + probe.receives for probe in plan.probes)
