"""Of a room whose server forwards: each stream is told by itself, by whom it comes from."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import numpy as np
import pytest

from farm.model.trial_evidence import TrialEvidence
from farm.recording.reader import RunReader
from reports.figures.by_probe import bitrate_by_session
from reports.figures.probe import probe_channels_figure
from reports.figures.session_charts import quality_of
from reports.figures.trial_charts import trial_charts
from reports.pages.bundle import write_bundle
from reports.series.probe_channels import ProbeChannels
from reports.series.probe_frames import SessionChannels
from reports.series.trial import TrialSeries
from reports.series.trial_arrays import trial_series
from reports.series.trial_frames import trial_frames
from tests.reports.made_room import END_S, Room, judged, record_room
from tests.reports.made_run import HOLD_S, new_run, pages, record_trial
from tests.synthetic import Page


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


async def test_bitrates_of_several_streams_are_said_to_be_sums(tmp_path: Path) -> None:
    series, _ = await told(tmp_path, Room(ended={("p000", "p002", "video"): 10.0}))
    title = bitrate_by_session("video", series.by_probe, mixed=False).get_suptitle()
    said = title.replace("\n", " ")
    assert re.fullmatch(
        r"p000 of s000 received the lowest bitrate: \d+ kbit/s together, "
        r"while the others sent 9\d\d kbit/s together",
        said,
    )


async def test_a_stream_that_ended_is_a_gap_with_words_and_no_zero(tmp_path: Path) -> None:
    room = Room(
        ended={("p000", "p002", "video"): 24.0}, never=frozenset({("p000", "p001", "audio")})
    )
    channels = channels_of(await record_room(tmp_path, room), "p000")
    told = {each.name: each for each in channels.streams}
    gone, well = told["video received from p002"], told["video received from p001"]
    after, before = channels.time_s >= 24, (channels.time_s > 2) & (channels.time_s < 23)
    for values in (gone.bps, gone.frames, gone.stalled_s):
        assert np.isnan(values[after]).all()
    assert gone.frames[before] == pytest.approx(20, rel=0.1)
    assert well.frames[after & (channels.time_s < 45)] == pytest.approx(20, rel=0.1)
    assert gone.ended == "ended 18 s into the hold"
    assert told["audio received from p001"].ended == "never came"
    figure = probe_channels_figure(channels)
    words = " ".join(text.get_text() for axes in figure.axes for text in axes.texts)
    assert "video from p002 ended 18 s into the hold" in words
    assert "audio from p001 never came" in words
    columns = channels.columns()
    assert len({len(values) for values in columns.values()}) == 1


async def test_statistics_that_go_with_a_stream_are_its_end_too(tmp_path: Path) -> None:
    room = Room(gone={("p000", "p002", "video"): 24.0})
    channels = channels_of(await record_room(tmp_path, room), "p000")
    gone = next(each for each in channels.streams if each.name == "video received from p002")
    assert gone.ended == "ended 18 s into the hold"
    assert np.isnan(gone.frames[channels.time_s >= 25]).all()


async def test_silence_that_ends_is_zero_and_no_end(tmp_path: Path) -> None:
    run, clock = new_run(tmp_path)
    with run:
        silent = Page("p001", seconds=END_S, silent=((20, 30),))
        await record_trial(run, clock, pages(2, p001=silent))
    video, *_ = channels_of(run.path, "p001").of("inbound", "video")
    assert video.ended == ""
    assert list(video.bps[22:28]) == [0] * 6


async def test_streams_of_which_nobody_knows_the_sender_say_whose_they_may_be(
    tmp_path: Path,
) -> None:
    channels = channels_of(await record_room(tmp_path, Room(anonymous=True)), "p000")
    assert [each.name for each in channels.of("inbound", "video")] == [
        "video received from p001 or p002 (1)",
        "video received from p001 or p002 (2)",
    ]


async def test_a_page_that_stopped_its_camera_is_said_to(tmp_path: Path) -> None:
    run = await record_room(tmp_path, Room(stopped={"p002": 26.0}))
    gone = {each.name: each.ended for each in channels_of(run, "p000").streams if each.ended}
    assert gone == {"video received from p002": "ended 20 s into the hold: its page stopped it"}
    text = write_bundle(run).read_text(encoding="utf-8")
    assert "s000: no part of any limit was used" in text
    assert "owed in 2 of 4 windows" in text
    assert "p002&#39;s page stopped its track" in text


async def test_the_close_up_has_a_line_a_stream_and_its_title_says_what_they_show(
    tmp_path: Path,
) -> None:
    room = Room(
        ended={("p000", "p002", "video"): 24.0},
        extra=frozenset({"p001"}),
        layers=("q", "h"),
    )
    run = await record_room(tmp_path, room)
    text = write_bundle(run).read_text(encoding="utf-8")
    assert "s000: p000: video received from p002 ended 18 s into the hold" in text
    assert "video frozen, 20" not in text
    rows = table_rows(text, "Streams of s000 over the hold")
    by_name = {(row[0], row[2]): row for row in rows}
    gone = by_name["p000", "video received from p002"]
    assert gone[3:7] == ["owed", "−5 s", "18 s", "pc, 2v"]
    assert by_name["p001", "video received, extra"][3] == "extra"
    assert by_name["p000", "encoding q of it"][7:10] == ["320x180", "480 kbit/s", "20.0"]
    with (run / "report" / "trial-000-worst-session.csv").open(encoding="utf-8") as file:
        seconds = list(csv.DictReader(file))
    after = [
        row["bitrate_bps"]
        for row in seconds
        if (row["probe"], row["stream"]) == ("p000", "video received from p002")
        and float(row["run_time_s"]) >= 24
    ]
    assert after
    assert set(after) == {""}
    reasons = table_rows(text, "Reasons of the verdict")
    assert {row[4] for row in reasons} == {"p002"}


def channels_of(run: Path, probe: str) -> ProbeChannels:
    trial = RunReader.open(run).trial(0)
    hold = (HOLD_S, END_S)
    return SessionChannels(trial, trial.plan.sessions[0], hold, poll_s=1.0).of(probe)


def table_rows(page: str, caption: str) -> list[list[str]]:
    """The cells of a table of the page."""
    found = re.search(f"<caption>(<[^>]*>)*{re.escape(caption)}", page)
    assert found, caption
    table = page[found.start() : page.index("</table>", found.start())]
    return [
        [html.unescape(re.sub("<.*?>", "", cell)).strip() for cell in cells]
        for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
        if (cells := re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL))
    ]


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
