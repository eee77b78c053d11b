"""Times of other machines become run time."""

from __future__ import annotations

import numpy as np
import pytest

from farm.observations import ClockReading
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
