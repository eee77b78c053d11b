"""Opens a bench (`farm.open`): a run folder, with servers, hosts and browsers ready."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path

from farm.analysis.comparison import fact_differences
from farm.bench.bench import Bench
from farm.bench.call_recordings import require_room
from farm.bench.extent import Extent, check_space, single_extent
from farm.bench.grouped_errors import errors_as_themselves
from farm.bench.page_opening import check_opening, opening_warnings
from farm.bench.preflight import preflight
from farm.bench.pricing import checked_price, cost_of_measuring, price_note
from farm.bench.provenance import commit, versions
from farm.bench.recorded_run import RecordedRun
from farm.bench.run_facts import server_facts
from farm.bench.run_store import RunStore
from farm.bench.silent import SilentObserver
from farm.bench.wiring import OpenWorld, open_world
from farm.browser.chromium_program import FLAGS
from farm.drivers import data_of, with_room_media
from farm.errors import BadInput, NoSpace, RecordingError, ServerUnreachable
from farm.execution.trials import Trials
from farm.experiment_file import as_yaml, check
from farm.files.file_lock import FileLock
from farm.model.data_file import DataFacts
from farm.model.experiment import Experiment
from farm.model.run_clock import RunClock
from farm.model.server_samples import Footprint
from farm.planning.access_links import warning as network_warning
from farm.planning.unjudged_roles import warning as unjudged_warning
from farm.protocols import Observer, StepsWatched
from farm.recording import RunRecording
from farm.recording.journal import spent_s
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.recording.run_folder import run_name

SILENT = SilentObserver()


@asynccontextmanager
async def open_bench(
    experiment: Experiment,
    *,
    directory: str | PathLike[str] | None = None,
    observer: Observer = SILENT,
    text: str | None = None,
    beside: Path = Path(),
    extent: Extent | None = None,
    checked: bool = False,
    steps_watched: StepsWatched = "no",
) -> AsyncIterator[Bench]:
    """A fresh run: everything that the experiment names is started or reached, and there is a
    folder for it in `directory` (else in `output.directory`).

    Whatever ends the body, nothing of the farm is left running afterwards; the folder stays. What
    is wrong before the first trial leaves no folder behind, and raises BadInput, or
    ServerUnreachable: a missing program, a setting that does not fit, no room, a server that does
    not answer. Errors come as themselves, in no ExceptionGroup.

    `observer` is told how it goes. `text` is kept as the experiment's file, instead of one with all
    settings. A driver's file that has no absolute path is looked for in the directory `beside`.
    `extent` is what there must be room for from the start, on the disk, on the server, on the
    machines of probes: else a trial of `trial.load`, and each question makes sure of its own.
    That settings fit together is looked at again, unless they are `checked`, or are not meant to.
    `steps_watched`: what becomes of each step of the driver is recorded (`farm driver check`).
    """
    if directory is not None:
        output = replace(experiment.output, directory=Path(directory))
        experiment = replace(experiment, output=output)
    if not checked:
        check(experiment)
    experiment = with_room_media(experiment, beside)
    extent = extent or single_extent(experiment)
    text = as_yaml(experiment) if text is None else text
    clock = RunClock()
    with errors_as_themselves():
        preflight(experiment, beside)
        check_opening(experiment, extent.largest_load, beside)
        for warning in opening_warnings(experiment, beside):
            observer.note(warning)
        space = check_space(experiment, extent.largest_load, extent.trials)
        observer.note(f"disk: {space}")
        for note in (
            cost_of_measuring(experiment, extent.trials),
            network_warning(experiment),
            unjudged_warning(experiment),
        ):
            if note is not None:
                observer.note(note)
        name = experiment.output.name or run_name(clock.wall_s(), experiment.scenario.kind)
        manifest = Manifest(
            started_wall_s=clock.wall_s(),
            scenario=experiment.scenario.kind,
            settings=experiment,
            name=experiment.name,
            versions=versions(),
            commit=commit(),
            chromium_flags=tuple(flag for flag, _ in FLAGS) + experiment.probes.flags,
            data=data_facts(experiment, beside),
        )
        recording = _created(experiment.output.directory, name, text, manifest, clock)
        with recording:
            try:
                async with _opened(
                    recording,
                    manifest,
                    clock,
                    observer,
                    extent,
                    beside=beside,
                    steps_watched=steps_watched,
                ) as bench:
                    yield bench
            except (BadInput, ServerUnreachable):
                recording.folder.remove_unused()
                raise


@asynccontextmanager
async def resumed_bench(
    run: RecordedRun, lock: FileLock, observer: Observer, extent: Extent
) -> AsyncIterator[Bench]:
    """The run of a folder, taken up where it broke off; finished trials stay as they are.

    `lock` is the folder's, taken before it was read. There must be room on the disk for `extent`
    more. Resets are verified against the first of the run. Raises BadInput, ServerUnreachable.
    """
    clock, path, manifest = RunClock(), run.path, run.manifest
    experiment = manifest.settings
    with errors_as_themselves():
        preflight(experiment, path)
        check_opening(experiment, extent.largest_load, path)
        if manifest.data != data_facts(experiment, path):
            observer.note(f"not as the run began: {experiment.app.data} is another file now")
        here = replace(experiment, output=replace(experiment.output, directory=path))
        observer.note(f"disk: {check_space(here, extent.largest_load, extent.trials)}")
        with RunRecording.resume(path, clock, lock) as recording:
            recording.journal("resumed", trials=len(run.results))
            async with _opened(
                recording, manifest, clock, observer, extent, beside=path, earlier=run
            ) as bench:
                yield bench


def _other_server(was: Manifest, now: OpenWorld) -> Iterator[str]:
    """Differences from when the run began: its trials are then of two servers."""
    facts = server_facts(was.server, was.kurento), server_facts(now.server, now.kurento)
    for each in fact_differences(*facts):
        yield f"not as the run began: {each.what}: {each.a} then, {each.b} now"


@asynccontextmanager
async def _opened(
    recording: RunRecording,
    manifest: Manifest,
    clock: RunClock,
    observer: Observer,
    extent: Extent,
    *,
    beside: Path,
    earlier: RecordedRun | None = None,
    steps_watched: StepsWatched = "no",
) -> AsyncIterator[Bench]:
    """Open the bench; `earlier` is the recorded part of a run that is resumed."""
    experiment = manifest.settings
    async with open_world(
        experiment, recording, clock, observer, beside, steps_watched=steps_watched
    ) as opened:
        now = replace(manifest, server=opened.server, kurento=opened.kurento)
        if earlier is None:
            recording.write_manifest(now)
        trials = Trials(
            experiment,
            opened.world,
            RunStore(recording),
            opened.generator.names,
            () if earlier is None else earlier.results,
            fresh=None if earlier is None else first_footprint(earlier),
            rooms=opened.generator.rooms,
        )
        note = price_note(checked_price(experiment, opened.server))
        if note is not None:
            trials.say(note)
        before_s = 0.0 if earlier is None else spent_s(earlier.journal)
        bench = Bench(recording, trials, opened, experiment, extent=extent, spent_s=before_s)
        try:
            observer.run_folder(recording.path)
            if earlier is not None:
                for each in _other_server(manifest, opened):
                    trials.say(each)
            trials.check_room(extent.largest_load)
            server = opened.world.server
            await require_room(experiment, server, extent.largest_load, extent.trials)
            yield bench
        finally:
            bench.end()
            hosts = tuple(opened.generator.seen.values())
            if hosts:  # else it ended before a first trial, and Chromium stays unknown
                chromium = ", ".join(sorted({host.chromium for host in hosts}))
                recording.write_manifest(replace(now, hosts=hosts, chromium=chromium))


def first_footprint(run: RunReader) -> Footprint | None:
    """The server's footprint after the first reset of a run; `None` if unknown."""
    reports = (trial.reset for trial in run.trials if trial.result is not None)
    return next((report.footprint for report in reports if report and report.footprint), None)


def data_facts(experiment: Experiment, beside: Path) -> DataFacts | None:
    data = data_of(experiment, beside)
    return None if data is None else data.facts()


def _created(
    directory: Path, name: str, text: str, manifest: Manifest, clock: RunClock
) -> RunRecording:
    try:
        return RunRecording.create(directory, name, text, manifest, clock)
    except NoSpace:
        raise
    except RecordingError as error:
        raise BadInput(f"output.directory: {error}") from error
