import dataclasses
from typing import Any

import pytest

from farm.model.criteria import Criteria, InvalidLimits
from farm.model.host_samples import CpuShare, CpuWait
from farm.model.trial_evidence import Fault, PollCount, TrialEvidence
from farm.model.verdict import Outcome
from farm.testing import host_second, unjoined
from farm.verdict import judge
from farm.verdict.generator_faults import generator_faults
from tests.farm.trial_evidence import good, spoilt, stream, with_fault, with_host


def codes(evidence: TrialEvidence) -> list[str]:
    return [reason.code for reason in generator_faults(evidence, InvalidLimits())]


def test_a_generator_at_rest_is_not_at_fault() -> None:
    assert codes(good()) == []


# ---------------------------------------------------------------- machines


def test_a_host_that_is_busy_for_five_seconds() -> None:
    (reason,) = generator_faults(
        with_host(good(), range(40, 45), cpu_percent=97.0), InvalidLimits()
    )

    assert reason.code == "host_cpu"
    assert reason.message == "host here was 97 % busy for 5 s, limit 85 %"
    assert (reason.value, reason.limit, reason.at_s) == (pytest.approx(0.97), 0.85, 40.0)


def test_a_host_that_is_busy_for_four_seconds_is_not() -> None:
    assert codes(with_host(good(), range(40, 44), cpu_percent=90.0)) == []


def test_a_host_that_is_busy_on_average_is_busy() -> None:
    one_to_the_next = with_host(good(), range(40, 50, 2), cpu_percent=100.0)
    assert codes(with_host(one_to_the_next, range(41, 50, 2), cpu_percent=80.0)) == ["host_cpu"]


def test_busy_is_no_fault_where_probes_did_not_wait() -> None:
    busy = with_host(good(), range(30, 80), cpu_percent=99.0, cpu_wait=CpuWait(0.6, 1.4, 9000))
    assert codes(busy) == []
    (reason,) = generator_faults(busy, InvalidLimits(host_cpu=0.9))
    assert reason.code == "host_cpu", "a limit that the user set holds all the same"


TOOK_ALL = (
    CpuShare("probes", None, 0.3),
    CpuShare("others", "cc1plus", 1.4),
    CpuShare("others", "ld", 0.1),
    CpuShare("others", None, 0.1),
    CpuShare("others", "backup", 0.1, low_priority=True),
)


def waiting(each_ms: float, **more: Any) -> TrialEvidence:
    """Five seconds in the hold, at 60 % of two cores, in which probes waited so long each time."""
    wait = CpuWait(run_s=0.5, wait_s=each_ms, turns=1000)
    return with_host(good(), range(40, 45), cpu_percent=60.0, cpu_wait=wait, cores=2, **more)


def test_probes_that_waited_for_what_other_programs_had() -> None:
    (reason,) = generator_faults(waiting(5.0, cpu_users=TOOK_ALL), InvalidLimits())

    assert reason.code == "other_programs"
    assert reason.message == (
        "host here: probes waited 90.9 % of their time for a core, 5.0 ms each time, limit 1 ms; "
        "other programs used 1.7 of 2 cores (cc1plus 1.4, backup 0.1 (low priority), ld 0.1)"
    )
    assert (reason.value, reason.limit, reason.at_s) == (pytest.approx(0.005), 0.001, 40.0)
    assert codes(waiting(0.9, cpu_users=TOOK_ALL)) == []


def test_four_seconds_of_waiting_are_not_five() -> None:
    wait = CpuWait(run_s=0.5, wait_s=1.3, turns=1000)
    calm = with_host(good(), range(30, 80), cpu_wait=CpuWait(0.5, 0.2, 1000))
    assert codes(with_host(calm, range(40, 43), cpu_wait=wait)) == []
    assert codes(with_host(calm, range(40, 44), cpu_wait=wait)) == ["waited_for_cpu"]


def test_probes_that_filled_their_cores_themselves() -> None:
    users = (
        CpuShare("probes", None, 1.7),
        CpuShare("farm", None, 0.2),
        CpuShare("media_server", None, 0.01),
        CpuShare("others", "sshd", 0.02),
    )
    (reason,) = generator_faults(waiting(5.0, cpu_users=users), InvalidLimits())
    assert reason.code == "waited_for_cpu"
    assert reason.message.endswith("limit 1 ms; probes used 1.7 of 2 cores, the farm itself 0.2")
    (unknown,) = generator_faults(waiting(5.0), InvalidLimits())
    assert unknown.code == "waited_for_cpu"
    assert unknown.message.endswith("; what used the cores is unknown")


def test_full_cores_that_others_of_the_same_priority_shared() -> None:
    wait = CpuWait(run_s=0.5, wait_s=0.2, turns=1000)
    shared = with_host(
        good(), range(40, 45), cpu_percent=99.0, cpu_wait=wait, cores=2, cpu_users=TOOK_ALL
    )
    (reason,) = generator_faults(shared, InvalidLimits())
    assert reason.code == "other_programs"
    assert reason.message == (
        "host here was 99 % busy for 5 s, and other programs used 1.7 of 2 cores "
        "(cc1plus 1.4, backup 0.1 (low priority), ld 0.1), limit 20 % of them; "
        "probes waited 0.2 ms each time"
    )
    assert generator_faults(shared, InvalidLimits(other_programs=1.0)) == ()
    assert codes(with_host(shared, range(40, 45), cpu_percent=80.0)) == [], "there was room"
    low = tuple(dataclasses.replace(share, low_priority=True) for share in TOOK_ALL[1:])
    assert codes(with_host(shared, range(40, 45), cpu_users=low)) == []


def test_others_of_low_priority_take_nothing_from_probes_that_did_not_wait() -> None:
    idle = (CpuShare("probes", None, 1.0), CpuShare("others", "backup", 1.0, low_priority=True))
    assert codes(waiting(0.3, cpu_users=idle)) == []
    # In another scheduling group a nice value means nothing: whoever waited says who had the core.
    (reason,) = generator_faults(waiting(5.0, cpu_users=idle), InvalidLimits())
    assert reason.message.endswith("other programs used 1.0 of 2 cores (backup 1.0 (low priority))")


def test_what_comes_of_too_little_cpu_is_explained_by_who_had_it() -> None:
    late = polled((40, 39, 1), (40, 40, 1))
    assert codes(late) == ["late_polls"]
    beside = with_host(late, range(30, 80), cpu_users=TOOK_ALL, cores=2)
    reasons = generator_faults(beside, InvalidLimits(host_cpu=1.0))
    assert [reason.code for reason in reasons] == ["late_polls", "other_programs"]
    assert reasons[1].message.startswith("host here: other programs used 1.7 of 2 cores (cc1plus")
    allowed = generator_faults(beside, InvalidLimits(host_cpu=1.0, other_programs=1.0))
    assert [reason.code for reason in allowed] == ["late_polls"]


def test_probes_that_waited_for_what_other_programs_may_have_waited_all_the_same() -> None:
    shared = waiting(5.0, cpu_users=TOOK_ALL)
    (reason,) = generator_faults(shared, InvalidLimits(other_programs=1.0))
    assert (reason.code, "other programs 1.7" in reason.message) == ("waited_for_cpu", True)


def test_a_quota_that_ran_out_is_named() -> None:
    held_back = waiting(5.0, cpu_users=TOOK_ALL, cpu_limit_cores=0.5, cpu_throttled_percent=60.0)
    (reason,) = generator_faults(held_back, InvalidLimits())
    assert reason.code == "cpu_quota"
    assert "CPU quota of 0.5 cores was used up in 60 % of the periods" in reason.message


def test_a_host_that_cannot_tell_its_waits_is_judged_by_how_busy_it_was_and_says_so() -> None:
    untold = with_host(good(), range(30, 80), cores=2, cpu_percent=97.0)
    assert codes(untold) == ["host_cpu"]
    notes = judge(untold, Criteria(), InvalidLimits(), None).notes
    assert any("does not count how long probes waited for a core" in note for note in notes)
    told = with_host(good(), range(30, 80), cores=2, cpu_wait=CpuWait(0.5, 0.1, 1000))
    notes = judge(told, Criteria(), InvalidLimits(), None).notes
    assert not any("does not count" in note for note in notes)


def test_a_media_server_beside_the_probes_that_others_kept_from_its_cores() -> None:
    starved: dict[str, Any] = {
        "media_server_cpu_wait": CpuWait(0.1, 0.6, 100),
        "media_server_cpu_users": TOOK_ALL,
        "media_server_cpu_percent": 99.0,
        "media_server_cores": 2,
        "cores": 2,
    }
    lossy = spoilt(good(), lambda _: {"packets_lost": 200, "residual_loss_ratio": 0.2})
    verdict = judge(with_host(lossy, range(40, 45), **starved), Criteria(), InvalidLimits(), None)
    assert verdict.outcome is Outcome.INVALID
    assert verdict.reasons[0].code == "other_programs"
    assert verdict.reasons[0].message.startswith(
        "host here: the media server, which runs there, waited 85.7 % of its time for a core"
    )
    passed = judge(with_host(good(), range(40, 45), **starved), Criteria(), InvalidLimits(), None)
    assert passed.outcome is Outcome.PASS, "it held in spite of them"

    def failed(seconds: range, **changes: Any) -> bool:
        evidence = with_host(lossy, seconds, **{**starved, **changes})
        return judge(evidence, Criteria(), InvalidLimits(), None).outcome is Outcome.FAIL

    assert failed(range(10, 30)), "in the ramp"
    assert failed(range(40, 45), media_server_cpu_users=TOOK_ALL[:1]), "it had its cores alone"
    assert failed(range(40, 45), media_server_cpu_percent=60.0), "there was room"
    throttled = tuple(
        dataclasses.replace(sample, cgroup_throttled_percent=80.0)
        for sample in lossy.server_samples
    )
    lossy = dataclasses.replace(lossy, server_samples=throttled)
    assert failed(range(40, 45)), "its own quota kept it from them"


def test_what_a_host_did_in_the_ramp_does_not_count() -> None:
    assert codes(with_host(good(), range(10, 30), cpu_percent=100.0)) == []


def test_neighbours_that_steal() -> None:
    (reason,) = generator_faults(
        with_host(good(), range(40, 50), steal_percent=8.0), InvalidLimits()
    )
    assert reason.code == "steal"
    assert "of its CPU time stolen" in reason.message


def test_one_thread_that_has_no_core_left() -> None:
    busy = with_host(
        good(), range(40, 46), busiest_thread="NetworkService", busiest_thread_percent=93.0
    )
    (reason,) = generator_faults(busy, InvalidLimits())

    assert reason.code == "thread_cpu"
    assert reason.message.startswith("thread NetworkService on host here used 93 % of a core")


def test_threads_that_take_turns_are_not_one_thread() -> None:
    evidence = good()
    for second in range(40, 46):
        evidence = with_host(
            evidence, [second], busiest_thread=f"T{second % 2}", busiest_thread_percent=93.0
        )
    assert codes(evidence) == []


def test_unknown_figures_prove_nothing() -> None:
    assert codes(with_host(good(), range(30, 80), cpu_percent=None, steal_percent=None)) == []
    unknown_clock = tuple(
        dataclasses.replace(host_second(second, cpu_percent=100.0), run_s=None)
        for second in range(30, 60)
    )
    assert codes(dataclasses.replace(good(), host_samples=unknown_clock)) == ["host_unseen"]
    older = with_host(good(), range(30, 80), memory_bytes=None, udp_drops=None, app_late_s=None)
    assert codes(older) == []


def test_a_host_without_memory() -> None:
    little = with_host(good(), range(40, 46), memory_available_bytes=6 * 10**7)
    (reason,) = generator_faults(little, InvalidLimits())

    assert (reason.code, reason.value, reason.at_s) == ("memory", pytest.approx(0.03), 40.0)
    assert reason.message == "host here had 3 % of its memory left for 5 s, limit 5 %"
    assert codes(with_host(good(), range(40, 43), memory_available_bytes=6 * 10**7)) == []


def test_packets_that_found_no_room() -> None:
    deaf = with_host(with_host(good(), [41], udp_drops=7), [45], udp_drops=3)
    (reason,) = generator_faults(deaf, InvalidLimits())

    assert (reason.code, reason.value, reason.limit, reason.at_s) == ("udp_drops", 10, 0, 41.0)
    assert reason.message == "browsers on host here dropped 10 packets, limit 0"
    assert generator_faults(deaf, InvalidLimits(udp_drops=10)) == ()
    assert codes(with_host(good(), [20], udp_drops=7)) == []  # in the ramp


def test_a_demo_app_that_is_late() -> None:
    (reason,) = generator_faults(with_host(good(), [41], app_late_s=2.5), InvalidLimits())

    assert (reason.code, reason.value, reason.at_s) == ("app_late", 2.5, 41.0)
    assert reason.message == "the demo app was 2.5 s late, limit 1 s"
    assert codes(with_host(good(), range(30, 70), app_late_s=0.9)) == []


def test_a_host_that_nobody_looked_at() -> None:
    evidence = good()  # the hold is from 30 to 70

    def without(begin_s: int, end_s: int) -> TrialEvidence:
        seconds = range(begin_s, end_s)
        kept = [sample for sample in evidence.host_samples if sample.run_s not in seconds]
        return dataclasses.replace(evidence, host_samples=tuple(kept))

    (reason,) = generator_faults(without(35, 65), InvalidLimits())
    assert reason.code == "host_unseen"
    assert reason.message.startswith("host here was not sampled for 72.5 % of the hold")
    assert codes(without(35, 45)) == []
    notes = judge(without(35, 45), Criteria(), InvalidLimits(), None).notes
    assert "host here was not sampled for 9 s of the hold" in notes
    assert not [
        note for note in judge(evidence, Criteria(), InvalidLimits(), None).notes if "look" in note
    ]


# ---------------------------------------------------------------- polls


def polled(*counts: tuple[int, int, int], load: int = 2) -> TrialEvidence:
    polls = tuple(
        PollCount(f"p{at:03d}", expected, received, late)
        for at, (expected, received, late) in enumerate(counts)
    )
    return dataclasses.replace(good(load=load), polls=polls)


def test_late_and_missing_polls() -> None:
    (reason,) = generator_faults(polled((40, 39, 1), (40, 40, 1)), InvalidLimits())

    assert reason.code == "late_polls"
    assert reason.message == "3 of 80 polls on host here were late or missing, limit 2 %"


def test_two_late_polls_of_a_short_hold_are_forgiven() -> None:
    assert codes(polled((20, 19, 1), (20, 20, 0))) == []


def test_a_page_that_hangs_is_named_however_many_others_do_not() -> None:
    hung = polled((40, 3, 0), *[(40, 40, 0)] * 99, load=100)

    assert [reason.probe for reason in generator_faults(hung, InvalidLimits())] == ["p000"]


# ---------------------------------------------------------------- cameras and encoders


def test_an_encoder_without_cpu() -> None:
    limited = stream("p001", "outbound", "video", [2], quality_limited_by_cpu_ratio=0.6)
    (reason,) = generator_faults(spoilt(good(), limited), InvalidLimits())

    assert (reason.code, reason.probe, reason.at_s) == ("encoder_cpu", "p001", 50.0)


def test_a_camera_below_its_rate() -> None:
    slow = stream("p000", "outbound", "video", [1, 2], capture_frame_rate=12.0)
    (reason,) = generator_faults(spoilt(good(), slow), InvalidLimits())

    assert (reason.code, reason.probe, reason.value, reason.limit) == ("capture", "p000", 12, 18)
    assert reason.message == "p000's camera gave 12.0 frames/s of 20 asked, limit 18.0"


def test_a_camera_is_judged_by_the_sender_that_gets_most_of_it() -> None:
    """A page lets one of its encoders have 3 frames/s of the 20 that the other gets."""
    evidence = spoilt(good(), stream("p000", "outbound", "video", capture_frame_rate=3.0))
    other = [
        dataclasses.replace(each, track=1, owed=False, capture_frame_rate=20.0)
        for each in evidence.intervals
        if (each.probe, each.direction, each.kind) == ("p000", "outbound", "video")
    ]
    both = dataclasses.replace(evidence, intervals=(*evidence.intervals, *other))
    assert [reason.code for reason in generator_faults(evidence, InvalidLimits())] == ["capture"]
    assert generator_faults(both, InvalidLimits()) == ()


def test_a_camera_that_stumbles_once() -> None:
    slow = stream("p000", "outbound", "video", [1], capture_frame_rate=12.0)
    assert codes(spoilt(good(), slow)) == []


# ---------------------------------------------------------------- what broke


@pytest.mark.parametrize("what", ["app_died", "browser_crashed", "host_lost"])
def test_what_is_ours_and_broke(what: str) -> None:
    fault = Fault(what, 41.0, "it is gone")  # type: ignore[arg-type]
    (reason,) = generator_faults(with_fault(good(), fault), InvalidLimits())

    assert (reason.code, reason.message, reason.at_s) == (what, "it is gone", 41.0)


@pytest.mark.parametrize("what", ["app_died", "browser_crashed", "host_lost"])
def test_what_broke_while_probes_left_is_a_note(what: str) -> None:
    late = with_fault(good(), Fault(what, 70.5, "p001: gone"))  # type: ignore[arg-type]

    assert codes(late) == []
    verdict = judge(late, Criteria(), InvalidLimits(), None)
    assert verdict.outcome is Outcome.PASS
    assert "after the hold: p001: gone" in verdict.notes


@pytest.mark.parametrize("what", ["server_died", "sampling_lost", "recording_missing"])
def test_what_is_not_ours(what: str) -> None:
    assert codes(with_fault(good(), Fault(what, 41.0, "it is gone"))) == []  # type: ignore[arg-type]


def test_a_probe_whose_browser_did_not_start() -> None:
    assert codes(unjoined(good(), "p001", "browser", "no page within 30 s")) == ["browser"]
