"""A broadcast in which one viewer pulled the presenter down: named, and whose fault it was."""

import dataclasses
from typing import Any

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.trial_evidence import FirstToFall, TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.testing import host_second
from farm.verdict import judge
from farm.verdict.baseline import baseline_of
from tests.farm.trial_evidence import good, spoilt, stream

FALL = FirstToFall("p000", "p002", 52.0, 90_000, 53.0, 500_000, 95_000)
SAID = (
    "p002's bandwidth estimate fell first, to 90 kbit/s: p000 had a target bitrate of 500 kbit/s "
    "before and of 95 kbit/s after, "
    "for all of its receivers"
)


def broadcast(fall: FirstToFall | None = FALL) -> TrialEvidence:
    """The presenter aims low in the last two windows, from 50 to 70; p002 sits on `west`."""
    evidence = good("broadcast", 4, hosts=("south", "east", "west"))
    low = stream("p000", "outbound", "video", [2, 3], target_bitrate_bps=95_000.0)
    return dataclasses.replace(spoilt(evidence, low), first_to_fall=fall)


def judged(evidence: TrialEvidence) -> Verdict:
    agreeing = baseline_of([good("broadcast", 2, index=index) for index in range(2)])
    return judge(evidence, Criteria(), InvalidLimits(), agreeing)


def busy(evidence: TrialEvidence, host: str, seconds: range, **changes: Any) -> TrialEvidence:
    """Busy enough in these seconds; what is before the hold is no fault by itself."""
    samples = tuple(
        host_second(sample.run_s or 0, host=host, **changes)
        if sample.host == host and sample.run_s in seconds
        else sample
        for sample in evidence.host_samples
    )
    return dataclasses.replace(evidence, host_samples=samples)


def test_who_fell_first_is_named_in_the_verdict_and_beside_the_presenter() -> None:
    verdict = judged(broadcast())

    assert verdict.outcome is Outcome.FAIL
    assert SAID in verdict.notes
    (reason,) = [reason for reason in verdict.reasons if reason.code == "target_bitrate"]
    assert reason.message.endswith("limit 400 kbit/s; p002's bandwidth estimate fell first")


def test_a_receiver_on_a_host_that_was_busy_just_before_fails_nobody() -> None:
    in_settle = dataclasses.replace(FALL, at_s=29.0, fell_s=30.0)
    verdict = judged(busy(broadcast(in_settle), "west", range(22, 29), cpu_percent=99.0))

    assert verdict.outcome is Outcome.INVALID
    (reason,) = verdict.reasons
    assert (reason.code, reason.probe, reason.at_s) == ("starved_receiver", "p002", 29.0)
    assert reason.message == f"{SAID}; just before, host west was 99 % busy for 5 s, limit 85 %"


def test_another_host_or_another_time_excuses_nobody() -> None:
    in_settle = dataclasses.replace(FALL, at_s=29.0, fell_s=30.0)
    others = busy(broadcast(in_settle), "east", range(22, 29), cpu_percent=99.0)
    assert judged(others).outcome is Outcome.FAIL
    before = busy(broadcast(in_settle), "west", range(12, 19), cpu_percent=99.0)
    assert judged(before).outcome is Outcome.FAIL


def test_browsers_that_boot_in_the_ramp_excuse_nobody() -> None:
    soon = dataclasses.replace(FALL, at_s=17.0, fell_s=18.0)  # settling began at 15
    booting = busy(broadcast(soon), "west", range(10, 16), cpu_percent=99.0)
    assert judged(booting).outcome is Outcome.FAIL


def test_in_the_hold_a_busy_host_makes_any_trial_invalid() -> None:
    verdict = judged(busy(broadcast(), "west", range(44, 52), cpu_percent=99.0))
    assert (verdict.outcome, verdict.reasons[0].code) == (Outcome.INVALID, "host_cpu")
    assert SAID in verdict.notes


def test_a_broadcast_that_passes_names_nobody() -> None:
    evidence = dataclasses.replace(good("broadcast", 4), first_to_fall=FALL)
    verdict = judged(evidence)
    assert verdict.outcome is Outcome.PASS
    assert SAID not in verdict.notes
