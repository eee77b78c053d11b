"""What a search came to in words: how much, how sure, why not more, what next."""

from __future__ import annotations

from farm.model.verdict import Outcome
from reports.text.search_answer import search_answer
from reports.text.search_states import STATES
from tests.reports.made_results import result, summary


def test_a_capacity_with_all_that_travels_with_it() -> None:
    answer = search_answer("one_to_one", summary(), [result(index=3, load=18)])
    assert answer.headline == "This server holds 18 probes (9 calls)."
    assert answer.label == "found"
    assert answer.reasons[1] == (
        "Limited by a single thread of the media server, which saturated its core: "
        "one thread at 97 %."
    )
    assert answer.points[:4] == (
        "The capacity lies at 16 to 20 probes with 90 % confidence.",
        "That interval is for the largest load at which 90 % of trials of 4 min pass. Part of it "
        "comes from prior assumptions, not from trials: for a server known to fail abruptly it "
        "would be 18 to 20 probes, for one known to fail gradually 12 to 20 probes "
        "(docs/method.md).",
        "Recommended load: 16 probes.",
        "Smallest load that fails more often than it passes: 22 probes.",
    )
    assert answer.points[4].startswith("What that costs is unknown")
    assert answer.points[5].startswith("At 18 probes, trial 3: The server's machine used 27 %")


def test_short_holds_are_said_to_be_short_looks() -> None:
    short = search_answer("one_to_one", {**summary(hold_s=20), "hold_windows": 2}, [])
    assert short.points[0] == (
        "Each hold was a short look of 2 windows: one bad second in the last one fails it, and "
        "rare problems are missed. A longer trial.hold gives a better answer."
    )
    long = search_answer("one_to_one", {**summary(), "hold_windows": 24}, [])
    assert not any("short look" in point for point in long.points)


def test_what_was_likeliest_when_a_server_was_lost_is_no_lower_bound() -> None:
    for state in ("server_lost", "out_of_trials"):
        headline = search_answer("one_to_one", summary(state), []).headline
        assert headline == "This server holds most likely 18 probes (9 calls)."


def test_it_is_said_how_much_of_the_interval_the_trials_tell() -> None:
    def said(**capacity: object) -> str:
        return search_answer("one_to_one", summary(**capacity), []).points[1]  # type: ignore[arg-type]

    same = {f"interval_if_{kind}_probes": [16, 20] for kind in ("sharp", "slow")}
    assert said(**same).endswith(
        "It comes from the trials: whether the server fails abruptly or gradually, it would be the "
        "same."
    )
    unknown = {f"interval_if_{kind}_probes": None for kind in ("sharp", "slow")}
    assert said(**unknown).endswith("it depends on prior assumptions (docs/method.md).")


def test_trials_that_contradict_each_other_are_told_as_the_reason_of_a_drift() -> None:
    told = (
        "Its trials contradict each other: a server whose capacity is constant could not give "
        "all these results."
    )
    assert told in search_answer("one_to_one", summary("drift"), []).reasons
    looked = {**summary("drift"), "drift": {"probes": 2, "moved": ["CPU 40 %, at first 20 %"]}}
    reasons = search_answer("one_to_one", looked, []).reasons
    assert told not in reasons
    assert "At 2 probes, twice in a row: CPU 40 %, at first 20 %." in reasons


def test_trials_that_nobody_could_judge_are_not_put_down_to_the_generator() -> None:
    told = {**summary("generator_ran_out"), "limited_by": {"resource": "unknown", "evidence": "x"}}
    answer = search_answer("group", told, [])
    assert answer.headline.endswith("; more could not be judged.")
    assert "generator" not in " ".join((answer.headline, *answer.reasons, *answer.next_steps))
    assert "scenario.media" in answer.next_steps[0]


def test_joins_that_fail_at_any_load_are_what_to_look_at_next() -> None:
    limited = {"resource": "unknown", "evidence": "joins failed", "at_any_load": True}
    answer = search_answer("group", {**summary("out_of_trials"), "limited_by": limited}, [])
    assert answer.next_steps == (
        "See why joins fail at the smallest load with farm run at that load, mend that, and size "
        "the server again.",
    )
    drifting = search_answer("group", {**summary("drift"), "limited_by": limited}, [])
    assert drifting.next_steps == (STATES["drift"].next_step,)


def test_a_generator_that_ran_out_gives_a_lower_bound() -> None:
    answer = search_answer(
        "one_to_one", summary("generator_ran_out", interval_probes=[18, None]), []
    )
    assert answer.headline == (
        "This server holds at least 18 probes (9 calls); the load generator saturated first."
    )
    assert answer.status == "open"
    assert "The capacity lies at 18 probes or more with 90 % confidence." in answer.points


def test_a_floor_that_failed_says_so_with_the_reason() -> None:
    answer = search_answer(
        "one_to_one",
        summary("floor_failed", probes=None, interval_probes=[None, 2]),
        [result(Outcome.FAIL, load=2, reasons=1)],
    )
    assert answer.headline == "Even the smallest load failed."
    assert "At 2 probes, trial 0 failed (worst session s001): reason number 0." in answer.reasons


def test_passes_that_are_too_few_to_name_a_load_are_told() -> None:
    results = [result(outcome, load=2) for outcome in (Outcome.PASS, Outcome.FAIL, Outcome.PASS)]
    told = summary("out_of_trials", probes=None, interval_probes=[None, 4])
    assert search_answer("one_to_one", told, results).headline == (
        "The capacity is unknown: no load is sure to pass: at 2 probes 2 of 3 trials passed."
    )


def test_a_generator_that_ran_out_at_once_gives_no_bound() -> None:
    nothing = summary(
        "generator_ran_out", probes=None, interval_probes=[None, None], recommended_probes=None
    )
    answer = search_answer("one_to_one", nothing, [])
    assert answer.label == "unknown"
    assert answer.headline.startswith("The capacity is unknown")


def test_an_interval_that_is_not_known_is_not_told() -> None:
    told = summary(
        "floor_failed", probes=None, interval_probes=[None, None], recommended_probes=None
    )
    answer = search_answer("one_to_one", told, [])
    assert not any("interval" in point or "lies at" in point for point in answer.points)


def test_every_state_of_a_search_is_explained_with_what_to_do() -> None:
    for state in STATES:
        answer = search_answer("broadcast", summary(state), [])
        assert answer.headline
        assert answer.next_steps[0].endswith(".")


def test_a_state_of_a_newer_version_is_told_as_it_is() -> None:
    assert search_answer("group", {"state": "moon_phase"}, []).reasons[0] == (
        "The search ended as moon_phase."
    )


def test_a_search_that_broke_off_tells_its_bounds_so_far() -> None:
    answer = search_answer(
        "one_to_one",
        None,
        [result(load=4), result(Outcome.FAIL, load=16), result(Outcome.INVALID, load=8)],
    )
    assert answer.label == "unfinished"
    assert answer.reasons == (
        "The largest load that passed so far: 4 probes.",
        "The smallest load that failed so far: 16 probes.",
        "1 trial invalid.",
    )


def test_scale_out_is_told_by_cpu_or_where_that_tells_nothing_by_load() -> None:
    by_cpu = {**summary(), "scale_out": {"cpu_percent": 71.2, "probes": 16, "evidence": ""}}
    assert "Start another server when this one's CPU reaches 71 %." in (
        search_answer("one_to_one", by_cpu, []).points
    )
    by_load = {**summary(), "scale_out": {"cpu_percent": None, "probes": 16, "evidence": "flat"}}
    assert "Start another server at 16 probes, not by CPU (flat)." in (
        search_answer("one_to_one", by_load, []).points
    )


def test_a_server_that_drifts_is_told_with_what_moved() -> None:
    drift = {"probes": 2, "looks": 3, "moved": ["CPU 31 %, at first 20 %"]}
    answer = search_answer("one_to_one", {**summary("drift"), "drift": drift}, [])
    assert answer.headline == (
        "This server changed during the search: 18 probes (9 calls) passed at some point during it."
    )
    assert answer.reasons[1] == "At 2 probes, twice in a row: CPU 31 %, at first 20 %."
    assert (answer.status, answer.label) == ("open", "drift")


def test_a_last_look_that_moved_and_was_not_repeated_is_no_steady_server() -> None:
    moved = {"figure": "cpu_percent", "moved": True}
    drift = {"probes": 2, "looks": 1, "moved": [], "figures": [moved]}
    told = search_answer("one_to_one", {**summary(), "drift": drift}, []).points
    assert any("in the last look CPU had changed" in point for point in told)
    drift["figures"] = []
    failed = [result(), result(Outcome.FAIL, load=2)]
    told = search_answer("one_to_one", {**summary(), "drift": drift}, failed).points
    assert any("in the last look its verdict had changed" in point for point in told)


def test_an_answer_that_trials_ran_out_for_is_no_lower_bound() -> None:
    answer = search_answer("one_to_one", summary("out_of_trials"), [])
    assert answer.headline == "This server holds most likely 18 probes (9 calls)."


def test_a_server_that_was_looked_at_again_and_stayed_is_told_so() -> None:
    drift = {"probes": 2, "looks": 3, "moved": []}
    answer = search_answer("one_to_one", {**summary(), "drift": drift}, [])
    assert any("tried again 3 times, and the server had not" in point for point in answer.points)
