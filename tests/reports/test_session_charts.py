"""What a session's pictures are held to, by who made them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from farm.experiment import Experiment
from reports.session_charts import quality_of
from tests.reports.made_series import made_trial

RATE = 10.0


def test_pictures_of_a_mixer_are_held_to_the_baselines_rate() -> None:
    made = made_trial(4, spoilt=False)
    windows = made.session_windows
    slow = replace(windows, frame_rate=np.full_like(windows.frame_rate, 0.5 * RATE))
    mixed = replace(made, mixed=True, session_windows=slow)
    allowed = 1 - Experiment().criteria.frame_rate_of_baseline
    told = quality_of(mixed, Experiment(), RATE)
    assert np.allclose(told.peaks, 0.5 / allowed)
    assert quality_of(mixed, Experiment()).peaks.max() < 1  # nobody knows what it should be
