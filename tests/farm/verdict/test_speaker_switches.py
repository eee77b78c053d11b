"""Which videos a server may turn to another sender: those that are owed by number alone."""

from __future__ import annotations

from farm.model.experiment import Receives, Scenario
from farm.model.session_roles import RoleStreams, SessionRole
from farm.model.trial_evidence import StreamIdentity
from farm.verdict.speaker_switches import SwitchingVideos
from tests.farm.evidence.polled import plan_of

ROOM = Scenario(kind="group", members=4, media="forwarded")
LAST_TWO = Scenario(kind="group", members=4, media="forwarded", last_n=2)


def received(*senders: str, kind: str = "video") -> StreamIdentity:
    return StreamIdentity("p000", "inbound", kind, 0, True, True, senders)  # type: ignore[arg-type]


def test_of_the_last_speakers_each_video_may_be_anothers() -> None:
    videos = SwitchingVideos(plan_of(LAST_TWO, 4))
    assert received("p001", "p002", "p003") in videos
    assert received("p002") in videos
    assert received("p002", kind="audio") not in videos
    assert StreamIdentity("p000", "outbound", "video", 0, True, True) not in videos


def test_a_server_that_sends_fewer_than_there_are_may_change_whose() -> None:
    fewer = Scenario(kind="group", members=4, media="forwarded", receives=Receives(video=1))
    assert received("p001", "p002", "p003") in SwitchingVideos(plan_of(fewer, 4))


def test_of_a_role_s_videos_only_those_that_are_fewer_than_its_senders_may_be_anothers() -> None:
    """Plan of a session: p000 is the guest, p001 the host, p002 to p004 the speakers."""
    owed = RoleStreams("host", "video"), RoleStreams("speaker", "video", most=2)
    roles = (
        SessionRole("guest", (), receives=owed),
        SessionRole("host", ("video",), receives=()),
        SessionRole("speaker", ("video",), count=3, receives=()),
    )
    videos = SwitchingVideos(plan_of(Scenario(kind="custom", roles=roles), 5))
    assert received("p002", "p003", "p004") in videos
    assert received("p003") in videos
    assert received("p001") not in videos


def test_a_video_of_which_it_is_unknown_whose_it_is_is_still_one_partners() -> None:
    videos = SwitchingVideos(plan_of(ROOM, 4))
    assert received("p001") not in videos
    assert received("p001", "p002") not in videos


def test_a_mix_has_no_senders_to_turn_to() -> None:
    mixed = Scenario(kind="group", members=4, media="mixed")
    assert received() not in SwitchingVideos(plan_of(mixed, 4))
