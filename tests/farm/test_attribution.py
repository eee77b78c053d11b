import dataclasses
from typing import Any

import pytest

from farm.attribution import (
    LimitedBy,
    Machine,
    cpu_separation,
    limited_by,
    scale_out,
    trial_that_broke,
    trial_that_held,
)
from farm.capacity_search import CapacityEstimate, State
from farm.observations import ServerSample, ThreadSample
from farm.trial import Outcome, Reason, TrialEvidence
from tests.farm.trial_evidence import good, judged_trial


def answer(probes: int | None = 8, state: State = "converged", **figures: Any) -> CapacityEstimate:
    settings: dict[str, Any] = {
        "interval": (6, 10),
        "recommended": 6,
        "breaking": 10,
        "trials_used": 9,
        "reliability": 0.9,
        "confidence": 0.9,
        **figures,
    }
    return CapacityEstimate(probes=probes, state=state, **settings)


RESULTS = [
    judged_trial(0, 2, Outcome.PASS, server_cpu_percent=10.0),
    judged_trial(1, 6, Outcome.PASS, server_cpu_percent=55.0),
    judged_trial(2, 12, Outcome.FAIL, server_cpu_percent=96.0),
    judged_trial(3, 8, Outcome.PASS, server_cpu_percent=72.0),
    judged_trial(4, 10, Outcome.FAIL, server_cpu_percent=91.0),
    judged_trial(5, 6, Outcome.PASS, server_cpu_percent=59.0),
]


def serving(**figures: Any) -> TrialEvidence:
    """A trial in whose every second the server had these figures."""
    evidence = good()
    samples = tuple(ServerSample(float(second), **figures) for second in range(10, 71))
    return dataclasses.replace(evidence, server_samples=samples)


def limit(machine: Machine | None = None, **figures: Any) -> LimitedBy:
    return limited_by(answer(), RESULTS, serving(**figures), machine or Machine())


def test_which_trials_to_look_at() -> None:
    broke, held = trial_that_broke(RESULTS, answer()), trial_that_held(RESULTS, answer())

    assert broke is not None
    assert held is not None
    assert (broke.index, held.index) == (4, 3)
    assert trial_that_broke(RESULTS[:2], answer()) is None


# ---------------------------------------------------------------- what was at its end


def test_the_whole_machine() -> None:
    assert limit(cpu_percent=97.0) == LimitedBy(
        "cpu_total", "at 10 probes the server's machine used 97 % of its CPU"
    )


def test_a_machine_that_also_runs_probes_does_not_count() -> None:
    shared = Machine(shared=True)
    assert limit(shared, cpu_percent=97.0).resource == "unknown"


def test_the_cores_that_the_media_server_was_given() -> None:
    one = Machine(process_cores=1, shared=True)
    assert limit(one, cpu_percent=60.0, process_cpu_percent=95.0) == LimitedBy(
        "cpu_total", "at 10 probes the media server used 95 % of its one core"
    )
    two = Machine(process_cores=2, shared=True)
    assert limit(two, cpu_percent=60.0, process_cpu_percent=95.0).resource == "unknown"


def test_one_thread_at_the_end_of_its_core() -> None:
    threads = (ThreadSample(7, "worker", 98.0), ThreadSample(8, "other", 20.0))
    found = limit(cpu_percent=40.0, process_cpu_percent=118.0, threads=threads)

    assert found == LimitedBy(
        "cpu_thread", "at 10 probes thread worker of the media server used 98 % of a core"
    )


def test_no_memory_left() -> None:
    little = Machine(memory_bytes=1_000_000_000)
    assert limit(little, memory_available_bytes=30_000_000) == LimitedBy(
        "memory", "at 10 probes 30 MB of 1000 MB were free"
    )


def test_joins_that_fail_while_the_machine_rests() -> None:
    reasons = (
        Reason("signalling", "p004 (s002): the room is full", "p004", "s002"),
        Reason("timeout", "p005 (s002): no answer", "p005", "s002"),
    )
    results = [judged_trial(4, 10, Outcome.FAIL, reasons)]
    found = limited_by(answer(), results, serving(cpu_percent=30.0), Machine())

    assert found.resource == "signalling"
    assert found.evidence == "at 10 probes 2 joins failed; p004 (s002): the room is full"


def test_an_app_that_serves_its_page_no_more() -> None:
    reasons = (Reason("navigation", "p004 (s002): it answered 503", "p004", "s002"),)
    results = [judged_trial(4, 10, Outcome.FAIL, reasons)]
    assert limited_by(answer(), results, serving(cpu_percent=30.0), Machine()) == LimitedBy(
        "signalling", "at 10 probes 1 joins failed; p004 (s002): it answered 503"
    )


def test_nothing_at_its_end_is_unknown_and_says_how_far_each_was() -> None:
    found = limit(cpu_percent=45.0, process_cpu_percent=80.0)

    assert found == LimitedBy(
        "unknown",
        "at 10 probes nothing was at its end: the machine's CPU 45 %, the media server 80 % of a "
        "core",
    )


def test_a_server_that_nobody_could_look_into() -> None:
    unseen = limited_by(answer(), RESULTS, None, Machine())
    assert unseen == LimitedBy("unknown", "at 10 probes nothing is known of the server's machine")


def test_a_server_that_died_is_no_resource() -> None:
    results = [judged_trial(4, 10, Outcome.FAIL, (Reason("server_died", "signal 6"),))]
    found = limited_by(answer(), results, serving(cpu_percent=30.0), Machine())

    assert found == LimitedBy("unknown", "at 10 probes the server died: signal 6")


def test_a_generator_that_ran_out_is_the_limit_whatever_the_server_did() -> None:
    reason = Reason("host_cpu", "host here was 97 % busy for 5 s, limit 85 %")
    results = [*RESULTS, judged_trial(6, 14, Outcome.INVALID, (reason,))]
    found = limited_by(answer(state="generator_ran_out"), results, None, Machine())

    assert found == LimitedBy(
        "generator", "at 14 probes host here was 97 % busy for 5 s, limit 85 %"
    )


def test_the_largest_load_allowed() -> None:
    found = limited_by(answer(60, "ceiling_passed"), RESULTS[:1], None, Machine())
    assert found == LimitedBy("ceiling", "60 probes, the largest load allowed, passed")


def test_no_failed_trial_no_limit() -> None:
    found = limited_by(answer(state="out_of_trials"), RESULTS[:2], None, Machine())
    assert found.resource == "unknown"


# ---------------------------------------------------------------- CPU and quality


def test_cpu_that_is_always_higher_when_trials_fail_tells_everything() -> None:
    assert cpu_separation(RESULTS) == 1.0


def test_cpu_that_is_the_same_tells_nothing() -> None:
    same = [
        judged_trial(0, 2, Outcome.PASS, server_cpu_percent=50.0),
        judged_trial(1, 4, Outcome.FAIL, server_cpu_percent=50.0),
    ]
    assert cpu_separation(same) == 0.5


def test_without_both_kinds_of_trials_nothing_can_be_told() -> None:
    assert cpu_separation(RESULTS[:2]) is None
    assert cpu_separation([judged_trial(0, 2, Outcome.FAIL, server_cpu_percent=None)]) is None


def test_the_cpu_to_scale_out_at_is_that_of_the_recommended_load() -> None:
    growth = scale_out(RESULTS, answer(), LimitedBy("cpu_thread", ""))

    assert growth.cpu_percent == pytest.approx(57.0)
    assert growth.interval == (55.0, 59.0)
    assert growth.probes == 6


@pytest.mark.parametrize(
    ("limit", "figures", "why"),
    [
        (LimitedBy("memory", ""), {}, "what limited the server is memory, not its CPU"),
        (LimitedBy("cpu_total", ""), {"recommended": None}, "no load is recommended yet"),
    ],
)
def test_where_cpu_does_not_tell_the_load_does(
    limit: LimitedBy, figures: dict[str, Any], why: str
) -> None:
    growth = scale_out(RESULTS, answer(**figures), limit)

    assert growth.cpu_percent is growth.interval is None
    assert growth.evidence == why


def test_cpu_that_does_not_separate_is_no_threshold() -> None:
    moody = [*RESULTS, *[judged_trial(9, 10, Outcome.FAIL, server_cpu_percent=20.0)] * 3]
    growth = scale_out(moody, answer(), LimitedBy("cpu_total", ""))

    assert growth.cpu_percent is None
    assert "did not tell" in growth.evidence
