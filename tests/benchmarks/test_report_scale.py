"""The benchmark of reports hides faults that a judge finds, and finds them in the report."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.many_calls import KINDS, hidden_in
from benchmarks.report_scale import report
from farm.recording.reader import RunReader


@pytest.mark.slow
def test_hidden_faults_are_found_on_top_and_nothing_else_is(tmp_path: Path) -> None:
    drawn = report(tmp_path, 40, 180)
    assert drawn.hidden == drawn.found == len(KINDS)
    (trial,) = RunReader.open(tmp_path / "40-probes").trials
    assert trial.result is not None
    sessions = {reason.session for reason in trial.result.verdict.reasons}
    assert sessions == {fault.session for fault in hidden_in(trial.plan)}
    assert drawn.peak_rss_mib > 0
