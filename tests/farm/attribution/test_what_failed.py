"""Joins, recordings and servers that failed: what lacked then."""

import dataclasses
from typing import Any

import pytest

from farm.attribution import LimitedBy, limited_by
from farm.attribution.symptoms import Symptoms, symptoms_of
from farm.model.trial_evidence import JoinOutcome
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason
from farm.search.capacity_estimate import CapacityEstimate
from tests.farm.attribution.broken_trials import (
    DIED,
    LOSS,
    MACHINE,
    NO_JOIN,
    NO_RECORDING,
    SHAPES,
    calm,
    named,
    trial,
)
from tests.farm.attribution.starved_seconds import (
    all_cores,
    slow_disk,
    small_buffers,
    threads,
)
from tests.farm.trial_evidence import judged_trial


@pytest.mark.parametrize(("most", "limit"), [(64, 64), (58, 64), (1020, 1024), (65530, 65536)])
def test_descriptors_without_room_for_another_session(most: int, limit: int) -> None:
    evidence = trial(lambda much: {
        "process_descriptors": round(20 + (most - 20) * much), "process_descriptors_limit": limit
    }, SHAPES["more and more"], impairment=0.0)  # fmt: skip
    found = named(evidence, NO_JOIN)

    assert found.resource == "descriptors"
    assert f"{most} of the {limit} descriptors" in found.evidence


def test_descriptors_by_the_words_of_the_server() -> None:
    reasons = (Reason("signalling", "p004: [Errno 24] Too many open files", "p004", "s002"),)
    assert named(trial(lambda _: {}, impairment=0.0), reasons).resource == "descriptors"


def test_many_descriptors_are_no_fault_where_all_got_in() -> None:
    near = {"process_descriptors": 1010, "process_descriptors_limit": 1024}
    assert named(trial(lambda _: near)).resource == "unknown"


@pytest.mark.parametrize("reasons", [NO_JOIN, NO_JOIN[:1]])
def test_joins_that_fail_while_the_server_rests(reasons: tuple[Reason, ...]) -> None:
    found = named(trial(lambda _: {}, impairment=0.0), reasons)
    assert found.resource == "signalling"
    assert "failed" in found.evidence


def test_media_that_do_not_connect_are_no_fault_of_signalling() -> None:
    reasons = tuple(dataclasses.replace(reason, code="media") for reason in NO_JOIN)
    assert named(trial(lambda _: {}, impairment=0.0), reasons).resource == "unknown"


def test_a_stream_that_never_came_to_who_has_others_is_no_fault_of_signalling() -> None:
    def missing(kind: str) -> Reason:
        return Reason("setup", f"p001: no {kind}", "p001", "s000", f"inbound {kind}")

    calm_trial = trial(lambda _: {}, impairment=0.0)
    assert named(calm_trial, (missing("video"),)).resource == "unknown"
    assert named(calm_trial, (missing("video"), missing("audio"))).resource == "signalling"


def test_joins_that_fail_on_a_server_whose_cpu_nobody_saw() -> None:
    """They are late without CPU, too: what limited it is not known."""
    unseen = dataclasses.replace(trial(lambda _: {}, impairment=0.0), server_samples=())
    found = named(unseen, NO_JOIN)
    assert found.resource == "unknown"
    assert found.evidence == (
        "at 4 probes 3 joins failed; p004 (s002): no answer; its CPU is not known"
    )


def test_media_that_fail_on_a_machine_whose_cpu_nobody_saw() -> None:
    hidden = {"cpu_percent": None, "process_cpu_percent": None, "threads": None}
    found = named(trial(lambda _: {**hidden, "steal_percent": None}))
    assert found.resource == "unknown"
    assert found.evidence.startswith("at 4 probes no resource of the server that was sampled was")
    assert found.evidence.endswith("; its CPU is not known")


def test_partners_who_wait_in_vain_are_no_fault_of_the_media() -> None:
    """Who got in sends to nobody, and its own stream is told as silent."""
    silent = [
        Reason(code, f"p005 {code}", "p005", "s002", "outbound video")
        for code in ("gap", "frame_rate", "target_bitrate")
    ]
    found = named(trial(lambda _: {}, impairment=0.0), (*NO_JOIN[:1], *silent))
    assert found.resource == "signalling"


def test_joins_and_media_both_suffer_from_small_buffers() -> None:
    late = Reason("setup", "p001 inbound video took 21 s", "p001", "s000", "inbound video", 21.0)
    evidence = trial(small_buffers(0.2, 900.0), SHAPES["at the end"])
    assert named(evidence, (late, *LOSS)).resource == "udp_buffers"


def test_media_that_begins_late_while_the_server_rests() -> None:
    said = "p001 (s000) inbound video took 21 s"
    late = Reason("setup", said, "p001", "s000", "inbound video", 21.0)
    evidence = trial(lambda _: {}, impairment=0.0)
    slow = dataclasses.replace(
        evidence,
        joins=tuple(JoinOutcome(j.probe, j.session, True, join_s=9.0) for j in evidence.joins),
    )
    found = named(slow, (late, late), held=calm())

    assert found.resource == "signalling"
    assert "joins took 9.0 s, 0.5 s in the trial that passed" in found.evidence


def test_joins_that_fail_for_want_of_cpu_are_no_fault_of_signalling() -> None:
    assert named(trial(all_cores(4)), NO_JOIN).resource == "cpu_total"


def test_cpu_that_was_full_in_a_part_of_the_ramp_explains_joins_that_failed() -> None:
    """Browsers boot for a while before anybody asks the server for anything."""
    evidence = trial(lambda _: {}, impairment=0.0)
    samples = tuple(
        dataclasses.replace(sample, process_cores=1, process_cpu_percent=99.0, threads=threads(98))
        if 17 <= sample.at_s <= 28
        else sample
        for sample in evidence.server_samples
    )
    busy = dataclasses.replace(evidence, server_samples=samples)
    assert named(busy, NO_JOIN).resource == "cpu_thread"


@pytest.mark.parametrize("busy", [50.0, 99.0])
def test_recordings_that_are_short_on_a_disk_that_lags(busy: float) -> None:
    found = named(trial(slow_disk(busy, 0.4, 1), impairment=0.0), NO_RECORDING)
    assert found.resource == "disk"
    assert "2 are missing or short" in found.evidence


def test_recordings_that_are_short_and_nothing_else_is_wrong() -> None:
    found = named(trial(lambda _: {}, impairment=0.0), NO_RECORDING)
    assert found.resource == "disk"
    assert "caller.webm holds 12 of 40 s" in found.evidence


@pytest.mark.parametrize(
    "last",
    [
        {"cgroup_memory_limit_bytes": 120_000_000, "cgroup_memory_used_bytes": 100_000_000},
        {"process_virtual_limit_bytes": 10**9, "process_virtual_bytes": 930_000_000},
        {"oom_kills": 1},
    ],
)
def test_a_server_that_died_at_the_end_of_its_memory(last: dict[str, Any]) -> None:
    assert named(trial(lambda _: last, impairment=0.0), DIED).resource == "memory"


def test_a_server_that_died_with_plenty_of_all_is_no_resource() -> None:
    found = named(trial(lambda _: {}, impairment=0.0), DIED)
    assert found.resource == "unknown"
    assert found.evidence.endswith("the server died: it ended with signal 9")
    short = {"memory_available_bytes": int(0.25 * (MACHINE.memory_bytes or 0))}
    assert "MB were free)" in named(trial(lambda _: short, impairment=0.0), DIED).evidence


def test_pages_that_left_are_not_put_down_to_the_server() -> None:
    left = Reason("left", "its page left", "p001", "s000")
    partner = Reason("gap", "silence", "p000", "s000", "inbound video", sender="p001")
    bad = Reason("residual_loss", "lost", "p002", "s001", "inbound video", sender="p003")
    assert symptoms_of([left, partner]) == Symptoms()
    assert symptoms_of([left, partner, bad]).media == 1


def test_where_pages_left_it_is_said_and_no_resource_of_the_server() -> None:
    left = Reason("left", "p001 (s000): its page loaded by itself", "p001", "s000")
    own = Reason("gap", "p001 inbound silence", "p001", "s000", "inbound video", sender="p000")
    found = named(trial(lambda _: {}, impairment=0.0), (left, own))
    assert found.resource == "unknown"
    assert found.evidence == "at 4 probes p001 (s000): its page loaded by itself"
    busy = named(trial(all_cores(4), impairment=0.0), (left, own))
    assert busy.resource == "unknown"
    assert busy.evidence.startswith(f"{found.evidence}; meanwhile ")
    bad = Reason("residual_loss", "p002 lost 7 %", "p002", "s001", "inbound video", sender="p003")
    assert "no resource was saturated" in named(trial(lambda _: {}), (left, own, bad)).evidence


def test_media_that_did_not_connect_are_no_signalling() -> None:
    reasons = (Reason("media", "p004 (s002): ICE failed", "p004", "s002"),) * 3
    assert symptoms_of(reasons).joins == 1
    found = named(trial(lambda _: {}, impairment=0.0), reasons)
    assert found.resource == "unknown"


@pytest.mark.parametrize(("others", "limit"), [("media", "unknown"), ("timeout", "signalling")])
def test_signalling_is_at_its_end_by_the_joins_that_it_failed_alone(
    others: str, limit: str
) -> None:
    first = Reason("timeout", "p000 (s000): no answer", "p000", "s000")
    reasons = [
        Reason(others, f"p00{2 * n} (s00{n}): no way", f"p00{2 * n}", f"s00{n}")
        for n in range(1, 4)
    ]
    assert named(trial(lambda _: {}, impairment=0.0), (first, *reasons)).resource == limit


def refused(index: int, load: int, probes: int) -> TrialResult:
    """A trial in which so many probes did not join."""
    reasons = (
        Reason("timeout", f"p{n:03} (s000): no answer", f"p{n:03}", "s000") for n in range(probes)
    )
    outcome = Outcome.FAIL if probes else Outcome.PASS
    return judged_trial(index, load, outcome, tuple(reasons))


def limit_by_joins(*results: TrialResult) -> LimitedBy:
    """What limited a search with these trials, on a server that rests."""
    estimate = CapacityEstimate(2, (2, 4), 2, 4, "out_of_trials", len(results), 0.9, 0.9)
    return limited_by(estimate, results, trial(lambda _: {}, impairment=0.0), MACHINE, held=calm())


def test_joins_that_fail_as_often_at_the_smallest_load_do_not_fail_by_load() -> None:
    found = limit_by_joins(refused(0, 2, 2), refused(1, 2, 0), refused(2, 2, 0), refused(3, 4, 2))

    assert found.resource == "unknown"
    assert found.at_any_load
    assert found.evidence == (
        "at 4 probes 2 joins failed; p000 (s000): no answer; at 2 probes 2 of 6 joins failed as "
        "well, so the load is not known to be why"
    )


@pytest.mark.parametrize(
    "small", [(0, 0), (1, 0, 0, 0)], ids=["none at the smallest", "far fewer at the smallest"]
)
def test_joins_that_fail_at_the_larger_load_fail_by_load(small: tuple[int, ...]) -> None:
    trials = [refused(index, 2, probes) for index, probes in enumerate(small)]
    found = limit_by_joins(*trials, refused(len(small), 4, 4))

    assert found.resource == "signalling"
    assert not found.at_any_load


def test_joins_that_fail_in_some_trials_of_the_smallest_load_do_not_fail_by_load() -> None:
    found = limit_by_joins(refused(0, 4, 4), refused(1, 4, 0))

    assert found.resource == "unknown"
    assert found.evidence.endswith(
        "; another trial of that load, the smallest, passed, so the load is not known to be why"
    )


def test_joins_are_compared_with_a_smaller_load_alone() -> None:
    floor = CapacityEstimate(None, (None, 2), None, 2, "floor_failed", 1, 0.9, 0.9)
    results = [refused(0, 2, 2)]
    found = limited_by(floor, results, trial(lambda _: {}, impairment=0.0, load=2), MACHINE)

    assert found.resource == "signalling"
