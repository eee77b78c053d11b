"""`farm report RUN --probe P`, `--rows TABLE`, `--export FORMAT`: prints or exports parts."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from farm.cli.recorded import recorded_run
from farm.errors import BadInput, RecordingError
from farm.model.durations import parse_duration_s
from farm.model.wording import counted
from farm.recording.journal import trial_times_s
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from reports.exports.files import FORMATS, export
from reports.exports.rows import OF_A_RUN, TABLES, Choice, rows, write_csv
from reports.exports.told_rows import trial_rows
from reports.pages.probe_report import write_probe


def describe(verb: argparse.ArgumentParser) -> None:
    """Add the options `--probe`, `--trial`, `--since`, `--rows`, `--export`, `--to`."""
    verb.add_argument("--probe", metavar="P", help="a figure and a table of one probe: p007")
    verb.add_argument(
        "--trial", type=int, metavar="N", help="of that trial; default: the last, exports: all"
    )
    verb.add_argument("--since", metavar="60s", help="only the last so long before the probes left")
    verb.add_argument(
        "--rows",
        choices=(*TABLES, *OF_A_RUN),
        metavar="TABLE",
        help=f"print recorded rows as CSV; a table is one of {', '.join(TABLES)}, or of the run: "
        f"{', '.join(OF_A_RUN)}",
    )
    verb.add_argument("--export", choices=FORMATS, help="write the recording for other programs")
    verb.add_argument("--to", type=Path, metavar="DIR", help="where exports go; RUN/exports/FORMAT")


def asked_for(options: argparse.Namespace) -> bool:
    """Whether a part is asked for. Raises BadInput for options that need another one."""
    wanted = [options.probe, options.rows, options.export]
    if all(each is None for each in wanted):
        for name in ("trial", "since"):
            if getattr(options, name) is not None:
                raise BadInput(f"--{name}: only together with --probe, --rows or --export")
    if options.to is not None and options.export is None:
        raise BadInput("--to: only together with --export")
    if options.rows is not None and options.export is not None:
        raise BadInput("--rows: prints, --export writes files: ask for one of them")
    return any(each is not None for each in wanted)


def act(options: argparse.Namespace) -> int:
    reader = recorded_run(options.run, "RUN")
    choice = Choice(options.probe, _seconds(options.since))
    if options.export is not None:
        folder = options.to or reader.path / "exports" / options.export
        trials = reader.trials if options.trial is None else [_trial(reader, options.trial)]
        files = export(reader, options.export, trials, choice, folder)
        facts = {"export": str(folder), "files": len(files)}
        print(json.dumps(facts) if options.json else f"{counted(len(files), 'file')} in {folder}")
        _print_damage(reader, trials)
        return 0
    if options.rows in OF_A_RUN:
        return _print_trials(reader, options)
    trial = _trial(reader, options.trial)
    if options.rows is not None:
        frame = rows(trial, options.rows, choice)
        if frame is None:
            print(f"farm: trial {trial.plan.index} has no rows of {options.rows}", file=sys.stderr)
        else:
            write_csv(frame, sys.stdout)
    else:
        drawn = write_probe(reader, trial, choice)
        print(json.dumps(drawn.facts()) if options.json else drawn.text())
    _print_damage(reader, [trial])
    return 0


def _print_trials(reader: RunReader, options: argparse.Namespace) -> int:
    for name in ("probe", "since"):
        if getattr(options, name) is not None:
            raise BadInput(f"--{name}: rows of {options.rows} are of whole trials")
    trials = reader.trials if options.trial is None else [_trial(reader, options.trial)]
    results = [trial.result for trial in trials if trial.result is not None]
    write_csv(trial_rows(results, trial_times_s(reader.journal)), sys.stdout)
    _print_damage(reader, trials)
    return 0


def _trial(reader: RunReader, index: int | None) -> TrialReader:
    """The trial named, or the last one. Raises BadInput."""
    if not reader.trials:
        raise BadInput(f"RUN: {reader.path} has no trial")
    if index is None:
        return reader.trials[-1]
    try:
        return reader.trial(index)
    except RecordingError as error:
        raise BadInput(f"--trial: {error}") from error


def _seconds(since: str | None) -> float | None:
    if since is None:
        return None
    try:
        return parse_duration_s(since)
    except ValueError as error:
        raise BadInput(f"--since: {error}") from error


def _print_damage(reader: RunReader, trials: Sequence[TrialReader]) -> None:
    """Print on stderr what could not be read."""
    for damage in dict.fromkeys([*reader.damage, *(each for t in trials for each in t.damage)]):
        print(f"farm: could not read {damage}", file=sys.stderr)
