"""Options that verbs share, what `--yes` answers, and the experiment as these change it."""

from __future__ import annotations

import argparse
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from farm.drivers import with_room_media
from farm.errors import BadInput
from farm.experiment_file import MADE_HERE, load_experiment, placed
from farm.files.path_beside import path_beside
from farm.model.durations import parse_duration_s
from farm.model.experiment import Experiment

MOST_DIGITS = 9


def add_run_options(verb: argparse.ArgumentParser) -> None:
    """Add the options `--out`, `--chromium`, `--video`, `--audio`, `--json`."""
    verb.add_argument("--out", type=Path, metavar="DIR", help="where the run folder goes")
    verb.add_argument("--chromium", type=Path, metavar="PATH", help="the browser to use")
    verb.add_argument("--video", metavar="FILE", help="what the cameras show: any clip PyAV reads")
    verb.add_argument("--audio", metavar="FILE", help="what the microphones record")
    verb.add_argument("--json", action="store_true", help="the answer as JSON, progress on stderr")


def duration_s(text: str) -> float:
    """An option that is a duration, in seconds; for `type=`."""
    try:
        seconds = parse_duration_s(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if seconds < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected 1s or more")
    return seconds


def probes(text: str) -> int:
    """A number of probes; for `type=`."""
    if not text.isascii() or not text.isdigit() or len(text) > MOST_DIGITS or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a number of probes, 1 or more")
    return int(text)


def asked_for(options: argparse.Namespace) -> Experiment:
    """The experiment in the file named, with the command line's changes. Raises BadInput."""
    experiment = load_experiment(options.experiment)
    with said_where(options):
        return with_options(experiment, options)


def with_options(experiment: Experiment, options: argparse.Namespace) -> Experiment:
    """The experiment with options of the command line in place of its settings.

    What it leaves open the driver decides. Raises BadInput for a driver that cannot be read.
    """
    if options.out is not None:
        experiment = replace(experiment, output=replace(experiment.output, directory=options.out))
    if options.chromium is not None:
        chromium = path_beside(Path(), options.chromium)
        experiment = replace(experiment, probes=replace(experiment.probes, chromium=chromium))
    media = experiment.media
    if options.video is not None:
        media = replace(media, video=_clip(options.video))
    if options.audio is not None:
        media = replace(media, audio=_clip(options.audio))
    return with_room_media(replace(experiment, media=media))


def _clip(given: str) -> str:
    """The absolute path of a clip, so that a run can be resumed elsewhere; words stay."""
    return given if given in MADE_HERE else str(path_beside(Path(), given))


def said_where(options: argparse.Namespace) -> AbstractContextManager[None]:
    """Make errors about a setting name the option, or the line of the file, that gave it."""
    given = {
        "output.directory": ("--out", options.out),
        "probes.chromium": ("--chromium", options.chromium),
        "media.video": ("--video", options.video),
        "media.audio": ("--audio", options.audio),
    }
    from_line = {key: option for key, (option, value) in given.items() if value is not None}
    return placed(getattr(options, "experiment", None), from_line)


def stream_of(as_json: bool) -> TextIO:
    """Where progress goes: stdout belongs to the JSON when that is asked for."""
    return sys.stderr if as_json else sys.stdout


def confirmed(question: str, *, yes: bool, keyboard: TextIO | None = None) -> bool:
    """Whether the user agrees; asked on stderr. Raises BadInput without a terminal.

    The answer is typed at `keyboard`, by default standard input.
    """
    if yes:
        return True
    keyboard = keyboard or sys.stdin
    if not keyboard.isatty():
        raise BadInput(f"{question} There is no terminal to ask at: --yes goes ahead")
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return keyboard.readline().strip().lower() in {"y", "yes"}
