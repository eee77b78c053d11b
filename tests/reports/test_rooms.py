"""Of a room whose server forwards: each stream is told by itself, by whom it comes from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from farm.recording.reader import RunReader
from farm.trial import TrialEvidence
from reports.series import trial_series
from reports.session_charts import quality_of
from reports.trial_charts import trial_charts
from reports.trial_frames import trial_frames
from reports.trial_series import TrialSeries
from tests.reports.made_room import Room, judged, record_room


async def told(directory: Path, room: Room) -> tuple[TrialSeries, TrialEvidence]:
    run = await record_room(directory, room)
    evidence, _ = judged(run)
    return trial_series(trial_frames(RunReader.open(run).trial(0)), evidence), evidence


async def test_a_probes_frame_rate_is_its_slowest_videos_by_name(tmp_path: Path) -> None:
    series, _ = await told(tmp_path, Room(slow={("p000", "p002", "video"): 7.0}))
    assert series.by_probe.frame_rate == pytest.approx([7, 20, 20], rel=0.05)
    assert series.by_probe.slowest[0] == "from p002"
    held = series.frame_rate.between(8, 44)
    assert np.nanmean(held.values[0]) == pytest.approx(7, rel=0.05)


async def test_an_extra_stream_is_in_no_figure_of_quality(tmp_path: Path) -> None:
    series, _ = await told(tmp_path, Room(extra=frozenset({"p001"})))
    assert series.by_probe.frame_rate == pytest.approx([20, 20, 20], rel=0.05)
    held = series.frame_rate.between(8, 44)
    assert np.nanmin(held.values) == pytest.approx(20, rel=0.1)
    assert series.by_probe.received_bps["video"] == pytest.approx([960e3] * 3, rel=0.05)


async def test_what_a_page_does_not_send_lowers_nobodys_figures(tmp_path: Path) -> None:
    series, evidence = await told(tmp_path, Room(stopped={"p002": 26.0}))
    assert [act.probe for act in evidence.acts] == ["p002"]
    assert series.by_probe.frame_rate == pytest.approx([20, 20, 20], rel=0.05)
    assert np.nanmin(series.frame_rate.between(8, 44).values) == pytest.approx(20, rel=0.1)


async def test_captions_and_cameras_are_those_of_the_room(tmp_path: Path) -> None:
    room = Room(frame_rates={"p000": 15.0, "p001": 15.0, "p002": 15.0})
    series, _ = await told(tmp_path, room)
    assert series.asked_frame_rates == (15.0,)
    quality = quality_of(series, room.experiment)
    drawn = trial_charts(series, quality, room.experiment, "t").charts
    charts = {each.name: each for each in drawn}
    assert "each receives 2 others" in charts["t-bitrate-by-session"].caption
    assert "of a probe's worst video" in charts["t-frame-rate"].caption
    legend = charts["t-frame-rate"].draw().legends[0]
    assert "camera, 15 frames/s" in [text.get_text() for text in legend.get_texts()]
