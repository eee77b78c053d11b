import dataclasses
import json
from typing import Any

import pytest

from farm.analysis.drift import DriftChecks
from farm.attribution import LimitedBy, ServerResources, limit_of_trial
from farm.model.criteria import InvalidLimits
from farm.model.experiment import Experiment, Scenario, TrialSettings
from farm.model.server_samples import ServerSample
from farm.model.server_settings import Price, ServerSettings
from farm.model.session_roles import SessionRole
from farm.model.trial_evidence import Phases
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason
from farm.results.advice import ROOM
from farm.results.answer_lines import evidence_beside, no_load_words, two_lines
from farm.results.cost import MachinePrice, PriceTable
from farm.results.known_capacity import known_capacity
from farm.results.priced_machine import PriceCheck
from farm.results.summary import run_summary, size_summary
from farm.search.capacity_estimate import CapacityEstimate, State
from tests.farm.trial_evidence import good, judged_trial

CALLS = Experiment()
ROOMS = Experiment(scenario=Scenario(kind="group"))
BROADCAST = Experiment(scenario=Scenario(kind="broadcast"))
LOSS = Reason("residual_loss", "p004 (s002) inbound video lost 17 % of its packets", "p004", "s002")
RESULTS = [
    judged_trial(0, 2, Outcome.PASS, server_cpu_percent=11.2),
    judged_trial(1, 4, Outcome.PASS, server_cpu_percent=30.0),
    judged_trial(2, 8, Outcome.FAIL, (LOSS, LOSS), server_cpu_percent=95.0),
]


def estimate(
    probes: int | None = 4,
    state: State = "converged",
    interval: tuple[int | None, int | None] = (2, 6),
) -> CapacityEstimate:
    return CapacityEstimate(probes, interval, interval[0], 8, 3, state, 0.9, 0.9)


def sized(experiment: Experiment = CALLS, **answer: Any) -> dict[str, Any]:
    return size_summary(experiment, RESULTS, estimate(**answer))


# ---------------------------------------------------------------- summary.json of farm size


def test_the_answer_and_everything_that_travels_with_it() -> None:
    broken = dataclasses.replace(good(), server_samples=(ServerSample(40.0, cpu_percent=97.0),))
    summary = size_summary(
        CALLS, RESULTS, estimate(), held=good(load=4), broken=broken, machine=ServerResources()
    )

    assert json.loads(json.dumps(summary)) == summary
    assert {name: summary[name] for name in ("format", "scenario", "state")} == {
        "format": 1,
        "scenario": "one_to_one",
        "state": "converged",
    }
    assert summary["capacity"] == {
        "probes": 4,
        "sessions": 2,
        "viewers": None,
        "interval_probes": [2, 6],
        "interval_if_sharp_probes": [None, None],
        "interval_if_slow_probes": [None, None],
        "confidence": 0.9,
        "reliability": 0.9,
        "recommended_probes": 2,
        "breaking_probes": 8,
        "hold_s": 240.0,
        "throughput_bps": {"in": pytest.approx(4 * 532_000), "out": pytest.approx(4 * 532_000)},
        "packets_per_s": {"in": pytest.approx(4 * 110), "out": pytest.approx(4 * 110)},
    }
    assert summary["limited_by"]["resource"] == "cpu_total"
    assert summary["scale_out"]["cpu_percent"] == pytest.approx(11.2)
    assert summary["scale_out"]["sessions"] == 1


def test_what_comes_while_a_server_starts_is_taken_off_by_the_daily_curve() -> None:
    """200 sessions more in an hour are 10 in 180 s, on the 5 that carry the first 10."""
    curve = tuple([10] * 12 + [210] * 12)
    priced = Experiment(server=ServerSettings(price=Price(daily_sessions=curve)))
    broken = dataclasses.replace(good(), server_samples=(ServerSample(40.0, cpu_percent=97.0),))
    summary = size_summary(
        priced,
        RESULTS,
        estimate(interval=(4, 6)),
        broken=broken,
        machine=ServerResources(cores=2),
    )

    grown = summary["scale_out"]
    assert grown["growth_probes"] == pytest.approx(2 * 10 / 5)
    assert grown["sessions_per_core"] == 1
    assert grown["relation"]["percent_per_probe"] == pytest.approx(9.4)
    assert grown["cpu_percent"] == pytest.approx(max(0.0, 30.0 - 4 * 9.4))


def test_each_trial_is_listed_with_its_reasons_and_its_worst_session() -> None:
    trials = sized()["trials"]

    assert [(trial["index"], trial["probes"], trial["verdict"]) for trial in trials] == [
        (0, 2, "pass"),
        (1, 4, "pass"),
        (2, 8, "fail"),
    ]
    assert trials[0]["reasons"] == []
    assert trials[0]["server_cpu_percent"] == 11.2
    assert trials[0]["worst_session"]["id"] == "s000"
    assert trials[2]["reasons"][0]["code"] == "residual_loss"
    assert trials[2]["reasons"][0]["session"] == "s002"


def test_what_nobody_measured_is_null() -> None:
    summary = sized()

    assert summary["capacity"]["throughput_bps"] is None
    assert summary["limited_by"]["resource"] == "unknown"
    assert summary["scale_out"]["cpu_percent"] is None


def test_sessions_and_viewers_are_counted_as_the_scenario_has_them() -> None:
    assert sized(ROOMS)["capacity"]["sessions"] == 1
    capacity = sized(BROADCAST)["capacity"]
    assert (capacity["sessions"], capacity["viewers"]) == (1, 3)
    assert sized(BROADCAST, probes=None)["capacity"]["viewers"] is None


def test_viewers_of_several_broadcasts_are_all_that_do_not_present() -> None:
    webinars = Experiment(scenario=Scenario(kind="broadcast", presenters=2, sessions=3))
    summary = sized(webinars, probes=12)
    assert (summary["capacity"]["sessions"], summary["capacity"]["viewers"]) == (3, 6)
    assert "12 probes (6 viewers of 3 broadcasts)" in two_lines(summary)[0]


def test_sessions_of_your_own_roles_are_counted_whole() -> None:
    roles = (SessionRole("host", ("video",)), SessionRole("guest", ("audio",), count=3))
    panels = Experiment(scenario=Scenario(kind="custom", roles=roles))
    summary = sized(panels, probes=12)
    assert (summary["capacity"]["sessions"], summary["capacity"]["viewers"]) == (3, None)
    assert "12 probes (3 sessions)" in two_lines(summary)[0]


# ---------------------------------------------------------------- what a person reads


def test_the_lines_of_a_search_that_converged() -> None:
    assert two_lines(sized()) == (
        "The server holds 4 probes (2 calls) for 4m; "
        "between 2 and 6 with 90 % confidence (converged, 3 trials).",
        "What limited it is unknown: at 8 probes nothing is known of the server's machine.",
    )


def test_the_lines_of_a_generator_that_ran_out() -> None:
    invalid = judged_trial(3, 8, Outcome.INVALID, (Reason("steal", "the machine was robbed"),))
    answer = estimate(4, "generator_ran_out", (4, None))
    lines = two_lines(size_summary(CALLS, [*RESULTS[:2], invalid], answer))

    assert lines == (
        "The server holds at least 4 probes (2 calls) for 4m; the load generator saturated first; "
        "4 or more with 90 % confidence (generator_ran_out, 3 trials).",
        "Limited by generator: at 8 probes the machine was robbed. Use another type of machine "
        "for the probes: others, or a limit, take its CPU time.",
    )


@pytest.mark.parametrize("state", ["out_of_trials", "server_lost"])
def test_an_answer_that_is_only_the_likeliest_is_no_lower_bound(state: State) -> None:
    assert two_lines(sized(state=state))[0] == (
        "The server holds most likely 4 probes (2 calls) for 4m; "
        f"between 2 and 6 with 90 % confidence ({state}, 3 trials)."
    )


def by_driver(index: int) -> TrialResult:
    """A trial in which nobody got through the steps of the driver."""
    alert = Reason("dialog", "p001 (s000): app.yaml:6: unexpected dialog", "p001", "s000")
    failed = judged_trial(index, 2, Outcome.FAIL, (alert,))
    return dataclasses.replace(failed, verdict=dataclasses.replace(failed.verdict, by_driver=True))


def test_the_lines_of_a_driver_that_does_not_work() -> None:
    answer = estimate(None, "driver_failed", (None, None))
    busy = dataclasses.replace(good(), server_samples=(ServerSample(12.0, cpu_percent=97.0),))
    summary = size_summary(CALLS, [by_driver(0), by_driver(1)], answer, broken=busy)
    assert summary["limited_by"]["resource"] == "driver"
    assert "signalling" not in {sign["resource"] for sign in summary["limited_by"]["signs"]}
    assert summary["capacity"]["interval_probes"] == [None, None]
    assert two_lines(summary) == (
        "No passing load was found (driver_failed, 2 trials).",
        "A step of the driver failed, or its page did: whether the server is why is not known. At "
        "2 probes nobody got through: p001 (s000): app.yaml:6: unexpected dialog; meanwhile the "
        "server's machine used 97 % of its CPU.",
    )


def test_the_lines_of_a_run_whose_driver_does_not_work() -> None:
    limit = limit_of_trial(by_driver(0), good(), ServerResources())
    _, second = two_lines(run_summary(CALLS, [by_driver(0)], limit))
    assert second == (
        "Worst: p001 (s000): app.yaml:6: unexpected dialog. A step of the driver failed, or its "
        "page did: whether the server is why is not known. farm driver check shows each step."
    )


def test_a_driver_that_worked_before_is_not_what_failed() -> None:
    passed = judged_trial(0, 2, Outcome.PASS)
    answer = estimate(None, "floor_failed", (None, 2))
    summary = size_summary(CALLS, [passed, by_driver(1)], answer, broken=good())
    assert summary["limited_by"]["resource"] != "driver"
    assert limit_of_trial(by_driver(1), good(), ServerResources(), held=good()).resource != "driver"


def test_searches_whose_driver_failed_are_compared_with_none() -> None:
    known = known_capacity(CALLS, [by_driver(0), by_driver(1)], "driver_failed")
    assert known.unusable == "steps of its driver failed, so that too few trials tell of the server"


def test_a_search_that_ended_after_a_failure_of_the_driver_alone_is_compared_with_none() -> None:
    invalid = [judged_trial(at, 2, Outcome.INVALID) for at in range(1, 4)]
    known = known_capacity(CALLS, [by_driver(0), *invalid], "generator_ran_out")
    assert known.unusable == "steps of its driver failed, so that too few trials tell of the server"
    passed = judged_trial(4, 2, Outcome.PASS)
    assert not known_capacity(CALLS, [by_driver(0), passed, *invalid], "generator_ran_out").unusable


def test_the_lines_of_a_server_that_holds_nothing() -> None:
    answer = estimate(probes=None, state="floor_failed", interval=(None, 2))
    failed = [judged_trial(index, 2, Outcome.FAIL, (LOSS,)) for index in range(3)]
    assert two_lines(size_summary(CALLS, failed, answer))[0] == (
        "No passing load was found (floor_failed, 3 trials)."
    )


def test_passes_that_are_too_few_to_name_a_load_are_told() -> None:
    first, _ = two_lines(sized(probes=None, state="out_of_trials", interval=(None, 8)))
    assert first == (
        "No load is sure to pass: at 2 probes 1 of 1 trial passed (out_of_trials, 3 trials)."
    )


def test_loads_that_failed_below_one_that_passed_are_counted_first() -> None:
    assert no_load_words(
        [(2, "fail"), (2, "fail"), (3, "fail"), (4, "pass"), (4, "invalid"), (1, "invalid")]
    ) == (
        "No load is sure to pass: at 2 probes 0 of 2 trials passed, at 4 probes 1 of 1 trial passed"
    )
    assert no_load_words([(2, "pass"), (2, "fail"), (4, "pass")]) == (
        "No load is sure to pass: at 2 probes 1 of 2 trials passed"
    )
    assert no_load_words([(2, "fail"), (4, "invalid")]) == "No passing load was found"


def ran(experiment: Experiment = CALLS, **verdict: Any) -> tuple[str, str]:
    settings: dict[str, Any] = {"outcome": Outcome.PASS, **verdict}
    return two_lines(run_summary(experiment, [RESULTS[0], judged_trial(1, 4, **settings)]))


def test_a_trial_without_a_hold_has_the_length_of_none() -> None:
    phases = Phases(ramp_s=1.0, done_s=20.0)
    failed = dataclasses.replace(judged_trial(0, 2, Outcome.FAIL, (LOSS,)), phases=phases)
    first, _ = two_lines(run_summary(CALLS, [failed]))
    assert first.startswith("Failed: 2 probes (1 call) and no hold; ")


def test_a_hold_that_the_servers_death_ended_has_its_true_length_and_its_cause_once() -> None:
    gone = Reason("server_died", "the media server is gone: its process has ended", at_s=36.0)
    phases = Phases(ramp_s=1.0, settle_s=20.0, hold_s=30.0, done_s=38.0)
    died = dataclasses.replace(judged_trial(0, 2, Outcome.FAIL, (gone,)), phases=phases)
    limit = limit_of_trial(died, good(), ServerResources())
    assert two_lines(run_summary(CALLS, [died], limit)) == (
        "Failed: 2 probes (1 call) for 6 s of 4m, as the trial ended early; 1 of 1 session bad.",
        "Worst: the media server is gone: its process has ended. What limited it is unknown: at 2 "
        "probes the server died.",
    )


@pytest.mark.parametrize(
    ("evidence", "beside"),
    [
        (
            "at 3 probes 3 joins failed; no answer; its CPU is not known",
            "at 3 probes 3 joins failed; its CPU is not known",
        ),
        ("at 2 probes it died: no answer (1 MB were free)", "at 2 probes it died (1 MB were free)"),
        ("at 2 probes it died: no answer at all", "at 2 probes it died: no answer at all"),
    ],
)
def test_what_stands_beside_a_limit_is_not_said_again(evidence: str, beside: str) -> None:
    assert evidence_beside(evidence, ["no answer."]) == beside


def test_a_trial_that_failed_says_what_gave_way() -> None:
    limit = LimitedBy("udp_buffers", "at 8 probes its sockets had no room")
    summary = run_summary(CALLS, RESULTS, limit)

    assert summary["limited_by"]["resource"] == "udp_buffers"
    assert two_lines(summary)[1].endswith(
        " Limited by udp_buffers: at 8 probes its sockets had no room."
    )
    assert run_summary(CALLS, RESULTS[:1])["limited_by"] is None


def test_the_lines_of_a_trial_that_passed() -> None:
    assert ran() == (
        "Passed: 4 probes (2 calls) for 4m; 0 of 2 sessions bad.",
        "Worst session: s000, 0 % lost, video at worst 500 kbit/s, 20.0 frames/s.",
    )


def test_limits_of_the_generator_that_were_relaxed_are_said() -> None:
    limits = InvalidLimits(
        waited_for_cpu_s=60.0, other_programs=1.0, thread_cpu=0.5, capture_of_asked=0.1, udp_drops=9
    )
    first, _ = ran(dataclasses.replace(CALLS, invalid=limits))
    assert first.endswith(
        "0 of 2 sessions bad. Limits of the generator were relaxed (the experiment's invalid): "
        "waited_for_cpu 1m (default 1ms), other_programs 1 (default 0.2), capture_of_asked 0.1 "
        "(default 0.9) and 1 more."
    )
    strict = InvalidLimits(other_programs=0.1, capture_of_asked=0.95, host_cpu=0.5)
    assert ran(dataclasses.replace(CALLS, invalid=strict)) == ran()
    searched = size_summary(dataclasses.replace(CALLS, invalid=limits), RESULTS, estimate())
    assert " Limits of the generator were relaxed (" in two_lines(searched)[0]


def test_the_lines_of_an_invalid_trial_say_what_the_media_alone_showed() -> None:
    busy = Reason("other_programs", "cc1plus had 1.4 cores")
    note = "the media alone: fail, 1 of 2 failed"
    trial = judged_trial(1, 4, Outcome.INVALID, (busy,))
    verdict = dataclasses.replace(trial.verdict, notes=(note,), windows=3)
    first, _ = two_lines(run_summary(CALLS, [dataclasses.replace(trial, verdict=verdict)]))
    assert first == (
        "Invalid: with 4 probes (2 calls) other programs used the generator's cores, so the server "
        "is not judged; the media alone: fail, 1 of 2 failed."
    )
    verdict = dataclasses.replace(verdict, windows=0)  # it had no hold
    first, _ = two_lines(run_summary(CALLS, [dataclasses.replace(trial, verdict=verdict)]))
    assert "alone" not in first


def test_the_lines_of_a_trial_that_failed() -> None:
    assert ran(outcome=Outcome.FAIL, reasons=(LOSS, LOSS, LOSS)) == (
        "Failed: 4 probes (2 calls) for 4m; 1 of 2 sessions bad.",
        "Worst: p004 (s002) inbound video lost 17 % of its packets (and 2 more).",
    )


def judged_by(windows: int, *, failed: bool = False) -> tuple[str, str]:
    trial = judged_trial(1, 4, Outcome.FAIL if failed else Outcome.PASS, (LOSS,) if failed else ())
    verdict = dataclasses.replace(trial.verdict, windows=windows, by_last_window=failed)
    short = dataclasses.replace(CALLS, trial=TrialSettings(hold_s=10.0 * windows))
    return two_lines(run_summary(short, [dataclasses.replace(trial, verdict=verdict)]))


def test_the_lines_of_a_short_hold_say_what_it_is_worth() -> None:
    first, _ = judged_by(2)
    assert first == (
        "Passed: 4 probes (2 calls) for 20s, a short look of 2 windows; 0 of 2 sessions bad."
    )
    first, second = judged_by(2, failed=True)
    assert first.startswith("Failed: 4 probes (2 calls) for 20s, a short look of 2 windows; ")
    assert second.endswith(
        " Only its last window was bad: whether that would have gone on is not known."
    )
    assert judged_by(3)[0] == "Passed: 4 probes (2 calls) for 30s; 0 of 2 sessions bad."


def test_the_lines_of_a_search_with_short_holds_say_what_they_are_worth() -> None:
    short = dataclasses.replace(CALLS, trial=TrialSettings(hold_s=24.0))
    summary = sized(short)
    assert summary["hold_windows"] == 2
    assert two_lines(summary)[0].startswith(
        "The server holds 4 probes (2 calls) for 24s, a short look of 2 windows; between 2 and 6 "
    )
    older = {key: value for key, value in summary.items() if key != "hold_windows"}
    assert two_lines(older)[0].startswith("The server holds 4 probes (2 calls) for 24s; between ")


def test_the_lines_of_an_invalid_trial_blame_no_server() -> None:
    reason = Reason("host_cpu", "host here was 97 % busy")
    first, second = ran(BROADCAST, outcome=Outcome.INVALID, reasons=(reason,))

    assert first == (
        "Invalid: with 4 probes (3 viewers) the generator was at fault, so the server is not "
        "judged."
    )
    assert second == f"Worst: host here was 97 % busy. {ROOM}"
    taken = dataclasses.replace(reason, code="other_programs", message="cc1plus had 1.4 cores")
    first, second = ran(BROADCAST, outcome=Outcome.INVALID, reasons=(taken, reason))
    assert "other programs used the generator's cores, so the server is not judged" in first
    assert second.endswith(
        "Stop the other programs on that machine, or give the probes more cores."
    )


def test_a_runs_summary_says_what_was_asked() -> None:
    summary = run_summary(CALLS, RESULTS)

    assert (summary["state"], summary["load"], summary["sessions"]) == ("fail", 8, 4)
    assert len(summary["trials"]) == 3


# ---------------------------------------------------------------- what it costs


PRICES = PriceTable(
    "USD", "2026-01-31", "made for tests", (MachinePrice("c4.2xlarge", "us-east-1", 0.40, 8),)
)
PRICED = dataclasses.replace(CALLS, server=ServerSettings(price=Price(machine="c4.2xlarge")))


def test_the_cost_is_that_of_the_recommended_load() -> None:
    summary = size_summary(PRICED, RESULTS, estimate(), held=good(load=4), prices=PRICES)
    moved_bps = sum(summary["capacity"]["throughput_bps"].values())
    cost = summary["cost"]
    assert (cost["unit"], cost["per_session_hour"]) == ("call", pytest.approx(0.40))
    assert cost["per_user_minute"] == pytest.approx(0.40 / 2 / 60)
    assert cost["per_mbps_hour"] == pytest.approx(0.40 / (moved_bps / 2 / 1e6))


def test_without_a_price_a_machine_or_a_capacity_the_cost_is_unknown() -> None:
    assert size_summary(PRICED, RESULTS, estimate())["cost"] is None
    assert size_summary(CALLS, RESULTS, estimate(), prices=PRICES)["cost"] is None
    another = PriceCheck("c4.2xlarge", ("2 cores, not 8",))
    told = size_summary(PRICED, RESULTS, estimate(), prices=PRICES, price_check=another)
    assert told["cost"] is None
    assert told["price_check"]["unlike"] == ["2 cores, not 8"]
    partly = dataclasses.replace(another, unlike=(), unknown=("memory",))
    told = size_summary(PRICED, RESULTS, estimate(), prices=PRICES, price_check=partly)
    assert told["cost"] is not None
    nothing = estimate(None, "floor_failed", (None, 2))
    assert size_summary(PRICED, RESULTS, nothing, prices=PRICES)["cost"] is None


# ---------------------------------------------------------------- drift


def test_the_looks_at_the_smallest_load_are_in_the_summary() -> None:
    moved = dataclasses.replace(judged_trial(3, 2, Outcome.PASS), server_cpu_percent=31.0)
    results = [
        judged_trial(0, 2, Outcome.PASS),
        judged_trial(1, 2, Outcome.PASS),
        judged_trial(2, 4, Outcome.PASS),
        moved,
        dataclasses.replace(moved, index=4),
    ]
    summary = size_summary(
        CALLS,
        results,
        estimate(state="drift"),
        checks=DriftChecks(2, (0, 1), 5),
        began_wall_s={index: 1e9 + 600.0 * index for index in range(5)},
    )
    assert json.loads(json.dumps(summary)) == summary
    drift = summary["drift"]
    assert (drift["looks"], drift["moved"]) == (2, ["CPU 31 %, at first 20 %"])
    cpu = next(each for each in drift["figures"] if each["figure"] == "cpu_percent")
    assert (cpu["first"], cpu["last"], cpu["moved"]) == ([20.0, 20.0], 31.0, True)
    assert cpu["trend"]["looks"] == 4
    first, _ = two_lines(summary)
    assert first == (
        "The server drifts: CPU 31 %, at first 20 %. "
        "4 probes (2 calls) passed before (drift, 5 trials)."
    )


def test_where_nobody_looked_there_is_no_drift_to_tell() -> None:
    assert sized()["drift"] is None
