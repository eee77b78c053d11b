"""What is recorded comes back, whatever happened to the writer or to the disk."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import signal
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from farm.errors import InUse, NoSpace, RecordingError
from farm.model.clock_reading import ClockReading
from farm.model.page_samples import ProbeEvent
from farm.model.server_samples import Gap, ResetReport
from farm.model.trial_evidence import Fault, JoinOutcome, Phases
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome, Verdict
from farm.recording import RunRecording
from farm.recording.durable_file import Fill, replace_file
from farm.recording.parquet_parts import Damage
from farm.recording.reader import RunReader
from farm.recording.run_folder import RunFolder
from farm.recording.trial_recording import MOST_PARTS_WAITING, PART_S
from farm.testing import FakeClock
from tests.farm.recordings import new_run, recorded
from tests.open_files import open_files
from tests.synthetic import (
    HOST,
    MONOTONIC_S,
    Page,
    arrivals,
    call_plan,
    clock_reading,
    host_sample,
    manifest,
    page_reports,
    server_sample,
)

RESULT = TrialResult(
    index=0,
    load=2,
    purpose="single",
    verdict=Verdict(Outcome.PASS, (), units=1, units_failed=0, established=2),
    phases=Phases(0.0, 5.0, 10.0, 30.0, 31.0),
    server_cpu_percent=25.0,
    server_process_cpu_percent=50.0,
    host_cpu_percent=40.0,
    video_bitrate_bps=400_000.0,
    residual_loss_ratio=0.0,
    frame_rate=20.0,
    setup_median_s=0.5,
    setup_worst_s=0.75,
)


async def test_a_trial_comes_back_as_it_was_seen(tmp_path: Path) -> None:
    clock = FakeClock()
    reports = arrivals(Page("p000", seconds=12), Page("p001", seconds=12))
    join = JoinOutcome("p000", "s000", True, 1.5)
    reset = ResetReport(True, 2, None, ("threads",))
    with new_run(tmp_path, clock) as run:
        async with run.trial(call_plan()) as trial:
            trial.reset(reset)
            trial.clock(clock_reading())
            trial.phase("ramp", 0.0)
            trial.event(ProbeEvent("p000", "setup", MONOTONIC_S + 2, "", {"kind": "audio"}))
            trial.join(join)
            for report in reports:
                clock.now_s = report.host_monotonic_s - MONOTONIC_S
                trial.page_report(report)
            trial.host_sample(host_sample(1.0))
            trial.server_sample(replace(server_sample(2.0), top_text="top - 10:00:00 up 1 day\n"))
            trial.server_sample(server_sample(3.0))
            trial.gap(Gap(3.0, 4.0, "ssh"))
            trial.fault(Fault("app_died", 11.0, "the demo app is gone"))
            (trial.screenshots / "p000.png").write_bytes(b"a picture")

    reader = RunReader.open(run.path).trial(0)
    assert reader.plan == call_plan()
    assert reader.phases == Phases(ramp_s=0.0)
    assert [(seen.event.kind, seen.run_s) for seen in reader.events] == [("setup", 2.0)]
    assert reader.joins == (join,)
    assert reader.reset == reset
    assert reader.gaps == (Gap(3.0, 4.0, "ssh"),)
    assert [fault.what for fault in reader.faults] == ["app_died"]
    polls = reader.polls()
    assert polls is not None
    assert polls["run_s"].sort().to_list() == pytest.approx(
        [report.host_monotonic_s - MONOTONIC_S for report in reports]
    )
    assert polls["states"].to_list() == [["connected"]] * len(reports)
    inbound = reader.samples("inbound-rtp")
    assert inbound is not None
    assert inbound.height == 2 * len(reports)
    assert inbound["packetsReceived"].max() == 600
    assert inbound["other"].null_count() == inbound.height
    assert reader.samples("transport") is None
    (host,) = reader.host_samples()
    assert host.run_s == 1.0
    assert reader.server_samples() == tuple(
        replace(server_sample(at_s), run_s=at_s) for at_s in (2.0, 3.0)
    )
    assert reader.top_text() == "top - 10:00:00 up 1 day\n"
    assert [path.name for path in reader.screenshots] == ["p000.png"]
    assert reader.damage == []


async def test_a_trial_that_ended_is_one_file_a_table(tmp_path: Path) -> None:
    trial = await recorded(tmp_path, Page("p000"), Page("p001"))
    files = sorted(path.name for path in trial.folder.samples("inbound-rtp").iterdir())
    assert files == ["whole.parquet"]


async def test_the_run_around_the_trials_comes_back(tmp_path: Path) -> None:
    clock = FakeClock(3.0)
    with new_run(tmp_path, clock) as run:
        run.journal("trial_planned", index=0, load=2, why="the baseline")
        run.write_manifest(manifest())
        (run.folder.logs / "app.log").write_text("hello\n")
        run.write_summary({"format": 1, "state": "converged"})
    reader = RunReader.open(run.path)
    assert reader.experiment_text == "scenario: one_to_one\n"
    assert reader.manifest == manifest()
    (entry,) = reader.journal
    assert entry.kind == "trial_planned"
    assert entry.at_s == pytest.approx(3.0, abs=0.001)
    assert entry.facts == {"index": 0, "load": 2, "why": "the baseline"}
    assert reader.summary == {"format": 1, "state": "converged"}
    assert reader.trials == ()
    assert reader.damage == []


async def test_a_result_is_written_once(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan()) as trial:
            trial.phase("ramp", 0.0)
        trial.write_result(RESULT)
        with pytest.raises(RecordingError, match="never rewritten"):
            trial.write_result(RESULT)
    assert RunReader.open(run.path).results == (RESULT,)


# ---------------------------------------------------------------- crashes


@pytest.mark.slow
async def test_a_controller_that_is_killed_loses_at_most_the_last_part(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.farm.recording_child", str(tmp_path)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdout is not None
    try:
        async with asyncio.timeout(60):
            for _ in range(4):
                on_disk_s = float(await child.stdout.readline())
        assert RunFolder(tmp_path / "run").writer is not None
    finally:
        child.send_signal(signal.SIGKILL)
        status = await child.wait()
    assert status == -signal.SIGKILL
    assert RunFolder(tmp_path / "run").writer is None

    reader = RunReader.open(tmp_path / "run").trial(0)
    assert reader.phases.ramp_s == 0.0
    assert reader.result is None
    polls, inbound = reader.polls(), reader.samples("inbound-rtp")
    assert polls is not None
    assert inbound is not None
    expected = arrivals(Page("p000", seconds=3000), Page("p001", seconds=3000))
    kept = polls["host_monotonic_s"].sort().to_list()
    assert kept == [report.host_monotonic_s for report in expected[: len(kept)]]
    assert kept[-1] >= MONOTONIC_S + on_disk_s - 1
    assert inbound.height >= 2 * len([at_s for at_s in kept if at_s < MONOTONIC_S + on_disk_s])
    assert reader.damage == []


async def test_a_trial_that_broke_off_is_repeated_in_a_folder_of_its_own(tmp_path: Path) -> None:
    clock = FakeClock()
    with new_run(tmp_path, clock) as run:
        async with run.trial(call_plan(index=0)) as done:
            done.phase("ramp", 0.0)
        done.write_result(RESULT)
        async with run.trial(call_plan(index=1)) as broken:
            broken.phase("ramp", 50.0)

    # The next controller's run time begins anew, its host is another one.
    clock = FakeClock()
    with RunRecording.resume(run.path, clock) as run:
        assert [result.index for result in RunReader.open(run.path).results] == [0]
        async with run.trial(call_plan(index=1)) as again:
            again.phase("ramp", 2.0)
    reader = RunReader.open(run.path)
    assert [trial.plan.index for trial in reader.trials] == [0, 1]
    assert reader.trial(1).phases == Phases(ramp_s=2.0)
    assert (run.folder.trials / "001-load-002-unfinished-1").is_dir()


def test_a_run_is_written_by_one_farm(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        assert run.folder.writer is not None
        with pytest.raises(InUse, match=rf"{run.path}: another farm writes it: pid {os.getpid()} "):
            RunRecording.resume(run.path, FakeClock())
    assert run.folder.writer is None
    with RunRecording.resume(run.path, FakeClock()):
        assert run.folder.writer is not None


def test_a_run_that_cannot_be_begun_leaves_no_folder(tmp_path: Path) -> None:
    def full(path: Path, fill: Fill) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(NoSpace):
        RunRecording.create(tmp_path, "run", "", manifest(), FakeClock(), replace=full)
    assert list(tmp_path.iterdir()) == []


async def test_a_line_half_written_is_torn_only_when_nobody_writes_it(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan()) as trial:
            trial.phase("ramp", 3.0)
            run.journal("trial_started", index=0)
            for path in (trial.folder.events, run.folder.journal, run.folder.clock):
                with path.open("ab") as file:
                    file.write(b'{"event": "ph')
            reader = RunReader.open(run.path)
            assert [entry.kind for entry in reader.journal] == ["trial_started"]
            assert reader.trial(0).phases == Phases(ramp_s=3.0)
            assert reader.damage + reader.trial(0).damage == []
    reader = RunReader.open(run.path)
    assert (len(reader.journal), reader.trial(0).phases) == (1, Phases(ramp_s=3.0))
    assert sorted(each.path.name for each in reader.damage + reader.trial(0).damage) == [
        "clock.jsonl",
        "events.jsonl",
        "journal.jsonl",
    ]


async def test_a_trial_that_is_just_begun_is_whole_or_not_there(tmp_path: Path) -> None:
    seen: list[tuple[int, list[Damage]]] = []

    def look(path: Path, fill: Fill) -> None:
        replace_file(path, fill)
        if path.name == "plan.json":
            reader = RunReader.open(tmp_path / "run")
            seen.append((len(reader.trials), reader.damage))

    clock = FakeClock()
    with RunRecording.create(tmp_path, "run", "", manifest(), clock, replace=look) as run:
        async with run.trial(call_plan()):
            reader = RunReader.open(run.path)
            seen.append((len(reader.trials), reader.damage))
    assert seen == [(0, []), (1, [])]
    assert [path.name for path in run.folder.trials.iterdir()] == [call_plan().folder]


async def test_a_trial_that_is_begun_anew_while_it_is_read_is_named(tmp_path: Path) -> None:
    clock = FakeClock()
    with new_run(tmp_path, clock) as run:
        async with run.trial(call_plan()) as broken:
            broken.host_sample(host_sample(1.0))
    trial = RunReader.open(run.path).trial(0)
    assert trial.hosts() is not None
    assert trial.damage == []
    with RunRecording.resume(run.path, clock) as run:
        async with run.trial(call_plan()):
            assert trial.of_probes("p000", "p001").polls() is None
    assert [str(each) for each in trial.damage] == [
        f"{trial.folder.path}: was moved away because the trial was restarted"
    ]


async def test_a_finished_trial_is_not_recorded_over(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan()) as trial:
            trial.phase("ramp", 0.0)
        trial.write_result(RESULT)
        with pytest.raises(RecordingError, match="has its result"):
            async with run.trial(call_plan()):
                pass


async def test_each_trial_goes_by_the_clocks_read_for_it(tmp_path: Path) -> None:
    clock = FakeClock()
    with new_run(tmp_path, clock) as run:
        for index, offset_s in ((0, -MONOTONIC_S), (1, -MONOTONIC_S - 100)):
            async with run.trial(call_plan(index=index)) as trial:
                trial.clock(ClockReading(HOST, offset_s, 0.0, at_s=clock.now_s))
                trial.host_sample(host_sample(150.0))
    reader = RunReader.open(run.path)
    assert [trial.host_samples()[0].run_s for trial in reader.trials] == [150.0, 50.0]


async def test_server_samples_are_placed_by_the_server_s_own_clock(tmp_path: Path) -> None:
    clock = FakeClock()
    sample = server_sample(12.0)
    asked = [  # the server's clock is 1000 s ahead
        replace(sample, asked_s=11.9, received_s=12.1, uptime_s=1011.95),
        replace(sample, asked_s=13.0, received_s=13.2, uptime_s=1015.0),  # not within its answer
        replace(sample, asked_s=14.0, received_s=14.2, uptime_s=None),
        replace(sample, asked_s=None, received_s=15.2, uptime_s=1015.1),
    ]
    with new_run(tmp_path, clock) as run:
        async with run.trial(call_plan()) as trial:
            trial.clock(ClockReading("server", -1000.0, 0.02, 12.1))
            for each in asked:
                trial.server_sample(each)
    reader = RunReader.open(run.path)
    times = [each.at_s for each in reader.trials[0].server_samples()]
    assert times == pytest.approx([11.95, 13.2, 14.2, 15.2])
    assert [reading.source for reading in reader.clocks] == ["server"]


async def test_ctrl_c_in_a_trial_keeps_what_was_seen(tmp_path: Path) -> None:
    run = new_run(tmp_path, FakeClock())
    seen = asyncio.Event()

    async def trial() -> None:
        async with run.trial(call_plan()) as trial:
            trial.clock(clock_reading())
            for report in page_reports(Page(seconds=3)):
                trial.page_report(report)
            seen.set()
            await asyncio.Event().wait()

    task = asyncio.ensure_future(trial())
    await seen.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    run.close()
    polls = RunReader.open(run.path).trial(0).polls()
    assert polls is not None
    assert polls.height == 4


# ---------------------------------------------------------------- disks


class SmallDisk:
    """Has room for so many files more."""

    def __init__(self, files: int) -> None:
        self.files = files

    def __call__(self, path: Path, fill: Fill) -> None:
        if self.files == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        self.files -= 1
        replace_file(path, fill)


async def test_a_full_disk_ends_the_trial_and_what_is_written_stays(tmp_path: Path) -> None:
    clock = FakeClock()
    # experiment, manifest, plan, and a part of the five types seen and of the polls.
    disk = SmallDisk(files=3 + 6)
    run = RunRecording.create(tmp_path, "run", "", manifest(), clock, replace=disk)
    with run, pytest.raises(NoSpace, match=r"the disk is full at .*part-000001"):
        async with run.trial(call_plan()) as trial:
            trial.clock(clock_reading())
            for report in page_reports(Page(seconds=round(2 * PART_S) + 2)):
                clock.now_s = report.host_monotonic_s - MONOTONIC_S
                trial.page_report(report)
            async with asyncio.timeout(60):
                while True:  # until the thread that writes has met the end of the disk
                    trial.page_report(report)
                    await asyncio.sleep(0.01)
    polls = RunReader.open(run.path).trial(0).polls()
    assert polls is not None
    assert polls["run_s"].max() == pytest.approx(PART_S, abs=0.1)


async def test_a_disk_that_hangs_does_not_fill_the_memory(tmp_path: Path) -> None:
    clock = FakeClock()
    release = threading.Event()

    def slow(path: Path, fill: Fill) -> None:
        if path.suffix == ".parquet":
            release.wait()
        replace_file(path, fill)

    run = RunRecording.create(tmp_path, "run", "", manifest(), clock, replace=slow)
    with run, pytest.raises(RecordingError, match="a minute behind"):
        async with run.trial(call_plan()) as trial:
            try:
                for report in page_reports(Page(seconds=1000)):
                    clock.now_s = report.host_monotonic_s - MONOTONIC_S
                    trial.page_report(report)
            finally:
                release.set()
    assert clock.now_s <= (MOST_PARTS_WAITING + 2) * PART_S


# ---------------------------------------------------------------- damage


async def test_damage_is_named_and_costs_only_what_is_damaged(tmp_path: Path) -> None:
    trial = await recorded(tmp_path, Page("p000"), Page("p001"))
    torn = trial.folder.samples("inbound-rtp") / "whole.parquet"
    torn.write_bytes(torn.read_bytes()[:500])
    with trial.folder.events.open("a") as events:
        events.write('{"event": "fault", "data": {"what": "the moon"}}\n{"event": "later"}\n{"ev')

    again = RunReader.open(tmp_path / "run").trial(0)
    assert again.samples("inbound-rtp") is None
    assert again.samples("outbound-rtp") is not None
    assert len(again.joins) == 2
    named = [(item.path.name, item.why[:20]) for item in again.damage]
    assert ("events.jsonl", "line 14 is torn") in named
    assert ("events.jsonl", "Fault.what is 'the m") in named
    assert "whole.parquet" in [name for name, _ in named]
    assert len(named) == 3


async def test_a_trial_without_its_plan_is_left_out_and_named(tmp_path: Path) -> None:
    await recorded(tmp_path, Page("p000", seconds=5))
    run = RunReader.open(tmp_path / "run")
    shutil.rmtree(run.trials[0].folder.path)
    (run.folder.trials / "000-load-002").mkdir()
    again = RunReader.open(tmp_path / "run")
    assert again.trials == ()
    assert [item.path.name for item in again.damage] == ["plan.json"]
    with pytest.raises(RecordingError, match="has no trial 0"):
        again.trial(0)


async def test_without_clock_readings_run_time_is_unknown(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        async with run.trial(call_plan()) as trial:
            trial.host_sample(host_sample(1.0))
    (sample,) = RunReader.open(run.path).trial(0).host_samples()
    assert sample.run_s is None


# ---------------------------------------------------------------- what is left open


async def test_a_trial_that_cannot_be_begun_leaves_nothing_open(tmp_path: Path) -> None:
    def in_the_way(path: Path, fill: Fill) -> None:
        replace_file(path, fill)
        if path.name == "plan.json":
            path.with_name("events.jsonl").mkdir()

    run = RunRecording.create(tmp_path, "run", "", manifest(), FakeClock(), replace=in_the_way)
    with run:
        before = open_files()
        with pytest.raises(RecordingError, match=r"events\.jsonl: Is a directory") as caught:
            async with run.trial(call_plan()):
                pass
        assert open_files() == before, caught  # held, so that nothing is collected before


async def test_a_trial_that_cannot_be_written_to_its_end_leaves_nothing_open(
    tmp_path: Path,
) -> None:
    clock = FakeClock()

    def broken(path: Path, fill: Fill) -> None:
        if path.suffix == ".parquet":
            raise ValueError("a slip of ours")
        replace_file(path, fill)

    with RunRecording.create(tmp_path, "run", "", manifest(), clock, replace=broken) as run:
        before, trial = open_files(), run.trial(call_plan())
        with pytest.raises(ValueError, match="a slip of ours"):
            async with trial:
                for report in page_reports(Page(seconds=round(PART_S) + 2)):
                    clock.now_s = report.host_monotonic_s - MONOTONIC_S
                    trial.page_report(report)
                async with asyncio.timeout(60):
                    while threads_of("recording") and not trial._writing[0].done():
                        await asyncio.sleep(0.01)
        assert open_files() == before
    async with asyncio.timeout(60):
        while threads_of("recording"):
            await asyncio.sleep(0.01)


def threads_of(prefix: str) -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith(prefix)]


def test_a_run_whose_second_file_cannot_be_opened_closes_the_first(tmp_path: Path) -> None:
    with new_run(tmp_path, FakeClock()) as run:
        pass
    run.folder.clock.unlink()
    run.folder.clock.mkdir()
    before = open_files()
    with pytest.raises(RecordingError, match=r"cannot write .*clock.jsonl") as caught:
        RunRecording.resume(run.path, FakeClock())
    assert open_files() == before, caught
    assert run.folder.writer is None
