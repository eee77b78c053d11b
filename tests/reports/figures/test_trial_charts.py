"""Which figures a trial has, and what is said of those that it has not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from farm.model.experiment import Experiment
from reports.figures.chart import Charts
from reports.figures.session_charts import quality_of
from reports.figures.trial_charts import trial_charts
from reports.series.data_channels import MessageRates
from reports.series.grid import Grid
from reports.series.trial import TrialSeries
from tests.reports.made_series import made_trial

SERIES = made_trial(4)


def drawn(series: TrialSeries = SERIES, messages: MessageRates | None = None) -> Charts:
    kinds = ("audio",) if series is not SERIES else ("audio", "video")
    quality = quality_of(SERIES, Experiment())
    return trial_charts(series, quality, Experiment(), "t", messages=messages, kinds=kinds)  # type: ignore[arg-type]


def unknown(grid: Grid) -> Grid:
    return replace(grid, values=np.full_like(grid.values, np.nan))


def test_of_sessions_without_video_it_is_said_that_none_is_owed() -> None:
    video = {"video": unknown(SERIES.sent_bps["video"])}
    silent = replace(
        SERIES,
        sent_bps={**SERIES.sent_bps, **video},  # type: ignore[dict-item]
        received_bps={**SERIES.received_bps, **video},  # type: ignore[dict-item]
        frame_rate=unknown(SERIES.frame_rate),
    )
    missing = drawn(silent).missing
    assert "No video bitrate: no video is owed." in missing
    assert "No frame rate: no video is owed." in missing


def test_channels_on_which_nothing_was_sent_have_no_figure() -> None:
    idle = replace(SERIES.loss, values=np.zeros_like(SERIES.loss.values))
    busy = replace(SERIES.loss, values=np.ones_like(SERIES.loss.values))
    charts = drawn(messages=MessageRates(idle, idle))
    assert "No figure of data channels: no message was sent or received on any." in charts.missing
    assert "t-data-messages" not in {chart.name for chart in charts.charts}
    charts = drawn(messages=MessageRates(idle, busy))
    assert "t-data-messages" in {chart.name for chart in charts.charts}
