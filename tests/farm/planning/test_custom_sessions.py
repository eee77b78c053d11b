"""Sessions of roles that the user describes: who sends what, and whose streams each is owed."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import ExperimentError
from farm.experiment_file import as_yaml, parse_experiment
from farm.model.experiment import Experiment, MediaSettings, TrialSettings
from farm.model.json_values import from_jsonable, to_jsonable
from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.planning.load_steps import check_load, ladder
from farm.planning.owed_slots import owed_slots
from farm.planning.trial_planning import plan_trial
from farm.results.summary import sessions_of, viewers_of

PANEL = """{host: {sends: [audio, video]}, guest: {count: 3, sends: [audio],
  receives: {host: [audio, video], guest: {audio: 1}}}, watcher: {sends: [], receives: {host:
  [video]}}}"""


def custom(roles: str, **settings: Any) -> Experiment:
    text = f"""
format: 1
scenario: {{kind: custom, roles: {roles}}}
app: {{url: "https://media.example.org/", driver: panel.yaml}}
"""
    experiment = parse_experiment(text, "panel.yaml")
    assert parse_experiment(as_yaml(experiment), "again.yaml") == experiment
    return Experiment(experiment.format, scenario=experiment.scenario, **settings)


def planned(experiment: Experiment, load: int, hosts: tuple[str, ...] = ("here",)) -> TrialPlan:
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=hosts)
    assert from_jsonable(TrialPlan, to_jsonable(plan)) == plan
    return plan


def owed(plan: TrialPlan, probe: str) -> dict[str, list[tuple[str, ...]]]:
    """By kind the senders of each stream that a probe is owed."""
    slots = owed_slots(plan)
    return {
        kind: [slot.senders for slot in slots[probe, kind]]
        for kind in ("audio", "video")
        if slots[probe, kind]
    }


def test_each_is_owed_what_its_role_says() -> None:
    plan = planned(custom(PANEL), 10)
    assert [probe.role for probe in plan.sessions[1].probes] == ["host", *["guest"] * 3, "watcher"]
    assert owed(plan, "p005") == {"audio": [("p006",), ("p007",), ("p008",)]}
    assert owed(plan, "p006") == {
        "audio": [("p005",), ("p007", "p008")],
        "video": [("p005",)],
    }
    assert owed(plan, "p009") == {"video": [("p005",)]}
    assert [probe.sends for probe in plan.sessions[0].probes] == [
        ("audio", "video"),
        *[("audio",)] * 3,
        (),
    ]


def test_the_server_may_owe_media_of_its_own() -> None:
    plan = planned(
        custom(
            "{user: {sends: [audio, video], receives: {server: [audio, video], bot: [audio]}}, "
            "bot: {sends: [audio], receives: none}, watcher: {sends: [], receives: {server: "
            "{video: 2}}}}"
        ),
        6,
    )
    assert owed(plan, "p003") == {"audio": [("server",), ("p004",)], "video": [("server",)]}
    assert owed(plan, "p004") == {}
    assert owed(plan, "p005") == {"video": [("server",), ("server",)]}
    user, bot, watcher = plan.sessions[0].probes
    assert user.kinds_of_server == {"audio", "video"}
    assert watcher.kinds_of_server == {"video"}
    assert bot.kinds_of_server == frozenset()
    assert [each.kinds_of_others for each in (user, bot, watcher)] == [{"audio"}, set(), set()]
    assert (user.variables["videos"], user.variables["publishers"]) == ("1", "p001")


def test_a_page_that_sends_nothing_may_be_owed_media_of_the_servers() -> None:
    alone = custom(
        "{listener: {sends: [], receives: {server: [audio]}}}", media=MediaSettings(audio="none")
    )
    assert ladder(alone).loads[:2] == (1, 2)
    assert owed(planned(alone, 1), "p000") == {"audio": [("server",)]}


def test_a_page_that_sends_no_audio_for_want_of_a_microphone_is_owed_no_echo_of_it() -> None:
    plan = planned(
        custom(
            "{user: {sends: [audio, video], receives: {server: [audio, video]}}, "
            "talker: {sends: [audio, data], receives: {server: [audio, data]}}, "
            "watcher: {sends: [video], receives: {server: {audio: 2}, user: [audio, video]}}}",
            media=MediaSettings(audio="none"),
        ),
        3,
    )
    assert [(probe.sends, probe.receives) for probe in plan.probes] == [
        (("video",), ("video",)),
        ((), ()),
        (("video",), ("audio", "audio", "video")),
    ]
    assert owed(plan, "p000") == {"video": [("server",)]}
    assert owed(plan, "p002") == {"audio": [("server",), ("server",)], "video": [("p000",)]}
    assert plan.probes[1].receives_data == ("server",)


def test_the_server_may_owe_messages_of_its_own() -> None:
    plan = planned(
        custom(
            "{user: {count: 2, sends: [data], receives: {server: [data], user: [data]}}, "
            "watcher: {sends: [], receives: {server: [data]}}}"
        ),
        3,
    )
    assert [probe.receives_data for probe in plan.probes] == [
        ("p001", "server"),
        ("p000", "server"),
        ("server",),
    ]


def test_the_load_is_whole_sessions() -> None:
    experiment = custom(PANEL)
    assert (ladder(experiment).minimum, ladder(experiment).step) == (5, 5)
    assert sessions_of(experiment.scenario, 10) == 2
    assert viewers_of(experiment.scenario, 10) is None
    message = "load 7 is not a whole number of sessions of 5: use 5 or 10"
    with pytest.raises(ExperimentError, match=message):
        check_load(experiment.scenario, 7, "trial.load")


def test_roles_may_be_called_as_those_of_broadcasts_and_sessions_pass_as_a_whole() -> None:
    experiment = custom("{presenter: {sends: [video]}, viewer: {count: 2, sends: []}}")
    assert not planned(experiment, 3).by_viewer


def test_the_members_of_a_session_larger_than_a_room_come_one_by_one_to_any_host() -> None:
    webinar = custom(
        "{host: {sends: [video]}, guest: {count: 19, sends: []}}",
        trial=TrialSettings(sessions_per_second=2),
    )
    plan = planned(webinar, 40, ("east", "west"))
    come = [each.start_s + probe.start_s for each in plan.sessions for probe in each.probes]
    assert come == [number / 2 for number in range(40)]
    assert {probe.host for probe in plan.sessions[0].probes} == {"east", "west"}


def test_smaller_sessions_come_whole_and_stay_on_one_host() -> None:
    plan = planned(custom(PANEL), 10, ("east", "west"))
    assert {probe.start_s for probe in plan.probes} == {0.0}
    assert [session.start_s for session in plan.sessions] == [0.0, 1.0]
    assert [{each.host for each in session.probes} for session in plan.sessions] == [
        {"east"},
        {"west"},
    ]


MEDIA = st.lists(st.sampled_from(["audio", "video"]), unique=True)


@given(st.lists(st.tuples(st.integers(1, 4), MEDIA), min_size=1, max_size=3), st.integers(1, 3))
def test_all_others_are_those_who_send_and_are_not_oneself(
    roles: list[tuple[int, list[str]]], sessions: int
) -> None:
    if not any(sends for _, sends in roles):
        return
    text = ", ".join(
        f"role{number}: {{count: {count}, sends: [{', '.join(sends)}]}}"
        for number, (count, sends) in enumerate(roles)
    )
    plan = planned(custom(f"{{{text}}}"), sessions * sum(count for count, _ in roles))
    for session in plan.sessions:
        for probe in session.probes:
            for kind in ("audio", "video"):
                others = [each.probe for each in session.probes if sends(each, kind, probe)]
                assert owed(plan, probe.probe).get(kind, []) == [(each,) for each in others]
                assert probe.receives.count(kind) == len(others)


def sends(sender: ProbePlan, kind: str, receiver: ProbePlan) -> bool:
    return kind in sender.sends and sender is not receiver


def test_messages_are_owed_to_whom_its_role_says() -> None:
    roles = """{host: {sends: [audio, data]}, guest: {count: 2, sends: [audio, data],
      receives: {host: [audio, data]}}, log: {sends: [], receives: {guest: [data]}}}"""
    plan = planned(custom(roles), 4)
    assert {probe.probe: probe.receives_data for probe in plan.probes} == {
        "p000": ("p001", "p002"),
        "p001": ("p000",),
        "p002": ("p000",),
        "p003": ("p001", "p002"),
    }
    assert [probe.sends_data for probe in plan.probes] == [True, True, True, False]
