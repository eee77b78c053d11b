import dataclasses
from typing import Any

import pytest

from farm.attribution import (
    LimitedBy,
    Quality,
    ServerResources,
    cpu_cross_correlation,
    limited_by,
    trial_that_broke,
    trial_that_held,
)
from farm.attribution.limit import NetworkTraffic
from farm.model.server_samples import ServerSample, ThreadSample
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome, Reason
from farm.search.capacity_estimate import CapacityEstimate, State
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


def limit(machine: ServerResources | None = None, **figures: Any) -> LimitedBy:
    return limited_by(answer(), RESULTS, serving(**figures), machine or ServerResources())


def test_which_trials_to_look_at() -> None:
    broke, held = trial_that_broke(RESULTS, answer()), trial_that_held(RESULTS, answer())

    assert broke is not None
    assert held is not None
    assert (broke.index, held.index) == (4, 3)
    assert trial_that_broke(RESULTS[:2], answer()) is None


# ---------------------------------------------------------------- which resource was saturated


def test_a_trial_that_failed_by_the_driver_tells_less_than_others() -> None:
    failed = [judged_trial(at, load, Outcome.FAIL) for at, load in ((0, 2), (1, 2), (2, 4))]
    by_driver = [
        dataclasses.replace(each, verdict=dataclasses.replace(each.verdict, by_driver=True))
        for each in failed
    ]
    none = answer(None, "floor_failed")
    assert trial_that_broke([failed[0], by_driver[1]], none) == failed[0]
    assert trial_that_broke([by_driver[0], by_driver[1], failed[2]], none) == failed[2]
    assert trial_that_broke(by_driver, none) == by_driver[1]


def test_the_sentence_says_at_which_load_and_how_full() -> None:
    found = limit(cpu_percent=97.0)

    assert found.resource == "cpu_total"
    assert found.evidence == "at 10 probes the server's machine used 97 % of its CPU"


def test_all_that_was_looked_at_is_kept_the_cause_in_front() -> None:
    threads = (ThreadSample(7, "worker", 98.0), ThreadSample(8, "other", 20.0))
    found = limit(
        cpu_percent=40.0,
        process_cpu_percent=118.0,
        threads=threads,
        received_packets_per_s=900.0,
        udp_receive_buffer_errors_per_s=60.0,
    )

    assert found.evidence == "at 10 probes thread worker of the media server used 98 % of a core"
    assert [sign.resource for sign in found.signs if sign.share >= 1] == [
        "cpu_thread",
        "udp_buffers",
    ]
    assert {sign.resource for sign in found.signs} > {"cpu_total", "signalling"}


def test_nothing_at_its_end_is_unknown_and_says_how_far_each_was() -> None:
    found = limit(cpu_percent=45.0, steal_percent=1.0)

    assert found.resource == "unknown"
    assert found.evidence.startswith(
        "at 10 probes no resource was saturated: the server's machine used 45 % of its CPU, 1 % of"
    )


def test_a_server_that_nobody_could_look_into() -> None:
    unseen = limited_by(answer(), RESULTS, None, ServerResources())
    assert unseen == LimitedBy("unknown", "at 10 probes nothing is known of the server's machine")


def test_what_the_server_moved_at_the_capacity() -> None:
    held = serving(received_bps=8e6, sent_bps=7e6, sent_packets_per_s=900.0)
    found = limited_by(answer(), RESULTS, serving(cpu_percent=97.0), ServerResources(), held=held)

    assert found.moved == NetworkTraffic(8e6, 7e6, None, 900.0)


def test_quality_that_went_with_the_resource_is_said_beside_it() -> None:
    evidence = serving()
    busy = [20 + second * second % 61 for second in range(71)]
    samples = tuple(
        ServerSample(second + 0.9, cpu_percent=97.0, process_cpu_percent=float(busy[second]))
        for second in range(10, 71)
    )
    evidence = dataclasses.replace(evidence, server_samples=samples)
    frames = tuple(20.0 - busy[second - 2] / 10 for second in range(30, 70))
    found = limited_by(
        answer(),
        RESULTS,
        evidence,
        ServerResources(),
        quality=Quality("the frame rate", 30, frames),
    )

    lagged = found.lagged[0]
    assert (lagged.resource, lagged.lag_s) == ("cpu_process", 2)
    assert lagged.r == pytest.approx(-1.0)
    assert lagged.said.startswith("the frame rate fell as the media server's CPU rose, 2 s later")


def test_what_figures_say_of_the_cpu_is_what_stands_beside_the_limit() -> None:
    evidence = serving()
    busy = [20 + second * second % 61 for second in range(71)]
    samples = tuple(
        ServerSample(second + 0.9, cpu_percent=float(busy[second])) for second in range(10, 71)
    )
    evidence = dataclasses.replace(evidence, server_samples=samples)
    quality = Quality("the frame rate", 30, tuple(20.0 - busy[at - 3] / 10 for at in range(30, 70)))
    limit = limited_by(answer(), RESULTS, evidence, ServerResources(), quality=quality)

    told = cpu_cross_correlation(evidence, quality)
    assert told is not None
    assert told.lag_s == 3
    assert told in limit.lagged
    assert cpu_cross_correlation(evidence, None) is None


def test_a_generator_that_ran_out_is_the_limit_whatever_the_server_did() -> None:
    reason = Reason("host_cpu", "host here was 97 % busy for 5 s, limit 85 %")
    results = [*RESULTS, judged_trial(6, 14, Outcome.INVALID, (reason,))]
    found = limited_by(answer(state="generator_ran_out"), results, None, ServerResources())

    assert found == LimitedBy(
        "generator", "at 14 probes host here was 97 % busy for 5 s, limit 85 %"
    )


def test_trials_that_the_generator_spoilt_above_the_answer() -> None:
    reason = Reason("host_cpu", "host here was 97 % busy for 5 s, limit 85 %")
    results = [*RESULTS[:2], judged_trial(6, 14, Outcome.INVALID, (reason,))]
    found = limited_by(answer(state="out_of_trials"), results, None, ServerResources())

    assert found.resource == "generator"


def test_what_nobody_knows_to_be_owed_is_no_generators_limit() -> None:
    reason = Reason("assumed_media", "each member received 1 video and 1 audio")
    results = [judged_trial(0, 6, Outcome.PASS), judged_trial(1, 12, Outcome.INVALID, (reason,))]
    for state in ("generator_ran_out", "converged"):
        found = limited_by(answer(6, state), results, None, ServerResources())  # type: ignore[arg-type]
        assert found.resource == "unknown"
        assert "each member received" in found.evidence


def test_the_largest_load_allowed() -> None:
    found = limited_by(answer(60, "ceiling_passed"), RESULTS[:1], None, ServerResources())
    assert found == LimitedBy("ceiling", "60 probes, the largest load allowed, passed")


def test_no_failed_trial_no_limit() -> None:
    found = limited_by(answer(state="out_of_trials"), RESULTS[:2], None, ServerResources())
    assert found.resource == "unknown"
