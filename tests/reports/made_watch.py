"""A watch made up for tests: a trial an hour, one of them failed, one invalid, memory grows."""

from __future__ import annotations

from dataclasses import replace

from farm.model.experiment import Experiment, WatchSettings
from farm.model.verdict import Outcome
from farm.recording.journal import JournalEntry
from reports.figures.chart import Chart
from reports.pages.watch_chapter import watch_charts
from tests.farm.trial_evidence import judged_trial

HOURS = 24
BEGAN_S = 1_794_988_800.0  # 2026-11-18T08:00:00Z
OUTCOMES = {9: Outcome.FAIL, 15: Outcome.INVALID}


def watch_chart() -> Chart:
    """The figure of that watch."""
    results = [
        replace(
            judged_trial(hour, 4, OUTCOMES.get(hour, Outcome.PASS)),
            purpose="watch",
            server_memory_bytes=1e8 + 2e6 * hour,
            server_cpu_percent=20.0 + hour % 3,
        )
        for hour in range(HOURS)
    ]
    journal = [
        JournalEntry("trial_started", 1.0, BEGAN_S + 3600.0 * hour, {"index": hour})
        for hour in range(HOURS)
    ]
    settings = Experiment(watch=WatchSettings(load=4, every_s=3600.0))
    (chart,) = watch_charts(settings, results, journal).charts
    return chart
