"""`farm watch EXPERIMENT`: tries one load repeatedly, for days, and looks for drift."""

from __future__ import annotations

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from farm.bench.extent import watch_extent
from farm.bench.opening import open_bench, resumed_bench
from farm.bench.recorded_run import RecordedRun
from farm.cli.ending import end
from farm.cli.live import Story, add_live_option, shown_live
from farm.cli.options import add_run_options, asked_for, duration_s, said_where, stream_of
from farm.cli.recorded import recorded_run, run_path, unfinished_run
from farm.cli.stopping import run_to_end
from farm.errors import BadInput, RecordingError
from farm.files.file_lock import FileLock
from farm.files.text_file import text_of
from farm.model.experiment import Experiment
from farm.model.wording import counted
from farm.planning.load_steps import check_load
from farm.protocols import Observer
from farm.recording.reader import RunReader
from farm.recording.run_list import list_runs
from farm.results.watch_summary import WatchState
from farm.terminal import Terminal

EXIT_CODES: dict[WatchState, int] = {
    "steady": 0,
    "passed": 0,
    "failed": 1,
    "drift": 3,
    "driver_failed": 3,
    "unwatched": 3,
}


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm watch calls.yaml --load 16 --every 15m --for 48h"
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("experiment", type=Path, nargs="?", help="a YAML file")
    what.add_argument("--resume", type=run_path, metavar="RUN", help="continue that run")
    load = verb.add_mutually_exclusive_group()
    load.add_argument("--load", type=int, help="probes, instead of watch.load")
    load.add_argument(
        "--load-of",
        type=run_path,
        metavar="RUN",
        help="the load that this run of farm size recommends",
    )
    verb.add_argument("--every", type=duration_s, metavar="15m", help="instead of watch.every")
    verb.add_argument(
        "--for", type=duration_s, metavar="48h", dest="for_s", help="instead of watch.for"
    )
    add_run_options(verb)
    add_live_option(verb)
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    terminal = Terminal(stream_of(options.json))
    if options.resume is not None:
        _check_nothing_beside(options)
        with unfinished_run(options.resume, watch=True) as (run, lock):
            return _to_end(options, terminal, partial(resume, run, lock))
    experiment = _experiment(options, terminal)
    text, beside = text_of(options.experiment), options.experiment.parent
    return _to_end(options, terminal, partial(watch, experiment, text, beside))


def _to_end(
    options: argparse.Namespace, terminal: Terminal, story: Story[tuple[Path, WatchState]]
) -> int:
    with terminal.watching(), said_where(options):
        path, state = run_to_end(shown_live(options.live, terminal, story))
    end(path, as_json=options.json)
    return EXIT_CODES[state]


async def watch(
    experiment: Experiment, text: str, beside: Path, observer: Observer
) -> tuple[Path, WatchState]:
    """Make a run that watches `experiment.watch.load`, which must be set."""
    extent = watch_extent(experiment, _load(experiment))
    async with open_bench(
        experiment, observer=observer, text=text, beside=beside, extent=extent
    ) as bench:
        observer.note(f"after a crash or Ctrl-C: farm watch --resume {bench.folder}")
        return bench.folder, await bench.watch()


async def resume(run: RecordedRun, lock: FileLock, observer: Observer) -> tuple[Path, WatchState]:
    """Resume the watch of a run that broke off; turns that have passed are left out."""
    extent = watch_extent(run.settings, _load(run.settings), len(run.results))
    async with resumed_bench(run, lock, observer, extent) as bench:
        return bench.folder, await bench.watch()


def _load(experiment: Experiment) -> int:
    load = experiment.watch.load
    assert load is not None, "it is found before anything begins"  # noqa: S101
    return load


# ---------------------------------------------------------------- which load, how often


def _experiment(options: argparse.Namespace, observer: Observer) -> Experiment:
    """The experiment asked for, with its load set."""
    experiment = asked_for(options)
    settings = experiment.watch
    if options.every is not None:
        settings = replace(settings, every_s=options.every)
    if options.for_s is not None:
        settings = replace(settings, for_s=options.for_s)
    load, setting = settings.load, "watch.load"
    if options.load is not None:
        load, setting = options.load, "--load"
    elif options.load_of is not None:
        load = _recommended(recorded_run(options.load_of, "--load-of"))
        if load is None:
            raise BadInput(f"--load-of: {options.load_of}: that run recommends no load")
    elif load is None:
        load = _last_answer(experiment, observer)
    check_load(experiment.scenario, load, setting)
    return replace(experiment, watch=replace(settings, load=load))


def _last_answer(experiment: Experiment, observer: Observer) -> int:
    """The load that the newest search of this scenario and server recommends. Raises BadInput."""
    directory = experiment.output.directory
    for entry in reversed(list_runs(directory)):
        try:
            run = RunReader.open(entry.path)
        except RecordingError:
            continue
        settings, load = run.manifest.settings, _recommended(run)
        if load and _measured(settings) == _measured(experiment):
            observer.note(f"load: {counted(load, 'probe')}, as {entry.path} recommends")
            return load
    raise BadInput(
        f"watch.load: from_answer: no search of this scenario and server in {directory} recommends "
        "a load: give --load N, or --load-of RUN"
    )


def _measured(experiment: Experiment) -> tuple[object, ...]:
    """What a run measures: its scenario, page, end point and server."""
    app, server = experiment.app, experiment.server
    return experiment.scenario, app.run, app.url, app.publish, server.kurento or server.janus


def _recommended(run: RunReader) -> int | None:
    load = ((run.summary or {}).get("capacity") or {}).get("recommended_probes")
    return load if isinstance(load, int) else None


def _check_nothing_beside(options: argparse.Namespace) -> None:
    """Raise BadInput for settings beside `--resume`: a resumed run keeps its own."""
    for option in ("load", "load_of", "every", "for_s"):
        if getattr(options, option) is not None:
            name = option.removesuffix("_s").replace("_", "-")
            raise BadInput(f"--{name}: not beside --resume: that run keeps its own")
