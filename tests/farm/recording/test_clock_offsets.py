"""Times of other machines become run time."""

from __future__ import annotations

import numpy as np
import pytest

from farm.model.clock_reading import ClockReading
from farm.recording.clock_offsets import ClockOffsets


def test_a_clock_that_was_never_read_is_unknown() -> None:
    assert ClockOffsets([]).run_time_s("here", 12.0) is None


def test_one_reading_holds_for_all_times() -> None:
    offsets = ClockOffsets([ClockReading("here", -100.0, 0.0, at_s=5.0)])
    assert offsets.run_time_s("here", 100.0) == 0.0
    assert offsets.run_time_s("here", 160.0) == 60.0


def test_between_two_readings_a_clock_drifts_evenly() -> None:
    readings = [
        ClockReading("far", -100.0, 0.001, at_s=0.0),
        ClockReading("far", -101.0, 0.001, at_s=999.0),
        ClockReading("here", 0.0, 0.0, at_s=0.0),
    ]
    times = ClockOffsets(readings).run_s("far", np.array([90.0, 100.0, 600.0, 1100.0, 1200.0]))
    assert times == pytest.approx([-10.0, 0.0, 499.5, 999.0, 1099.0])


def test_a_reading_of_before_a_reboot_says_nothing_of_the_repeated_trial() -> None:
    readings = [
        ClockReading("here", -49_000.0, 0.0, at_s=1000.0),
        ClockReading("here", -290.0, 0.0, at_s=10.0),
    ]
    times = ClockOffsets(readings).run_s("here", np.array([300.0, 360.0, 540.0]))
    assert times == pytest.approx([10.0, 70.0, 250.0])


def test_a_reading_made_while_a_machine_was_too_busy_to_answer_is_not_needed() -> None:
    readings = [
        ClockReading("server", -100.0, 0.012, at_s=10.0),
        ClockReading("server", -100.4, 0.45, at_s=20.0),
        ClockReading("server", -100.002, 0.012, at_s=30.0),
    ]
    times = ClockOffsets(readings).run_s("server", np.array([110.0, 120.0, 130.0]))
    assert times == pytest.approx([10.0, 19.999, 29.998], abs=0.002)


def test_what_a_slow_answer_leaves_open_is_no_reboot() -> None:
    readings = [
        ClockReading("server", -100.0, 0.01, at_s=10.0),
        ClockReading("server", -102.3, 2.4, at_s=20.0),
    ]
    assert ClockOffsets(readings).run_time_s("server", 120.0) == 20.0
