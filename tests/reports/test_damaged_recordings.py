"""Whatever is lost of a recording: what is left says the same, and what is lost is named."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from farm.errors import RecordingError
from farm.evidence import trial_evidence
from farm.model.trial_evidence import StreamInterval, TrialEvidence
from farm.recording.parquet_parts import WHOLE
from farm.recording.reader import RunReader
from farm.verdict import judge
from reports.pages.bundle import write_bundle
from reports.series.trial_arrays import trial_series
from reports.series.trial_frames import trial_frames
from tests.reports.made_run import HELD_S, HOLD_S, new_run, pages, record_trial
from tests.synthetic import FRAMES_PER_S, PACKET_BYTES, PACKETS_PER_S, Page

BITRATE_BPS = PACKETS_PER_S * PACKET_BYTES * 8


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two good calls, as a crash leaves them: in parts of 5 s."""

    async def make() -> Path:
        run, clock = new_run(tmp_path_factory.mktemp("clean"))
        with run:
            await record_trial(run, clock, pages(4))
        return run.path

    path = asyncio.run(make())
    for whole in path.rglob(WHOLE):
        _in_parts(whole)
    return path


def _in_parts(whole: Path) -> None:
    frame = pl.read_parquet(whole)
    when = "received_s" if "received_s" in frame.columns else "host_monotonic_s"
    parts = frame.with_columns(part=((pl.col(when) - frame[when].min()) // 5).cast(pl.Int64))
    for part in parts["part"].unique().sort():
        rows = parts.filter(part=part).drop("part")
        rows.write_parquet(whole.with_name(f"part-{part:06d}.parquet"))
    whole.unlink()


def evidence_of(run: Path) -> tuple[TrialEvidence, list[str]]:
    trial = RunReader.open(run).trial(0)
    evidence = trial_evidence(trial, window_s=10, poll_s=1)
    return evidence, [str(damage) for damage in trial.damage]


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_loss_makes_a_wrong_figure(clean: Path, data: st.DataObject) -> None:
    files = sorted(path.relative_to(clean) for path in clean.rglob("*") if path.is_file())
    with TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        shutil.copytree(clean, run)
        for name in data.draw(st.lists(st.sampled_from(files), min_size=1, max_size=6)):
            _spoil(run / name, data.draw(st.sampled_from(["gone", "torn", "empty", "rubbish"])))
        try:
            reader = RunReader.open(run)
            trial = reader.trial(0)
        except RecordingError as error:
            assert str(run) in str(error)
            return
        evidence = trial_evidence(trial, window_s=10, poll_s=1)
        for interval in evidence.intervals:
            _right_or_unknown(interval)
        series = trial_series(trial_frames(trial), evidence)
        for grid in (*series.sent_bps.values(), *series.received_bps.values()):
            known = grid.values[np.isfinite(grid.values)]
            assert np.allclose(known, BITRATE_BPS, rtol=0.1)
        judge(evidence, reader.manifest.settings.criteria, reader.manifest.settings.invalid, None)


def _spoil(path: Path, how: str) -> None:
    if not path.exists():
        return
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes({"torn": content[: len(content) // 2], "empty": b""}.get(how, b"\0" * 99))


def _right_or_unknown(interval: StreamInterval) -> None:
    if interval.bitrate_bps is not None:
        assert interval.bitrate_bps == pytest.approx(BITRATE_BPS, rel=0.1), interval
    if interval.frame_rate is not None:
        assert interval.frame_rate == pytest.approx(FRAMES_PER_S, rel=0.1), interval
    assert (interval.residual_loss_ratio or 0) == 0
    assert (interval.stalled_ratio or 0) == pytest.approx(0, abs=0.03), interval


@pytest.mark.parametrize("table", ["inbound-rtp", "outbound-rtp"])
def test_the_last_part_of_a_table_is_no_silence_when_it_is_gone(
    clean: Path, tmp_path: Path, table: str
) -> None:
    run = Path(shutil.copytree(clean, tmp_path / "run"))
    *_, last = sorted((run / "trials/000-load-004/samples" / table).iterdir())
    last.unlink()
    evidence, _ = evidence_of(run)
    for interval in evidence.intervals:
        _right_or_unknown(interval)


def test_a_table_that_is_gone_is_no_silence(clean: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(clean, tmp_path / "run"))
    shutil.rmtree(run / "trials/000-load-004/samples/inbound-rtp")
    evidence, damage = evidence_of(run)
    inbound = [each for each in evidence.intervals if each.direction == "inbound"]
    assert inbound
    assert {(each.polls, each.packets, each.stalled_ratio) for each in inbound} == {(0, None, None)}
    assert any("inbound-rtp: is missing" in each for each in damage)


def test_a_part_from_the_middle_is_missed(clean: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(clean, tmp_path / "run"))
    whole, _ = evidence_of(run)
    (run / "trials/000-load-004/samples/inbound-rtp/part-000003.parquet").unlink()
    evidence, damage = evidence_of(run)
    assert any("part-000003.parquet: is missing" in each for each in damage)
    # What was counted in between came with the part after it.
    held = [sum(each.packets or 0 for each in one.intervals) for one in (whole, evidence)]
    assert held[0] == held[1]


def test_torn_polls_blame_no_generator(clean: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(clean, tmp_path / "run"))
    for part in (run / "trials/000-load-004/samples/poll").glob("*.parquet"):
        part.write_bytes(b"PAR1")
    evidence, damage = evidence_of(run)
    assert evidence.polls == ()
    assert any("samples/poll/part-000000.parquet" in each for each in damage)


@pytest.mark.slow
async def test_pages_that_went_wrong_make_no_wrong_number(tmp_path: Path) -> None:
    seconds = HOLD_S + HELD_S
    run, clock = new_run(tmp_path)
    with run:
        await record_trial(
            run,
            clock,
            pages(
                4,
                p000=Page("p000", seconds=seconds, wall_jumps=((15.0, -600.0), (30.0, 3600.0))),
                p001=Page("p001", seconds=seconds, repeated=((12.0, 30.0),)),
                p002=Page("p002", seconds=seconds, reloads=(20.0,), resets=(30.0,)),
                p003=Page("p003", seconds=seconds, stuck=((20.0, 22.0),)),
            ),
        )
    report = write_bundle(run.path).parent
    probes = pl.read_csv(report / "trial-000-probes.csv")
    for column in ("audio received", "video received", "audio sent", "video sent"):
        assert np.allclose(probes[column].to_numpy(), BITRATE_BPS, rtol=0.1), column
    assert probes["lost down"].to_list() == [0.0] * 4
    seen = pl.read_csv(report / "trial-000-video-bitrate.csv").filter(
        pl.col("run_time_s").is_between(3, seconds - 2)
    )
    for column in ("received_min_bps", "received_max_bps", "sent_min_bps", "sent_max_bps"):
        assert np.allclose(seen[column].to_numpy(), BITRATE_BPS, rtol=0.1), column
    lost = pl.read_csv(report / "trial-000-loss.csv")["lost_max_ratio"]
    assert lost.drop_nulls().max() == 0


@pytest.mark.slow
def test_the_page_says_what_is_missing(clean: Path, tmp_path: Path) -> None:
    run = Path(shutil.copytree(clean, tmp_path / "run"))
    trial = run / "trials/000-load-004"
    shutil.copytree(trial, run / "trials/002-load-004")
    torn = max((trial / "samples/inbound-rtp").glob("*.parquet"))
    torn.write_bytes(torn.read_bytes()[:200])
    (trial / "result.json").write_text('{"index": 0')
    page = write_bundle(run).read_text(encoding="utf-8")
    for name in (torn.name, "trials/001-load-*", "000-load-004/result.json"):
        assert name in page
