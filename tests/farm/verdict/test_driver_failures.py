"""Trials that failed by steps of their driver say nothing of the server."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_acts import NoConnection
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome
from farm.testing import unjoined
from farm.verdict import judge
from tests.farm.trial_evidence import good, losing, spoilt, stream, with_host


def strange(evidence: TrialEvidence, *, own_app: bool = False) -> TrialEvidence:
    """The same on a page of the user's."""
    return replace(evidence, plan=replace(evidence.plan, own_app=own_app))


def by_driver(evidence: TrialEvidence, *, own_app: bool = False) -> bool:
    verdict = judge(strange(evidence, own_app=own_app), Criteria(), InvalidLimits())
    assert verdict.outcome is Outcome.FAIL
    return verdict.by_driver


def without(evidence: TrialEvidence, **codes: str) -> TrialEvidence:
    """The evidence with probes that did not join, each for that reason."""
    for probe, code in codes.items():
        evidence = unjoined(evidence, probe, code, "no")
    return evidence


@pytest.mark.parametrize("code", ["dialog", "login", "navigation", "page_error"])
def test_what_a_page_did_by_itself_is_not_the_servers(code: str) -> None:
    assert by_driver(without(good(), p001=code))
    assert by_driver(without(good(), p000=code, p001="partner"))


@pytest.mark.parametrize("code", ["signalling", "media", "join", "setup", "request"])
def test_a_refusal_and_media_that_do_not_connect_may_be_the_servers(code: str) -> None:
    assert not by_driver(without(good(), p001=code))


def test_a_step_that_took_too_long_is_the_drivers_where_it_never_worked() -> None:
    assert by_driver(without(good(), p001="timeout"))
    assert by_driver(without(good(load=4), p001="timeout", p003="timeout"))
    worked = without(good("group", 4), p003="timeout")
    assert not by_driver(worked)


@pytest.mark.parametrize("code", ["dialog", "login", "navigation", "page_error"])
def test_one_of_a_room_may_have_been_refused_where_the_steps_worked_for_others(code: str) -> None:
    room = good("group", 4)
    assert not by_driver(without(room, p003=code))
    assert by_driver(without(room, **{probe.probe: code for probe in room.plan.probes}))


def test_a_session_that_failed_by_its_media_is_about_the_server() -> None:
    lossy = spoilt(good(load=4), stream("p003", "inbound", "video", **losing(0.3)))
    assert not by_driver(without(lossy, p001="dialog"))


def test_a_session_that_got_through_shows_that_the_driver_works() -> None:
    assert not by_driver(without(good(load=4), p001="dialog"))


def test_each_viewer_of_a_broadcast_or_its_presenter() -> None:
    audience = good("broadcast", 3)
    presenter, *viewers = [probe.probe for probe in audience.plan.probes]
    assert by_driver(without(audience, **dict.fromkeys(viewers, "timeout")))
    assert by_driver(without(audience, **{presenter: "navigation"}))
    assert not by_driver(without(audience, **{viewers[0]: "dialog"}))


def test_our_own_page_is_not_the_users() -> None:
    failed = without(good(), p001="timeout")
    assert by_driver(failed)
    assert not by_driver(failed, own_app=True)


def test_a_generator_at_fault_is_said_instead() -> None:
    starved = with_host(without(good(), p001="dialog"), range(100), app_late_s=9.0)
    verdict = judge(starved, Criteria(), InvalidLimits())
    assert (verdict.outcome, verdict.by_driver) == (Outcome.INVALID, False)


# ---------------------------------------------------------------- a page that makes no connection


STEP = "app.yaml:6: join step 1, goto x"


def silent(evidence: TrialEvidence, *probes: str, step: str = STEP) -> TrialEvidence:
    """The evidence of a trial in which pages joined and made no connection."""
    return replace(
        evidence,
        no_connection={probe: NoConnection(22.0, 14.2, step) for probe in probes},
        setups=tuple(
            replace(each, setup_s=None) if each.probe in probes else each
            for each in evidence.setups
        ),
        intervals=tuple(each for each in evidence.intervals if each.probe not in probes),
    )


def test_a_page_that_makes_no_connection_is_one_reason_with_the_last_step() -> None:
    verdict = judge(strange(silent(good(), "p000", "p001")), Criteria(), InvalidLimits())
    assert (verdict.outcome, verdict.by_driver, verdict.established) == (Outcome.FAIL, True, 0)
    assert [(each.code, each.probe) for each in verdict.reasons] == [
        ("no_connection", "p000"),
        ("no_connection", "p001"),
    ]
    assert verdict.reasons[0].message == (
        "p000 (s000): its page made no RTCPeerConnection in the 14 s after app.yaml:6: join "
        "step 1, goto x"
    )


@pytest.mark.parametrize("absent", ["p000", "p001"])
def test_whoever_did_not_get_in_comes_before_a_partner_who_lacks_its_streams(absent: str) -> None:
    partner = {"p000": "p001", "p001": "p000"}[absent]

    def reasons(evidence: TrialEvidence) -> list[tuple[str, str | None, str]]:
        lacking = replace(
            strange(evidence), setups=tuple(replace(each, setup_s=None) for each in evidence.setups)
        )
        verdict = judge(lacking, Criteria(), InvalidLimits())
        assert verdict.by_driver
        return [(each.code, each.probe, each.message) for each in verdict.reasons]

    first, *others = reasons(without(good(), **{absent: "timeout"}))
    assert first == ("timeout", absent, f"{absent} (s000): no")
    assert {(code, probe) for code, probe, _ in others} == {("setup", partner)}
    assert all(each.endswith(f"; {absent}'s join failed first (timeout)") for *_, each in others)
    first, *others = reasons(silent(good(), absent))
    assert first[:2] == ("no_connection", absent)
    assert {(code, probe) for code, probe, _ in others} == {("setup", partner)}
    assert all(each.endswith(f"; {absent}'s page made no connection") for *_, each in others)


def test_of_an_older_recording_the_step_is_not_known() -> None:
    verdict = judge(strange(silent(good(), "p001", step="")), Criteria(), InvalidLimits())
    first = next(each for each in verdict.reasons if each.code == "no_connection")
    assert first.message.endswith("in the 14 s after it had joined")


def test_a_probe_that_owes_nothing_and_is_owed_nothing_needs_no_connection() -> None:
    call = good(load=4)
    sessions = tuple(
        replace(
            session,
            probes=tuple(
                replace(probe, sends=(), receives=()) if probe.probe == "p003" else probe
                for probe in session.probes
            ),
        )
        for session in call.plan.sessions
    )
    watching = replace(call, plan=replace(call.plan, sessions=sessions), streams=())
    verdict = judge(silent(watching, "p003"), Criteria(), InvalidLimits())
    assert "no_connection" not in {each.code for each in verdict.reasons}


@pytest.mark.parametrize("code", ["signalling", "media", "join"])
def test_a_page_that_waits_to_be_called_is_no_fault_of_the_driver_where_its_caller_was_refused(
    code: str,
) -> None:
    assert not by_driver(silent(without(good(), p001=code), "p000"))
    one_of_two = without(good(load=4), p001=code, p003="dialog")
    assert not by_driver(silent(one_of_two, "p000", "p002"))


@pytest.mark.parametrize("code", ["signalling", "media", "request"])
def test_a_step_that_waits_for_a_partner_who_was_refused_is_no_fault_of_the_driver(
    code: str,
) -> None:
    assert not by_driver(without(good(), p000="timeout", p001=code))
    room = without(good("group", 4), p000="timeout", p001="timeout", p002=code, p003="timeout")
    assert not by_driver(room)
    assert by_driver(without(good(), p000="timeout", p001="partner"))


def test_a_caller_that_has_no_outcome_may_have_been_refused() -> None:
    call = silent(good(), "p000")
    unfinished = replace(call, joins=tuple(each for each in call.joins if each.probe == "p000"))
    assert not by_driver(unfinished)


@pytest.mark.parametrize("code", ["timeout", "dialog", "partner"])
def test_a_page_without_a_connection_is_the_drivers_where_nobody_was_refused(code: str) -> None:
    assert by_driver(silent(without(good(), p001=code), "p000"))


def test_one_of_a_room_whose_others_have_connections_may_wait_for_the_server() -> None:
    room = good("group", 4)
    assert not by_driver(silent(room, "p003"))
    assert by_driver(silent(room, *(probe.probe for probe in room.plan.probes)))


def test_a_page_that_needs_no_connection_shows_that_its_role_works() -> None:
    room = good("group", 4)
    (session,) = room.plan.sessions
    first, *others = session.probes
    watching = replace(first, sends=(), receives=(), groups=())
    plan = replace(room.plan, sessions=(replace(session, probes=(watching, *others)),))
    late = without(replace(room, plan=plan, streams=()), p001="timeout", p002="timeout")
    assert not by_driver(silent(without(late, p003="timeout"), watching.probe))
