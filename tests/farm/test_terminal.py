"""What a person reads while a trial runs, and what a log keeps of it."""

import io
from dataclasses import replace

from farm.model.trial_evidence import Phases
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Reason, Verdict
from farm.protocols import Progress
from farm.terminal import Terminal, progress_line
from tests.farm.trial_evidence import judged_trial

HOLD = Progress(
    trial=3,
    load=6,
    phase="hold",
    joined=5,
    failed=1,
    received_bps=2_310_000,
    loss_ratio=0.0123,
    frame_rate=19.6,
    server_cpu_percent=41.2,
    host_cpu_percent=None,
    left_s=17.4,
    roles=(),
    cpu_percent_by_host={},
)


def test_a_second_of_a_trial_fits_one_line() -> None:
    assert progress_line(HOLD) == (
        "[3] hold    17 s left  joined 5/6, 1 failed  in 2310 kbit/s  loss 1.2 %  19.6 frames/s  "
        "server CPU 41 %  generator CPU - %"
    )


def test_settling_ends_once_all_is_steady() -> None:
    settling = replace(HOLD, phase="settle", left_s=52.0)
    assert progress_line(settling).startswith("[3] settle at most  52 s left  joined")


def test_a_log_gets_a_line_at_once_and_then_not_every_second() -> None:
    stream = io.StringIO()
    terminal = Terminal(stream)
    with terminal.watching():
        for _ in range(3):
            terminal.progress(HOLD)
    assert stream.getvalue().count("\n") == 1
    assert "joined 5/6" in stream.getvalue()


def test_a_trial_that_failed_by_its_last_window_alone_is_said_to() -> None:
    stream = io.StringIO()
    failed = judged_trial(3, 4, Outcome.FAIL, (Reason("stalled", "p001 stalled"),))
    verdict = replace(failed.verdict, by_last_window=True)
    Terminal(stream).trial_ended(replace(failed, verdict=verdict))
    said = "trial 3: 4 probes: fail, p001 stalled, in the last window alone\n"
    assert stream.getvalue() == said


def test_page_text_in_a_reason_is_printed_as_it_is() -> None:
    stream = io.StringIO()
    reason = Reason("signalling", "p001 said [bold]room full[/bold]")
    verdict = Verdict(Outcome.FAIL, (reason, reason), units=1, units_failed=1, established=1)
    nothing = {
        "server_cpu_percent": None,
        "server_process_cpu_percent": None,
        "host_cpu_percent": None,
        "video_bitrate_bps": None,
        "residual_loss_ratio": None,
        "frame_rate": None,
        "setup_median_s": None,
        "setup_worst_s": None,
    }
    Terminal(stream).trial_ended(TrialResult(0, 2, "single", verdict, Phases(), **nothing))
    assert (
        stream.getvalue()
        == "trial 0: 2 probes: fail, p001 said [bold]room full[/bold] (and 1 more)\n"
    )
