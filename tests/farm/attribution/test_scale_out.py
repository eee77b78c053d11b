import dataclasses
from typing import Any

import pytest

from farm.attribution import LimitedBy, ServerResources, cpu_separation, scale_out
from farm.attribution.cpu_by_load import cpu_by_load
from farm.attribution.scale_out import growth_while_launching
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from tests.farm.attribution.test_limiting import RESULTS, answer
from tests.farm.trial_evidence import judged_trial

CPU = LimitedBy("cpu_total", "")


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
    assert "did not separate" in growth.evidence


# ---------------------------------------------------------------- growth, minutes, head-room


def with_minutes(result: TrialResult, *minutes: float) -> TrialResult:
    return dataclasses.replace(result, server_cpu_minutes_percent=minutes)


def test_an_autoscaler_reads_means_of_a_minute() -> None:
    results = [*RESULTS[:-1], with_minutes(RESULTS[-1], 50.0, 57.0, 66.0)]
    growth = scale_out(results, answer(), CPU)

    assert growth.cpu_percent == pytest.approx((55.0 + 50 + 57 + 66) / 4)
    assert growth.interval == (50.0, 66.0)
    assert growth.headroom_percent == pytest.approx(100 - 57.0)


def test_what_comes_while_a_server_starts_is_taken_off() -> None:
    line = [
        judged_trial(at, load, Outcome.PASS, server_cpu_percent=5.0 + 8 * load)
        for at, load in enumerate((2, 4, 6, 8))
    ]
    bad = judged_trial(9, 12, Outcome.FAIL, server_cpu_percent=99.0)
    growth = scale_out([*line, bad], answer(), CPU, ServerResources(cores=2), growth_probes=1.5)

    assert growth.cpu_percent == pytest.approx(5 + 8 * 4.5)
    assert growth.probes == 4
    assert growth.probes_per_core == 3
    assert "less 1.5 probes that come while a new one starts" in growth.evidence


def test_it_is_never_above_the_load_called_capacity() -> None:
    growth = scale_out(RESULTS, answer(probes=6, recommended=8), CPU)
    assert growth.probes == 6


def test_a_machine_that_probes_share_is_no_threshold() -> None:
    shared = scale_out(RESULTS, answer(), CPU, ServerResources(shared=True, cores=2))
    assert shared.cpu_percent is shared.headroom_percent is None
    assert shared.probes == 6
    assert "probes ran on the server's machine" in shared.evidence

    apart = ServerResources(shared=True, cores=2, process_cores=1, own_cores=True)
    assert scale_out(RESULTS, answer(), CPU, apart).cpu_percent == pytest.approx(57.0)


@pytest.mark.parametrize(
    ("curve", "grows"),
    [
        (None, 0.0),
        ([10.0] * 24, 0.0),
        # 60 in an hour are 3 in 180 s; two servers of 6 carry the 10 that are there.
        ([10.0] * 12 + [70.0] * 12, 1.5),
        # From one day to the next, too.
        ([40.0, *[100.0] * 22, 0.0], 2.0),
    ],
)
def test_the_steepest_hour_of_the_daily_curve(curve: list[float] | None, grows: float) -> None:
    assert growth_while_launching(curve, 6, 180.0) == pytest.approx(grows)


# ---------------------------------------------------------------- a straight line?


def passed(cpu_of_load: dict[int, float]) -> list[TrialResult]:
    return [
        judged_trial(at, load, Outcome.PASS, server_cpu_percent=cpu)
        for at, (load, cpu) in enumerate(cpu_of_load.items())
    ]


def test_cpu_on_a_straight_line() -> None:
    found = cpu_by_load(passed({2: 11.0, 4: 19.5, 8: 37.0, 12: 53.5}))
    assert found is not None
    assert found.linear is True
    assert found.percent_per_probe == pytest.approx(4.27, abs=0.02)
    assert "on a straight line" in found.said


def test_cpu_that_bends_upward() -> None:
    found = cpu_by_load(passed({2: 4.0, 4: 8.0, 8: 25.0, 12: 70.0}))
    assert found is not None
    assert found.linear is False
    assert "not on a straight line: 8 probes are" in found.said


@pytest.mark.parametrize("loads", [{}, {2: 10.0}])
def test_one_load_has_no_line(loads: dict[int, float]) -> None:
    assert cpu_by_load(passed(loads)) is None


def test_two_loads_are_always_on_a_line() -> None:
    found = cpu_by_load(passed({2: 10.0, 4: 30.0}))
    assert found is not None
    assert found.linear is None
