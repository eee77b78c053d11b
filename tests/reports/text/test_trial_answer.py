"""What a trial came to in words: the verdict, why, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from farm.model.trial_evidence import Fault, Phases
from farm.model.trial_result import KurentoFigures
from farm.model.verdict import Outcome, Reason, WorstSession
from reports.text.trial_answer import trial_answer
from tests.reports.made_results import PHASES, PLAN, result


def test_a_trial_that_passed() -> None:
    answer = trial_answer("one_to_one", PLAN, result(), PHASES)
    assert answer.status == "pass"
    assert answer.headline == "Passed: 4 probes in 2 calls kept their quality for 4 min."
    assert answer.points == (
        "Worst session: s001, with a post-repair loss of 2.1 %, video at worst 312 kbit/s, "
        "15.2 frames/s.",
        "4 of 4 probes established; first media after 0.8 s at the median, 1.3 s at most.",
        "The server's machine used 27 % of its CPU (the media server 55 % of one core), the "
        "generator 61 %.",
    )


def test_a_leak_of_the_media_server_is_told() -> None:
    kept = replace(result(), kurento=KurentoFigures(9, 18, None, left_behind=2))
    said = (
        "2 pipelines of the media server still existed when all probes had left: a leak, unless "
        "it was only slow."
    )
    assert trial_answer("one_to_one", PLAN, kept, PHASES).points[-1] == said
    clean = replace(result(), kurento=KurentoFigures(9, 18, None, left_behind=0))
    assert "leak" not in " ".join(trial_answer("one_to_one", PLAN, clean, PHASES).points)


def test_a_trial_that_failed_gives_its_first_reasons() -> None:
    answer = trial_answer("one_to_one", PLAN, result(Outcome.FAIL, reasons=7), PHASES)
    assert answer.headline == (
        "Failed: 1 of 2 calls did not keep its quality for 4 min, at a load of 4 probes."
    )
    assert answer.reasons[0] == "reason number 0."
    assert answer.reasons[-1] == "2 more reasons in the table of the trial."


def test_what_a_short_hold_is_worth_stands_in_the_headline() -> None:
    def said(outcome: Outcome, **verdict: Any) -> str:
        short = result(outcome, reasons=1)
        short = replace(short, verdict=replace(short.verdict, **verdict))
        return trial_answer("one_to_one", PLAN, short, PHASES).headline

    assert said(Outcome.PASS, windows=2) == (
        "Passed: 4 probes in 2 calls kept their quality for 4 min, a short look of 2 windows."
    )
    assert said(Outcome.FAIL, windows=2, by_last_window=True) == (
        "Failed: 1 of 2 calls did not keep its quality for 4 min, a short look of 2 windows, "
        "in the last window alone, at a load of 4 probes."
    )
    assert "window" not in said(Outcome.FAIL, windows=24)


def test_an_invalid_trial_does_not_blame_the_server() -> None:
    answer = trial_answer("group", PLAN, result(Outcome.INVALID, reasons=1), PHASES)
    assert answer.status == "invalid"
    assert "the generator was at fault, so the server is not judged" in answer.headline


def test_a_room_of_which_nobody_knows_what_it_owes_blames_nobody() -> None:
    unknown = result(Outcome.INVALID)
    reason = Reason("assumed_media", "each member received 1 video and 1 audio")
    unknown = replace(unknown, verdict=replace(unknown.verdict, reasons=(reason,)))
    answer = trial_answer("group", PLAN, unknown, PHASES)
    assert "it is not known what the server owes its rooms" in answer.headline
    assert "generator" not in answer.headline
    assert "scenario.media" in answer.next_steps[0]


def test_notes_begin_with_a_capital_but_for_names() -> None:
    noted = result()
    noted = replace(noted, verdict=replace(noted.verdict, notes=("p002's page left", "no reset")))
    assert trial_answer("group", PLAN, noted, PHASES).points[-2:] == (
        "p002's page left.",
        "No reset.",
    )


def test_a_trial_without_a_hold_says_that_there_was_none() -> None:
    failed = replace(result(Outcome.FAIL), phases=Phases(ramp_s=1.0, done_s=20.0))
    worst = WorstSession("s001", None, None, None)
    failed = replace(failed, verdict=replace(failed.verdict, worst_session=worst))
    answer = trial_answer("one_to_one", PLAN, failed, PHASES)
    assert "failed before the hold, at a load of" in answer.headline
    assert not answer.points[0].startswith("Worst session")


def test_several_sessions_that_failed_are_more_than_one() -> None:
    both = result(Outcome.FAIL)
    both = replace(both, verdict=replace(both.verdict, units_failed=2))
    headline = trial_answer("one_to_one", PLAN, both, PHASES).headline
    assert headline.startswith("Failed: 2 of 2 calls did not keep their quality for 4 min")


def test_a_trial_that_broke_off_says_how_far_it_got_and_why() -> None:
    answer = trial_answer(
        "one_to_one",
        PLAN,
        None,
        Phases(ramp_s=0.0, settle_s=4.0),
        [Fault("server_died", 9.0, "the media server's process is gone")],
    )
    assert answer.label == "unfinished"
    assert "broke off while it settled" in answer.headline
    assert answer.reasons == ("At 9 s of the run: the media server's process is gone.",)


def test_of_a_session_without_video_nothing_is_said_of_video() -> None:
    audio = result()
    worst = WorstSession("s001", 0.021, None, None)
    audio = replace(audio, verdict=replace(audio.verdict, worst_session=worst))
    calls = tuple(
        replace(
            session,
            probes=tuple(
                replace(probe, sends=("audio",), receives=("audio",)) for probe in session.probes
            ),
        )
        for session in PLAN.sessions
    )
    said = trial_answer("one_to_one", replace(PLAN, sessions=calls), audio, PHASES).points[0]
    assert said == "Worst session: s001, with a post-repair loss of 2.1 %."
    assert "video at worst unknown" in trial_answer("one_to_one", PLAN, audio, PHASES).points[0]


def test_unknown_figures_are_said_to_be_unknown() -> None:
    bare = replace(
        result(),
        server_cpu_percent=None,
        host_cpu_percent=None,
        setup_median_s=None,
        setup_worst_s=None,
    )
    points = " ".join(trial_answer("one_to_one", PLAN, bare, PHASES).points)
    assert "setup times are unknown" in points
    assert "The server's CPU is unknown, the generator's is unknown." in points


def test_that_it_says_nothing_of_the_server_is_said_only_where_no_trial_shows_that_steps_work() -> (
    None
):
    failed = result(Outcome.FAIL, reasons=1)
    failed = replace(failed, verdict=replace(failed.verdict, by_driver=True))
    alone = trial_answer("one_to_one", PLAN, failed, PHASES)
    assert "whether the server is why is not known" in alone.next_steps[0]
    of_many = trial_answer("one_to_one", PLAN, failed, PHASES, steps_work=True)
    assert of_many.next_steps[0].startswith("Look at the worst session first")


def test_a_server_that_died_is_looked_for_in_the_logs() -> None:
    died = result(Outcome.FAIL)
    reason = Reason("server_died", "the media server is gone")
    died = replace(died, verdict=replace(died.verdict, reasons=(reason,)))
    answer = trial_answer("one_to_one", PLAN, died, PHASES)
    assert answer.next_steps == ("See why the server ended: its own logs say more.",)
    ours = trial_answer("one_to_one", PLAN, died, PHASES, started_here=True)
    assert ours.next_steps == ("See why the server ended: logs/ of the run has its output.",)


def test_a_hold_that_was_cut_off_has_its_true_length() -> None:
    cut = replace(result(Outcome.FAIL), phases=Phases(ramp_s=0.0, hold_s=30.0, done_s=38.0))
    reason = Reason("server_died", "the media server is gone", at_s=36.0)
    cut = replace(cut, verdict=replace(cut.verdict, reasons=(reason,), windows=1))
    headline = trial_answer("one_to_one", PLAN, cut, PHASES).headline
    assert "did not keep its quality for 6 s, as the trial ended early, at a load" in headline


def test_a_machine_that_is_both_is_not_counted_twice() -> None:
    points = trial_answer("one_to_one", PLAN, result(), PHASES, shared=True).points
    assert points[2] == (
        "Server and generator shared a machine: it used 27 % of its CPU, "
        "the media server 55 % of one core."
    )
