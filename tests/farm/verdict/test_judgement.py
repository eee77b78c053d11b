"""What a trial proved, told on trials of which all is known."""

import dataclasses
from typing import Any

import pytest

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.page_acts import FailedHoldSteps, PageDialog, PageLoad
from farm.model.server_samples import ResetReport, ServerSample
from farm.model.trial_evidence import Fault, StreamInterval, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.testing import unjoined
from farm.verdict import judge
from farm.verdict.baseline import Baseline, baseline_of
from tests.farm.trial_evidence import Change, good, losing, spoilt, stream, with_fault, with_host


def judged(evidence: TrialEvidence, baseline: Baseline | None = None, **criteria: Any) -> Verdict:
    return judge(evidence, Criteria(**criteria), InvalidLimits(), baseline)


def baseline() -> Baseline:
    made = baseline_of([good(index=0), good(index=1)])
    assert made is not None
    return made


# ---------------------------------------------------------------- a good trial


def test_a_good_call_passes() -> None:
    verdict = judged(good(), baseline())

    assert verdict.outcome is Outcome.PASS
    assert (verdict.units, verdict.units_failed, verdict.established) == (1, 0, 2)
    assert verdict.reasons == verdict.notes == ()


@pytest.mark.parametrize(("kind", "load", "units"), [("group", 8, 2), ("broadcast", 12, 11)])
def test_good_rooms_and_broadcasts_pass(kind: Any, load: int, units: int) -> None:
    verdict = judged(good(kind, load))

    assert (verdict.outcome, verdict.units) == (Outcome.PASS, units)


def test_without_a_baseline_it_is_said() -> None:
    assert judged(good()).notes == ("no baseline: judged against absolute limits only",)


def test_the_worst_session_of_a_good_trial_is_named() -> None:
    worse = stream("p002", "inbound", "video", **losing(0.005))

    worst = judged(spoilt(good(load=4), worse)).worst_session

    assert worst is not None
    assert worst.session == "s001"
    assert worst.residual_loss_ratio == pytest.approx(0.005)
    assert (worst.video_bitrate_bps, worst.frame_rate) == (500_000, 20)


# ---------------------------------------------------------------- established


def test_a_join_that_was_refused_fails_with_what_the_page_said() -> None:
    verdict = judged(unjoined(good(), "p001", "signalling", "the room is full"))

    assert verdict.outcome is Outcome.FAIL
    assert verdict.established == 1
    first = verdict.reasons[0]
    assert (first.code, first.probe, first.session) == ("signalling", "p001", "s000")
    assert first.message == "p001 (s000): the room is full"


def test_steps_in_the_hold_that_fail_fail_their_session() -> None:
    message = "d.yaml:14: after_join 1 step 1, click #mute: not within 15 s (the step's `within`)"
    failed = FailedHoldSteps("p001", 47.0, message)
    verdict = judged(dataclasses.replace(good(load=4), failed_hold_steps=(failed,)), baseline())
    assert (verdict.outcome, verdict.units_failed, verdict.established) == (Outcome.FAIL, 1, 4)
    (reason,) = verdict.reasons
    assert (reason.code, reason.probe, reason.at_s) == ("after_join", "p001", 47.0)
    assert reason.message == f"p001 (s000): {message}"


def test_a_page_that_loads_by_itself_in_the_hold_is_noted() -> None:
    load = PageLoad("p001", 52.0, "http://app/call")
    verdict = judged(dataclasses.replace(good(), page_loads=(load,)), baseline())
    assert verdict.outcome is Outcome.PASS
    assert verdict.notes == ("p001's page loaded http://app/call by itself at 22 s of the hold",)


def test_dialogs_in_the_hold_are_noted_alike_ones_together_and_not_without_end() -> None:
    def noted(*dialogs: PageDialog) -> tuple[str, ...]:
        verdict = judged(dataclasses.replace(good(), dialogs=dialogs), baseline())
        assert verdict.outcome is Outcome.PASS
        return verdict.notes

    hold_s = good().phases.hold_s or 0.0
    ends = [
        PageDialog(probe, hold_s + at_s, "alert 'Your trial ends'", "closed")
        for probe, at_s in (("p001", 14.0), ("p000", 12.2), ("p000", 16.0))
    ]
    assert noted(*ends) == (
        "p000's page (and those of 1 other probe) opened alert 'Your trial ends' at 12 s of the "
        "hold, 2 times, which was closed: no step said how to answer it",
    )
    many = [PageDialog("p000", hold_s + s, f"alert '{s}'", "closed") for s in range(9)]
    assert len(noted(*many)) == 6
    assert noted(*many)[-1] == "4 other dialogs came in the hold"


def test_media_that_come_too_late() -> None:
    evidence = good()
    late = tuple(
        dataclasses.replace(setup, setup_s=17.25) if setup.kind == "video" else setup
        for setup in evidence.setups
        if setup.probe == "p000" or setup.kind == "audio"
    )
    verdict = judged(dataclasses.replace(evidence, setups=late))

    assert verdict.established == 0
    messages = {reason.probe: reason.message for reason in verdict.reasons}
    assert messages["p000"] == (
        "p000 (s000) inbound video from p001 took 17.2 s to its first media, limit 15 s"
    )
    assert messages["p001"] == "p001 (s000) inbound video from p000 got no first media, limit 15 s"


def test_a_probe_whose_partner_did_not_come_is_named_after_it() -> None:
    evidence = unjoined(good(), "p000", "timeout", "no #joined within 15 s")
    evidence = unjoined(evidence, "p001", "partner", "its callee could not join")

    assert [reason.probe for reason in judged(evidence).reasons] == ["p000", "p001"]


# ---------------------------------------------------------------- who spoilt a session


def lossy_line(interval: StreamInterval) -> Change | None:
    """What a line that loses 20 % of p002's packets either way shows on both ends of its call."""
    up, down = interval.direction == "outbound", interval.direction == "inbound"
    video = interval.kind == "video"
    change: Change | None = None
    if interval.probe == "p002" and up and video:
        change = {"repair_ratio": 0.22, "target_bitrate_bps": 300_000.0, **losing(0.03, "outbound")}
    elif interval.probe == "p002" and up:
        change = losing(0.2, "outbound")
    elif interval.probe == "p002" and down and video:
        change = {"repair_ratio": 0.2, "frame_rate": 9.0, **losing(0.05)}
    elif interval.probe == "p002" and down:
        change = losing(0.2)
    elif interval.probe == "p003" and down and video:
        change = {"frame_rate": 8.0, "stalled_ratio": 0.4, **losing(0.04)}
    elif interval.probe == "p003" and down:
        change = losing(0.2)
    elif interval.probe == "p003" and up and video:
        change = {"target_bitrate_bps": 200_000.0}
    return change


def test_the_spoilt_session_is_named_the_spoilt_probe_first_its_partners_loss_beside_it() -> None:
    verdict = judged(spoilt(good(load=6), lossy_line), baseline())

    assert verdict.outcome is Outcome.FAIL
    assert {reason.session for reason in verdict.reasons} == {"s001"}
    assert verdict.worst_session is not None
    assert verdict.worst_session.session == "s001"
    first = verdict.reasons[0]
    assert (first.probe, first.stream, first.code) == ("p002", "outbound audio", "residual_loss")
    assert first.message == (
        "p002 (s001) outbound audio lost 20 % of its packets, limit 1 %; "
        "its partner p003 lost 20 % of it on the way down"
    )
    probes = [reason.probe for reason in verdict.reasons]
    assert probes == sorted(probes, key=lambda probe: probe == "p003")
    partner = next(
        reason
        for reason in verdict.reasons
        if reason.probe == "p003" and reason.stream == "inbound video"
    )
    assert "; p002's outbound video failed first (" in partner.message


def test_a_sender_held_back_by_its_receiver_is_named_after_it() -> None:
    def slow_down(interval: StreamInterval) -> Change | None:
        mine = (interval.probe, interval.direction, interval.kind)
        if mine == ("p001", "inbound", "video"):
            return losing(0.1)
        if mine == ("p000", "outbound", "video"):
            return {"target_bitrate_bps": 100_000.0}
        return None

    verdict = judged(spoilt(good(), slow_down), baseline())

    assert [(reason.probe, reason.code) for reason in verdict.reasons] == [
        ("p001", "residual_loss"),
        ("p000", "target_bitrate"),
    ]
    assert verdict.reasons[1].message.endswith("p001's inbound video failed first (residual_loss)")


def test_the_worst_session_comes_first() -> None:
    def two(interval: StreamInterval) -> Change | None:
        if interval.direction == "inbound" and interval.probe in ("p000", "p004"):
            return {"gap_s": 3.0 if interval.probe == "p000" else 9.0}
        return None

    verdict = judged(spoilt(good(load=6), two))

    assert list(dict.fromkeys(reason.session for reason in verdict.reasons)) == ["s002", "s000"]
    assert verdict.units_failed == 2


# ---------------------------------------------------------------- relative limits


def test_a_mixed_picture_is_held_to_the_mixs_own_rate_and_not_to_the_camera() -> None:
    def all_mixes(rate: float) -> TrialEvidence:
        def change(interval: StreamInterval) -> Change | None:
            mixed = interval.direction == "inbound" and interval.kind == "video"
            return {"frame_rate": rate, "bitrate_bps": 100.0} if mixed else None

        return spoilt(good("group", 4), change)

    usual = baseline_of([all_mixes(15.0)], at_least=1)

    assert judged(all_mixes(13.0), usual).outcome is Outcome.PASS
    assert {reason.code for reason in judged(all_mixes(11.0), usual).reasons} == {"frame_rate"}
    assert judged(all_mixes(11.0)).outcome is Outcome.PASS


def test_a_forwarded_stream_must_arrive() -> None:
    thin = stream("p001", "inbound", "video", bitrate_bps=300_000.0)
    verdict = judged(spoilt(good(), thin))

    (reason,) = verdict.reasons
    assert (reason.code, reason.probe, reason.value) == ("delivered", "p001", pytest.approx(0.6))


def test_viewers_are_held_to_what_the_presenter_sends() -> None:
    thin = stream("p003", "inbound", "video", bitrate_bps=300_000.0)
    verdict = judged(spoilt(good("broadcast", 4), thin))

    assert [(reason.code, reason.probe) for reason in verdict.reasons] == [("delivered", "p003")]
    assert (verdict.units, verdict.units_failed) == (3, 1)


# ---------------------------------------------------------------- units and their share


def test_a_presenter_that_fails_fails_all_its_viewers() -> None:
    lost = stream("p000", "outbound", "video", repair_ratio=0.3)
    verdict = judged(spoilt(good("broadcast", 60), lost))

    assert (verdict.outcome, verdict.units, verdict.units_failed) == (Outcome.FAIL, 59, 59)
    assert verdict.reasons[0].probe == "p000"


def bad_receivers(evidence: TrialEvidence, count: int) -> TrialEvidence:
    """In so many units from the first on, one receiver has a gap."""
    broadcast = evidence.plan.probes[0].role == "presenter"
    bad = {f"p{1 + at if broadcast else 2 * at:03d}" for at in range(count)}

    def change(interval: StreamInterval) -> Change | None:
        mine = interval.direction == "inbound" and interval.probe in bad
        return {"gap_s": 3.0} if mine else None

    return spoilt(evidence, change)


@pytest.mark.parametrize(
    ("kind", "load", "bad", "outcome"),
    [
        ("one_to_one", 40, 0, Outcome.PASS),
        ("one_to_one", 40, 1, Outcome.FAIL),  # 20 sessions: none may fail
        ("one_to_one", 98, 1, Outcome.FAIL),  # 49: 2 % are less than one
        ("one_to_one", 100, 1, Outcome.PASS),
        ("one_to_one", 100, 2, Outcome.FAIL),
        ("broadcast", 50, 1, Outcome.FAIL),  # 49 viewers: none
        ("broadcast", 101, 1, Outcome.PASS),
        ("broadcast", 101, 2, Outcome.FAIL),
    ],
)
def test_how_many_units_may_be_bad(kind: Any, load: int, bad: int, outcome: Outcome) -> None:
    verdict = judged(bad_receivers(good(kind, load, windows=2), bad))

    assert (verdict.outcome, verdict.units_failed) == (outcome, bad)


def test_a_pass_with_bad_units_says_so() -> None:
    verdict = judged(bad_receivers(good(load=100, windows=2), 1))

    assert verdict.notes[-1] == "1 of 50 failed, 1 may"
    assert verdict.reasons[0].session == "s000"


def test_the_share_may_be_set() -> None:
    assert judged(bad_receivers(good(load=4), 1), bad_share=0.5).outcome is Outcome.PASS
    assert judged(bad_receivers(good(load=100, windows=2), 1), bad_share=0.0).outcome is (
        Outcome.FAIL
    )


# ---------------------------------------------------------------- unknown


def test_a_stream_that_nobody_saw_is_no_pass() -> None:
    evidence = good()
    unseen = tuple(
        interval
        for interval in evidence.intervals
        if (interval.probe, interval.direction) != ("p001", "inbound")
    )
    verdict = judged(dataclasses.replace(evidence, intervals=unseen))

    assert verdict.outcome is Outcome.FAIL
    assert {reason.code for reason in verdict.reasons} == {"no_evidence"}
    assert verdict.reasons[0].message == (
        "p001 (s000) inbound audio from p000 was not seen: its page was not polled"
    )


def test_a_trial_that_never_came_to_its_hold_is_no_pass() -> None:
    evidence = dataclasses.replace(good(), intervals=(), polls=())

    assert judged(evidence).outcome is Outcome.FAIL


# ---------------------------------------------------------------- what broke


def test_a_server_that_died_fails_the_trial_whatever_else_is_wrong() -> None:
    evidence = with_fault(good(load=4), Fault("app_died", 42.0, "the demo app ended"))
    evidence = with_fault(evidence, Fault("server_died", 41.0, "the media server ended"))
    verdict = judged(with_host(evidence, range(30, 70), cpu_percent=100.0))

    assert verdict.outcome is Outcome.FAIL
    assert [reason.code for reason in verdict.reasons] == ["server_died"]
    assert (verdict.units, verdict.units_failed) == (2, 2)


def test_the_end_of_the_sampled_process_is_said_where_something_else_showed_it_first() -> None:
    def message(fault: str, *pids: int | None) -> str:
        samples = tuple(ServerSample(40.0 + at, process_pid=pid) for at, pid in enumerate(pids))
        evidence = dataclasses.replace(good(), server_samples=samples)
        return judged(with_fault(evidence, Fault("server_died", 41.0, fault))).reasons[0].message

    gone = "the application is gone"
    assert message(gone, 7, 7, None) == f"{gone}; the media server's process, pid 7, has ended"
    for pids in ((), (None, None), (7, None, 8)):
        assert message(gone, *pids) == gone, pids
    ended = "the media server is gone: its process, pid 7, has ended"
    assert message(ended, 7, None) == ended


@pytest.mark.parametrize("what", ["app_died", "browser_crashed", "host_lost"])
def test_what_is_ours_makes_it_invalid(what: Any) -> None:
    verdict = judged(with_fault(good(), Fault(what, 41.0, "gone")))

    assert verdict.outcome is Outcome.INVALID
    assert [reason.code for reason in verdict.reasons] == [what]


def test_a_starved_generator_blames_nobody_and_keeps_what_the_media_said() -> None:
    bad = spoilt(good(load=4), stream("p001", "inbound", "video", gap_s=5.0))
    verdict = judged(with_host(bad, range(40, 50), cpu_percent=99.0))

    assert verdict.outcome is Outcome.INVALID
    assert [reason.code for reason in verdict.reasons] == ["host_cpu"]
    assert verdict.notes[-1] == "the media alone: fail, 1 of 2 failed"


def test_a_starved_generator_does_not_praise_the_server_either() -> None:
    verdict = judged(with_host(good(), range(40, 50), cpu_percent=99.0))

    assert verdict.outcome is Outcome.INVALID
    assert verdict.notes[-1] == "the media alone: pass, 0 of 1 failed"


def test_joins_that_took_too_long_on_a_starved_host_are_its_own_fault() -> None:
    slow = unjoined(good(), "p001", "timeout", "no #joined within 15 s")
    assert judged(slow).outcome is Outcome.FAIL

    starved = with_host(slow, range(12, 28), cpu_percent=100.0)
    assert judged(starved).outcome is Outcome.INVALID


def test_a_join_that_was_refused_is_not_excused_by_a_busy_host() -> None:
    refused = unjoined(good(), "p001", "signalling", "the room is full")

    verdict = judged(with_host(refused, range(12, 28), cpu_percent=100.0))

    assert (verdict.outcome, verdict.reasons[0].code) == (Outcome.FAIL, "signalling")


def test_booting_may_keep_a_host_busy_if_all_get_in() -> None:
    assert judged(with_host(good(), range(10, 29), cpu_percent=100.0)).outcome is Outcome.PASS


def test_a_missing_recording_fails_its_session() -> None:
    gone = Fault("recording_missing", 90.0, "no s001-p002.webm in /var/tmp/farm", session="s001")
    verdict = judged(with_fault(good(load=4), gone))

    assert (verdict.outcome, verdict.units_failed) == (Outcome.FAIL, 1)
    (reason,) = verdict.reasons
    assert (reason.code, reason.session, reason.probe) == ("recording_missing", "s001", None)
    assert reason.message == "s001: no s001-p002.webm in /var/tmp/farm"


def test_recordings_that_nobody_could_look_at_are_noted_and_fail_nobody() -> None:
    unknown = Fault("recordings_unknown", 90.0, "recordings were not checked: no shell there")
    verdict = judged(with_fault(good(), unknown), baseline())

    assert (verdict.outcome, verdict.reasons) == (Outcome.PASS, ())
    assert verdict.notes == ("recordings were not checked: no shell there",)


def test_sampling_that_is_gone_leaves_the_verdict_as_it_is() -> None:
    evidence = with_fault(good(), Fault("sampling_lost", 50.0, "no SSH for 60 s"))

    verdict = judged(evidence, baseline())

    assert verdict.outcome is Outcome.PASS
    assert verdict.notes == ("no SSH for 60 s",)


def test_a_dirty_start_is_said() -> None:
    left = ResetReport(False, 0, None, differences=("threads 27, 17 at the first start",))
    assert (
        "the server was not as at its first start when the trial began: threads 27, 17 at the "
        "first start; what trials before it leave stays, as no reset is configured "
        "(server.reset.command)"
    ) in judged(dataclasses.replace(good(), reset=left)).notes
    dirty = ResetReport(True, 3, None, differences=("memory 900 MB, first 200 MB",))
    verdict = judged(dataclasses.replace(good(), reset=dirty), baseline())

    assert verdict.notes == (
        "the server was not clean after the reset: memory 900 MB, first 200 MB",
    )


def test_of_media_that_never_came_it_is_said_that_nothing_connected() -> None:
    evidence = good()
    setups = tuple(
        dataclasses.replace(each, setup_s=None) if each.probe == "p000" else each
        for each in evidence.setups
    )
    stuck = {"p000": {"a-0": "failed"}}
    broken = dataclasses.replace(evidence, setups=setups, never_connected=stuck)
    first, *_ = judge(broken, Criteria(), InvalidLimits(), None).reasons
    assert first.message == (
        "p000 (s000) inbound audio from p001 got no first media, limit 15 s; 1 connection of its"
        " page never connected (failed): usual cause: the server announces an address that the"
        " probe cannot reach"
    )


def test_an_older_recording_with_limits_of_nothing_at_all_is_judged() -> None:
    nothing = Criteria(**{limit.name: 0.0 for limit in dataclasses.fields(Criteria)})
    verdict = judge(good(), nothing, InvalidLimits(), None)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0].code == "setup"
    assert verdict.reasons[0].limit == 0.0


# ---------------------------------------------------------------- what a short hold is worth


STALLED = {"stalled_ratio": 0.2}


def test_a_verdict_says_by_how_many_windows_it_is() -> None:
    assert judged(good(windows=24)).windows == 24
    assert judged(good()).windows == 4


@pytest.mark.parametrize(
    ("windows", "said"),
    [
        (1, "judged by 1 window of 10s; one bad second in the last one, all of the hold, fails it"),
        (2, "judged by 2 windows of 10s; one bad second in the last one, half of the hold, fails"),
    ],
)
def test_a_short_hold_is_said_to_be_a_short_look(windows: int, said: str) -> None:
    (note,) = judged(good(windows=windows), baseline()).notes
    assert note.startswith(f"a short look: {said}")
    assert judged(good(windows=3), baseline()).notes == ()


def test_a_trial_that_fails_by_its_last_window_alone_is_said_to() -> None:
    bad_end = spoilt(good(windows=2), stream("p001", "inbound", "video", [1], **STALLED))
    verdict = judged(bad_end, baseline())
    assert verdict.outcome is Outcome.FAIL
    assert verdict.by_last_window
    by_last, short = verdict.notes
    assert by_last.startswith("it failed in its last window only: whether")
    assert short.startswith("a short look: judged by 2 windows of 10s")

    long = spoilt(good(windows=24), stream("p001", "inbound", "video", [23], **STALLED))
    verdict = judged(long, baseline())
    assert (verdict.outcome, verdict.by_last_window) == (Outcome.FAIL, True)
    assert len(verdict.notes) == 1


@pytest.mark.parametrize("windows", [[0, 1], [2, 3]])
def test_what_went_on_for_two_windows_is_no_matter_of_the_last_one(windows: list[int]) -> None:
    count = windows[-1] + 1
    bad = spoilt(good(windows=count), stream("p001", "inbound", "video", windows, **STALLED))
    verdict = judged(bad, baseline())
    assert (verdict.outcome, verdict.by_last_window) == (Outcome.FAIL, False)


def test_a_failed_join_beside_a_bad_last_window_is_no_matter_of_that_window() -> None:
    bad = unjoined(good(load=4), "p003", "signalling", "the room is full")
    bad = spoilt(bad, stream("p001", "inbound", "video", [3], **STALLED))
    verdict = judged(bad, baseline())
    assert (verdict.outcome, verdict.by_last_window) == (Outcome.FAIL, False)


@pytest.mark.parametrize("what", ["server_died", "app_died"])
def test_a_trial_that_something_ended_says_nothing_of_its_windows(what: Any) -> None:
    bad_end = spoilt(good(windows=2), stream("p001", "inbound", "video", [1], **STALLED))
    verdict = judged(with_fault(bad_end, Fault(what, 45.0, "gone")), baseline())
    assert not verdict.by_last_window
    assert not any("short look" in note or "last window" in note for note in verdict.notes)
