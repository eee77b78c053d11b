"""What `run`, `size` and `demo` share: a run folder, a world, trials in it, an answer, a report."""

from __future__ import annotations

import asyncio
import platform
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from farm import __version__
from farm.analysis.comparison import fact_differences
from farm.bench.call_recordings import require_room
from farm.bench.preflight import preflight
from farm.bench.pricing import checked_price, cost_of_measuring, price_note
from farm.bench.run_facts import server_facts
from farm.bench.space import check_space
from farm.bench.wiring import OpenWorld, open_world
from farm.browser.program import FLAGS
from farm.errors import (
    BadInput,
    FarmError,
    NoSpace,
    RecordingError,
    ServerUnreachable,
    first_error,
)
from farm.evidence import trial_evidence
from farm.execution.trials import Trials
from farm.files.file_lock import FileLock
from farm.model.experiment import Experiment
from farm.model.run_clock import RunClock
from farm.model.server_samples import Footprint
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.planning.access_links import warning as network_warning
from farm.protocols import Observer
from farm.recording import RunRecording
from farm.recording.folder import run_name
from farm.recording.journal import spent_s
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.recording.trial_recording import TrialRecording

LIBRARIES = ("playwright", "aiortc", "paramiko", "polars", "matplotlib", "numpy")


@dataclass(slots=True)
class Run:
    """A run under way: its folder, and the trials that can be made in it.

    `spent_s` is how long it was under way before it was taken up again.
    """

    recording: RunRecording
    trials: Trials
    opened: OpenWorld
    spent_s: float = 0.0


class RunStore:
    """Implements `protocols.TrialStore` on a run folder."""

    def __init__(self, recording: RunRecording, experiment: Experiment) -> None:
        self._recording = recording
        self._settings = experiment.trial

    def record(self, plan: TrialPlan) -> TrialRecording:
        return self._recording.trial(plan)

    def evidence(self, plan: TrialPlan) -> TrialEvidence:
        return evidence_of(RunReader.open(self._recording.path), plan.index, self._settings)

    def keep(self, plan: TrialPlan, result: TrialResult) -> None:
        self._recording.trial(plan).write_result(result)

    def journal(self, kind: str, /, **facts: Any) -> None:
        self._recording.journal(kind, **facts)


def evidence_of(run: RunReader, index: int, settings: Any) -> TrialEvidence:
    """The evidence of a recorded trial under the run's own windows."""
    return trial_evidence(run.trial(index), window_s=settings.window_s, poll_s=settings.poll_s)


def baselines_in(run: RunReader) -> list[TrialEvidence]:
    """The evidence of the baseline trials that a run made and that passed."""
    return [
        evidence_of(run, result.index, run.manifest.settings.trial)
        for result in run.results
        if result.purpose == "baseline" and result.verdict.outcome is Outcome.PASS
    ]


@asynccontextmanager
async def new_run(
    experiment: Experiment,
    text: str,
    beside: Path,
    observer: Observer,
    *,
    largest_load: int,
    trials: int,
) -> AsyncIterator[Run]:
    """A fresh run folder and an open world; `text` is the experiment file as given.

    Room for `trials` trials of `largest_load` must be on the disk. Raises BadInput,
    ServerUnreachable; what is found wrong before the first trial leaves no folder behind.
    """
    clock = RunClock()
    preflight(experiment, beside)
    observer.note(f"disk: {check_space(experiment, largest_load, trials)}")
    for told in (cost_of_measuring(experiment, trials), network_warning(experiment)):
        if told is not None:
            observer.note(told)
    name = experiment.output.name or run_name(clock.wall_s(), experiment.scenario.kind)
    manifest = Manifest(
        started_wall_s=clock.wall_s(),
        scenario=experiment.scenario.kind,
        settings=experiment,
        name=experiment.name,
        versions=versions(),
        commit=commit(),
        chromium_flags=tuple(flag for flag, _ in FLAGS) + experiment.probes.flags,
    )
    recording = _created(experiment.output.directory, name, text, manifest, clock)
    with recording:
        try:
            async with _open_run(recording, manifest, clock, observer, beside=beside) as run:
                observer.run_folder(recording.path)
                run.trials.check_room(largest_load)
                await require_room(experiment, run.opened.world.server, largest_load, trials)
                yield run
        except (BadInput, ServerUnreachable):
            recording.folder.remove_unused()
            raise


@asynccontextmanager
async def resumed_run(
    reader: RunReader, lock: FileLock, observer: Observer, *, largest_load: int, trials: int
) -> AsyncIterator[Run]:
    """The run of a folder, taken up where it broke off; finished trials stay as they are.

    `lock` is the folder's, taken before it was read. Room for `trials` more of `largest_load` must
    be on the disk. Resets are verified against the first of the run. Raises BadInput,
    ServerUnreachable.
    """
    clock, path, manifest = RunClock(), reader.path, reader.manifest
    experiment = manifest.settings
    preflight(experiment, path)
    here = replace(experiment, output=replace(experiment.output, directory=path))
    observer.note(f"disk: {check_space(here, largest_load, trials)}")
    with RunRecording.resume(path, clock, lock) as recording:
        recording.journal("resumed", trials=len(reader.results))
        async with _open_run(
            recording, manifest, clock, observer, beside=path, earlier=reader
        ) as run:
            observer.run_folder(recording.path)
            for each in _other_server(manifest, run.opened):
                run.trials.say(each)
            run.trials.check_room(largest_load)
            await require_room(experiment, run.opened.world.server, largest_load, trials)
            yield run


def _other_server(was: Manifest, now: OpenWorld) -> Iterator[str]:
    """What is not as it was when the run began: its trials are then of two servers."""
    facts = server_facts(was.server, was.kurento), server_facts(now.server, now.kurento)
    for each in fact_differences(*facts):
        yield f"not as the run began: {each.what}: {each.a} then, {each.b} now"


@asynccontextmanager
async def _open_run(
    recording: RunRecording,
    manifest: Manifest,
    clock: RunClock,
    observer: Observer,
    *,
    beside: Path,
    earlier: RunReader | None = None,
) -> AsyncIterator[Run]:
    """`earlier` is what is there already of a run that is taken up again."""
    experiment = manifest.settings
    async with open_world(experiment, recording, clock, observer, beside) as opened:
        now = replace(manifest, server=opened.server, kurento=opened.kurento)
        if earlier is None:
            recording.write_manifest(now)
        trials = Trials(
            experiment,
            opened.world,
            RunStore(recording, experiment),
            opened.generator.names,
            () if earlier is None else earlier.results,
            fresh=None if earlier is None else first_footprint(earlier),
            rooms=opened.generator.rooms,
        )
        said = price_note(checked_price(experiment, opened.server))
        if said is not None:
            trials.say(said)
        run = Run(recording, trials, opened, 0.0 if earlier is None else spent_s(earlier.journal))
        try:
            yield run
        finally:
            hosts = tuple(opened.generator.seen.values())
            if hosts:  # else it ended before a trial did, and nothing new is known
                chromium = ", ".join(sorted({host.chromium for host in hosts}))
                recording.write_manifest(replace(now, hosts=hosts, chromium=chromium))


def first_footprint(run: RunReader) -> Footprint | None:
    """What the server weighed after the first reset of a run; None if that is not known."""
    reports = (trial.reset for trial in run.trials if trial.result is not None)
    return next((report.footprint for report in reports if report and report.footprint), None)


def _created(
    directory: Path, name: str, text: str, manifest: Manifest, clock: RunClock
) -> RunRecording:
    try:
        return RunRecording.create(directory, name, text, manifest, clock)
    except NoSpace:
        raise
    except RecordingError as error:
        raise BadInput(f"output.directory: {error}") from error


def run_to_end(story: Any) -> Any:
    """`asyncio.run`, and SIGTERM stops as Ctrl-C does: everything of ours is ended first.

    What the farm raises on purpose in a group of tasks comes out as itself.
    """

    async def main() -> Any:
        task = asyncio.ensure_future(story)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    try:
        return asyncio.run(main())
    except ExceptionGroup as group:
        ours, bugs = group.split(FarmError)
        if ours is None or bugs is not None:
            raise
        raise first_error(ours) from group


def versions() -> dict[str, str]:
    """Of the farm, Python and the libraries that a number may depend on."""
    return {
        "farm": __version__,
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in LIBRARIES},
    }


def commit() -> str | None:
    """The commit of the checkout that this code runs from, `-dirty` with changes, if it is one."""
    here = Path(__file__)
    try:
        # Installed into some other project's checkout, we are not a file of that.
        _git(here.parent, "ls-files", "--error-unmatch", here.name)
        return _git(here.parent, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")
    except (OSError, subprocess.SubprocessError):
        return None


def _git(directory: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=directory, capture_output=True, text=True, timeout=10, check=True
    ).stdout.strip()


def stream_of(as_json: bool) -> Any:
    """Where progress goes: stdout belongs to the JSON when that is asked for."""
    return sys.stderr if as_json else sys.stdout
