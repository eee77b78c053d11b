"""Roles that are owed nothing are told, with what their pages received all the same."""

from __future__ import annotations

from dataclasses import replace

from farm.model.experiment import Experiment, Scenario
from farm.model.session_roles import RoleStreams, SessionRole
from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.planning.trial_planning import plan_trial
from farm.planning.unjudged_roles import warning
from farm.testing.evidence import good_evidence
from farm.verdict.unjudged_streams import unjudged_notes

USER = SessionRole("user", ("audio", "video"))
HOST = SessionRole("host", ("video",), receives=())
GUEST = SessionRole("guest", (), receives=(RoleStreams("host", "video"),))
GUEST_OF_BOTH = SessionRole(
    "guest", (), receives=(RoleStreams("sender", "video"), RoleStreams("talker", "audio"))
)
ALONE = (
    "scenario.roles: user is owed nothing, and nobody is owed what they send: a trial of theirs "
    "can hardly fail; receives: says whose streams they get, {server: [audio, video]} those that "
    "the server makes"
)


def experiment(*roles: SessionRole) -> Experiment:
    return Experiment(scenario=Scenario(kind="custom", roles=roles))


def evidence(*roles: SessionRole) -> TrialEvidence:
    load = sum(role.count for role in roles)
    plan = plan_trial(experiment(*roles), load, index=0, purpose="single", hosts=("here",))
    return good_evidence(plan)


def test_a_page_alone_can_hardly_fail() -> None:
    assert warning(experiment(USER)) == ALONE
    assert list(unjudged_notes(evidence(USER))) == [ALONE]


def test_a_page_whose_streams_others_are_owed_can() -> None:
    assert warning(experiment(HOST, GUEST)) is None
    assert list(unjudged_notes(evidence(HOST, GUEST))) == []


def test_scenarios_that_are_not_ones_own_are_none_of_it() -> None:
    assert warning(Experiment()) is None


def test_what_the_page_received_all_the_same_is_told_with_how_to_make_it_owed() -> None:
    extras = tuple(
        StreamIdentity("p000", "inbound", kind, 0, owed=False, seen=True)
        for kind in ("video", "audio")
    )
    (note,) = unjudged_notes(replace(evidence(USER), streams=extras))
    assert note == (
        "user is owed nothing: the audio and video that p000 received are not judged; to judge "
        "them set scenario.roles.user.receives: {server: [audio, video]} if the server makes "
        "them, else the roles that send"
    )


def test_of_each_role_the_first_page_that_received_anything_is_named() -> None:
    roles = (
        SessionRole("sender", ("video",), count=2, receives=()),
        SessionRole("talker", ("audio",), count=2, receives=()),
        GUEST_OF_BOTH,
    )
    extras = (
        StreamIdentity("p003", "inbound", "video", 0, owed=False, seen=True),
        StreamIdentity("p002", "inbound", "audio", 0, owed=False, seen=False),
        StreamIdentity("p001", "outbound", "video", 0, owed=False, seen=True),
        StreamIdentity("p004", "inbound", "audio", 0, owed=True, seen=True),
    )
    (note,) = unjudged_notes(replace(evidence(*roles), streams=extras))
    assert note.startswith("talker is owed nothing: the video that p003 received is not judged; ")
