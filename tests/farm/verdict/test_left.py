"""Pages that closed their connections before the hold was over: what is judged of them."""

from __future__ import annotations

import dataclasses

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_acts import PAUSED, REFUSED, FailedHoldSteps, FailedLeave, PageAct, PageLoad
from farm.model.trial_evidence import StreamInterval, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.verdict import judge
from tests.farm.trial_evidence import Change, good, losing, spoilt, stream

DEAD = {"packets": 0, "bitrate_bps": 0.0, "frame_rate": 0.0}
SILENT = {**DEAD, "stalled_ratio": 1.0, "gap_s": 10.0}


def judged(evidence: TrialEvidence) -> Verdict:
    return judge(evidence, Criteria(), InvalidLimits(), None)


def gone_from(probe: str, evidence: TrialEvidence) -> TrialEvidence:
    """A probe's page closes its connections at 50 s: nothing of it moves in the last two windows,
    nor does what its partners receive of it."""
    partners = {
        each.probe
        for session in evidence.plan.sessions
        if probe in {other.probe for other in session.probes}
        for each in session.probes
    }

    def change(interval: StreamInterval) -> Change | None:
        if interval.window < 2 or interval.probe not in partners:
            return None
        if interval.direction == "outbound":
            return {**DEAD, "gap_s": 10.0} if interval.probe == probe else None
        return SILENT

    return dataclasses.replace(spoilt(evidence, change), left={probe: 50.0})


def test_a_page_that_left_before_the_hold_was_over_fails_its_unit_and_is_named_first() -> None:
    verdict = judged(gone_from("p001", good(load=4)))
    assert (verdict.outcome, verdict.units, verdict.units_failed) == (Outcome.FAIL, 2, 1)
    first = verdict.reasons[0]
    assert (first.code, first.probe, first.session, first.stream) == ("left", "p001", "s000", None)
    assert first.at_s == 50.0
    assert first.message == (
        "p001 (s000): its page closed its own connections at 20 s of the hold, before its end"
    )


def test_nothing_more_is_held_against_the_streams_of_a_page_that_left() -> None:
    verdict = judged(gone_from("p001", good(load=4)))
    assert {reason.code for reason in verdict.reasons if reason.probe == "p001"} == {"left"}


def test_what_was_wrong_before_a_page_left_is_not_put_down_to_that() -> None:
    lossy = spoilt(good(), stream("p001", "inbound", "video", [0, 1], **losing(0.3)))
    (loss,) = judged(dataclasses.replace(lossy, left={"p000": 65.0})).reasons[1:]
    assert (loss.code, "left first" in loss.message) == ("residual_loss", False)
    step = FailedHoldSteps("p000", 65.0, "d.yaml:9: after_join 1 step 1, click #x: hidden")
    stuck = judged(dataclasses.replace(lossy, failed_hold_steps=(step,)))
    assert not any("failed first" in reason.message for reason in stuck.reasons)
    absent = dataclasses.replace(
        good(),
        setups=tuple(
            dataclasses.replace(each, setup_s=None) if each.probe == "p001" else each
            for each in good().setups
        ),
        left={"p000": 65.0},
    )
    _, *setups = judged(absent).reasons
    assert {reason.code for reason in setups} == {"setup"}
    assert not any("left first" in reason.message for reason in setups)
    early = judged(dataclasses.replace(absent, left={"p000": 32.0})).reasons[1:]
    assert all(reason.message.endswith("; p000 left first") for reason in early)


def test_what_a_partner_lost_of_a_page_that_left_says_so() -> None:
    messages = [
        reason.message
        for reason in judged(gone_from("p001", good(load=4))).reasons
        if reason.probe == "p000"
    ]
    assert messages
    assert all(
        "from p001" in message and message.endswith("; p001 left first") for message in messages
    )


def test_of_several_pages_that_left_the_first_in_time_is_named_first() -> None:
    room = gone_from("p001", good("group", 4, media="forwarded"))
    verdict = judged(dataclasses.replace(room, left={"p000": 50.2, "p001": 50.0}))
    assert [reason.probe for reason in verdict.reasons if reason.code == "left"] == ["p001", "p000"]
    assert verdict.reasons[0].probe == "p001"
    lacking = {r.sender: r.message for r in verdict.reasons if r.probe == "p002" and r.sender}
    assert lacking["p000"].endswith("; p000 had left")
    assert lacking["p001"].endswith("; p001 left first")


def test_a_viewer_who_left_fails_alone_a_presenter_who_left_fails_all() -> None:
    verdict = judged(dataclasses.replace(good("broadcast", 4), left={"p002": 50.0}))
    assert (verdict.units, verdict.units_failed) == (3, 1)
    verdict = judged(dataclasses.replace(good("broadcast", 4), left={"p000": 50.0}))
    assert (verdict.units, verdict.units_failed) == (3, 3)


def test_a_page_that_left_was_established_all_the_same() -> None:
    assert judged(dataclasses.replace(good(), left={"p001": 50.0})).established == 2


def test_what_a_page_did_is_noted_and_held_against_nobody() -> None:
    act = PageAct("p001", "video", 45.4, "stopped its track", step="d.yaml:19: click #off")
    verdict = judged(dataclasses.replace(good(), acts=(act,)))
    assert verdict.outcome is Outcome.PASS
    assert verdict.notes[-1] == (
        "p001's page stopped its track (video) at 15 s of the hold, after d.yaml:19: click #off: "
        "nothing of it is expected from then on, until it sends it"
    )


def test_a_page_that_gave_nothing_yet_is_not_said_to_have_sent_before() -> None:
    act = PageAct("p001", "video", 12.0, "gave nothing to send at first")
    assert judged(dataclasses.replace(good(), acts=(act,))).notes[-1] == (
        "p001's page gave nothing to send at first (video) 18 s before the hold: nothing of it is "
        "expected from then on, until it sends it"
    )


def test_what_pages_did_and_steps_to_leave_that_failed_are_notes_of_pages() -> None:
    failed = tuple(
        FailedLeave(probe, f"d.yaml:9: leave step 2, click {selector}: hidden")
        for probe, selector in (("p000", "#x"), ("p001", "#x"), ("p002", "#y"))
    )
    acts = (PageAct("p001", "audio", 12.0, REFUSED),)
    verdict = judged(dataclasses.replace(good(), acts=acts, failed_leaves=failed))
    assert verdict.outcome is Outcome.PASS
    assert verdict.page_notes == (
        "p001's page did not want to receive (audio) 18 s before the hold: nothing is expected to "
        "come there until it wants it again",
        "p000, p001 did not leave by the driver's steps, their pages were closed instead: "
        "d.yaml:9: leave step 2, click #x: hidden",
        "p002 did not leave by the driver's steps, its page was closed instead: d.yaml:9: leave "
        "step 2, click #y: hidden",
    )
    assert set(verdict.page_notes) <= set(verdict.notes)


def test_of_a_page_that_paused_its_encodings_it_is_said_that_its_partners_are_owed_theirs() -> None:
    act = PageAct("p001", "video", 45.4, PAUSED)
    verdict = judged(dataclasses.replace(good(), acts=(act,)))
    assert verdict.notes[-1] == (
        "p001's page paused all its encodings (video) at 15 s of the hold: nothing of it is "
        "expected meanwhile, its partners' streams are"
    )


def test_of_what_a_page_stopped_on_one_connection_it_is_said_that_it_is_owed() -> None:
    act = PageAct("p001", "video", 45.4, "stopped its track", on_one_connection=True)
    verdict = judged(dataclasses.replace(good(), acts=(act,)))
    assert verdict.notes[-1] == (
        "p001's page stopped its track (video) on one of its connections at 15 s of the hold and "
        "kept sending on another: what it sent there is still expected"
    )


def test_a_page_that_loaded_by_itself_is_named_with_what_it_broke() -> None:
    """A reload of one page of a call ends the call: the other page closes its connections."""
    load = PageLoad("p000", 50.6, "http://app/call")
    verdict = judged(dataclasses.replace(gone_from("p001", good(load=4)), page_loads=(load,)))
    assert verdict.outcome is Outcome.FAIL
    first = verdict.reasons[0]
    assert (first.code, first.probe) == ("left", "p001")
    assert first.message.endswith("; p000's page loaded by itself at 21 s of the hold")


def test_a_page_of_another_session_that_loaded_is_no_cause() -> None:
    load = PageLoad("p002", 50.6, "http://app/call")
    verdict = judged(dataclasses.replace(gone_from("p001", good(load=4)), page_loads=(load,)))
    assert not any("loaded by itself" in reason.message for reason in verdict.reasons)


def test_a_page_that_closed_its_connections_just_before_it_loaded_names_the_step_of_the_load() -> (
    None
):
    load = PageLoad("p001", 51.2, "http://app/call", "d.yaml:19: reload")
    verdict = judged(dataclasses.replace(gone_from("p001", good()), page_loads=(load,)))
    assert (
        "its page loaded a new document after d.yaml:19: reload, and" in verdict.reasons[0].message
    )


def test_what_broke_names_the_step_after_which_a_page_loaded() -> None:
    load = PageLoad("p000", 50.6, "http://app/call", "d.yaml:19: reload")
    verdict = judged(dataclasses.replace(gone_from("p001", good(load=4)), page_loads=(load,)))
    assert verdict.reasons[0].message.endswith(
        "; p000's page loaded a new document after d.yaml:19: reload at 21 s of the hold"
    )


def test_a_page_that_loaded_after_a_step_fails_nothing_by_that() -> None:
    load = PageLoad("p000", 50.6, "http://app/call", "d.yaml:19: reload")
    assert judged(dataclasses.replace(good(), page_loads=(load,))).outcome is Outcome.PASS
