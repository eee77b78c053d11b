"""Rooms of which nobody said whether the server mixes or forwards: what was seen of them."""

from __future__ import annotations

import dataclasses

import pytest

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.model.webrtc_stats import MediaKind
from farm.verdict import judge
from tests.farm.trial_evidence import good

KINDS: tuple[MediaKind, ...] = ("audio", "video")


def assumed(
    video: int = 2, audio: int = 2, *, members: int = 3, odd: dict[str, int] | None = None
) -> TrialEvidence:
    """A room in which each member received so many streams; of those in `odd` so many videos."""
    room = good("group", members, members=members, media="forwarded")
    plan = dataclasses.replace(room.plan, media_assumed=True)
    streams = []
    for probe in plan.probes:
        came = {"audio": audio, "video": (odd or {}).get(probe.probe, video)}
        for kind in KINDS:
            streams.append(StreamIdentity(probe.probe, "outbound", kind, 0, owed=True, seen=True))
            owed = probe.receives.count(kind)
            senders = tuple(each.probe for each in plan.probes if each is not probe)
            streams += [
                StreamIdentity(
                    probe.probe,
                    "inbound",
                    kind,
                    track,
                    owed=track < owed,
                    seen=track < came[kind],
                    senders=senders,
                )
                for track in range(max(owed, came[kind]))
            ]
    came_at_all = {
        (each.probe, each.kind, each.track)
        for each in streams
        if each.direction == "inbound" and each.seen
    }
    setups = tuple(
        each
        if (each.probe, each.kind, each.track) in came_at_all
        else dataclasses.replace(each, setup_s=None)
        for each in room.setups
    )
    return dataclasses.replace(room, plan=plan, streams=tuple(streams), setups=setups)


def judged(evidence: TrialEvidence) -> Verdict:
    return judge(evidence, Criteria(), InvalidLimits(), None)


def codes(verdict: Verdict) -> set[str]:
    return {reason.code for reason in verdict.reasons}


def test_what_was_assumed_is_said_with_what_was_seen() -> None:
    verdict = judged(assumed())
    assert verdict.outcome is Outcome.PASS
    assert (
        "scenario.media is not set: rooms were assumed to be forwarded; each member received "
        "2 videos and 2 audios; owed 2 and 2"
    ) in verdict.notes


def test_what_members_received_is_said_from_the_least_to_the_most() -> None:
    notes = judged(assumed(odd={"p001": 1})).notes
    (note,) = (note for note in notes if "scenario.media" in note)
    assert "received 1 to 2 videos and 2 audios" in note


def test_where_the_experiment_says_it_nothing_is_assumed() -> None:
    evidence = assumed(video=1, audio=1)
    said = dataclasses.replace(
        evidence, plan=dataclasses.replace(evidence.plan, media_assumed=False)
    )
    verdict = judged(said)
    assert verdict.outcome is Outcome.FAIL
    assert not [note for note in verdict.notes if "scenario.media" in note]


@pytest.mark.parametrize(
    ("video", "audio"), [(1, 1), (2, 1), (1, 2)], ids=["both", "audio", "video"]
)
def test_a_room_in_which_each_received_one_may_be_a_mix_and_is_not_judged(
    video: int, audio: int
) -> None:
    verdict = judged(assumed(video, audio))
    assert verdict.outcome is Outcome.INVALID
    (reason,) = verdict.reasons
    assert reason.code == "assumed_media"
    videos = "1 video" if video == 1 else "2 videos"
    audios = "1 audio" if audio == 1 else "2 audios"
    assert f"each member received {videos} and {audios}: the server mixes" in reason.message
    assert reason.message.endswith("owes 2 and 2: set scenario.media to mixed or forwarded")


def test_a_mixing_room_without_audio_is_not_judged_either() -> None:
    evidence = assumed(video=1, audio=0)
    sessions = tuple(
        dataclasses.replace(
            session,
            probes=tuple(
                dataclasses.replace(probe, sends=("video",), receives=("video", "video"))
                for probe in session.probes
            ),
        )
        for session in evidence.plan.sessions
    )
    silent = dataclasses.replace(
        evidence,
        plan=dataclasses.replace(evidence.plan, sessions=sessions),
        streams=tuple(each for each in evidence.streams if each.kind == "video"),
    )
    assert codes(judged(silent)) == {"assumed_media"}


@pytest.mark.parametrize(
    "evidence",
    [assumed(odd={"p001": 1}), assumed(video=0, audio=2), assumed(1, 1, odd={"p001": 0})],
    ids=["one lacks one", "nobody has any", "one has none"],
)
def test_a_room_in_which_streams_are_withheld_from_some_fails(evidence: TrialEvidence) -> None:
    verdict = judged(evidence)
    assert verdict.outcome is Outcome.FAIL
    assert "setup" in codes(verdict)


def test_in_a_room_of_two_a_mix_and_the_partners_stream_look_alike() -> None:
    assert judged(assumed(1, 1, members=2)).outcome is Outcome.PASS
    assert judged(assumed(0, 1, members=2)).outcome is Outcome.FAIL


def test_a_room_that_forwards_what_it_owes_fails_for_what_else_is_wrong() -> None:
    evidence = assumed()
    late = tuple(dataclasses.replace(each, setup_s=20.0) for each in evidence.setups)
    verdict = judged(dataclasses.replace(evidence, setups=late))
    assert (verdict.outcome, codes(verdict)) == (Outcome.FAIL, {"setup"})
