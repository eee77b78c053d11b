"""`farm driver check FILE --url URL`: runs a driver once, and shows what came of each step."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

from farm.bench.driver_check import DriverCheck, check_driver
from farm.cli.checked_experiment import add_scenario_options, checked_experiment, checked_load
from farm.cli.driver_check_observer import DriverCheckObserver
from farm.cli.options import add_run_options, said_where, stream_of, with_options
from farm.cli.stopping import run_to_end
from farm.drivers import driver_of, driver_path
from farm.drivers.step_places import cut_texts, step_places
from farm.experiment_file import placed
from farm.files.text_file import text_of
from farm.model.driver import is_file_name
from farm.model.experiment import Experiment
from farm.model.json_values import to_jsonable
from farm.results.driver_check import DriverText
from reports.pages.driver_check_page import CheckPage, probe_parts, write_check_page
from reports.text.driver_check import answer_line, run_line, trial_lines

WORKS, DOES_NOT_WORK, UNKNOWN = 0, 1, 3


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm driver check mine.yaml --url https://203.0.113.10/"
    actions = verb.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser(
        "check",
        help="run each role once, with a picture of every step",
        description="Run each role of a driver once, in real browsers on this machine, with a "
        "picture of every step; then once more at the pace of farm run.",
        epilog="exit codes: 0 it works; 1 it does not; 2 bad input; 3 nothing can be said, as "
        "this machine or a browser was at fault",
    )
    check.add_argument("driver", metavar="FILE", help="the driver's YAML file, or a name")
    add_scenario_options(check)
    add_run_options(check)
    check.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    keys = {"app.driver": "", "app.url": "--url"}  # its messages name the driver's file
    with placed(options.experiment, keys), said_where(options):
        experiment = with_options(checked_experiment(options), options)
        load = checked_load(options, experiment)
        return report_check(
            experiment,
            load,
            as_json=options.json,
            name=options.driver,
        )


def report_check(experiment: Experiment, load: int, *, as_json: bool, name: str) -> int:
    """Check the experiment's driver, called `name`; print and draw what was found. The exit code.

    Raises BadInput.
    """
    stream = stream_of(as_json)

    def say(line: str) -> None:
        print(line, file=stream, flush=True)

    text = driver_text(experiment, name)
    observer = DriverCheckObserver(say)
    check = run_to_end(check_driver(experiment, load, text, observer, say))
    page = _draw(check, load, text)
    if as_json:
        print(json.dumps(to_jsonable(_facts(check, page)), indent=2))
    else:
        _tell(check, page, say)
    if check.unknown:
        return UNKNOWN
    return WORKS if check.works else DOES_NOT_WORK


def driver_text(experiment: Experiment, name: str) -> DriverText:
    """The text of the experiment's driver, which has been read without an error."""
    path = driver_path(experiment.app.driver or name)
    source = name if is_file_name(name) else path.name
    written = text_of(path)
    return DriverText(source, step_places(driver_of(experiment), written), cut_texts(written))


def _tell(check: DriverCheck, page: Path, say: Callable[[str], None]) -> None:
    last = check.trials[-1]
    for line in trial_lines(check.trials if not last.works else (check.pictured,)):
        say(line)
    say("")
    for problem in last.problems[1:]:
        say(f"also: {problem}")
    for hint in check.hints:
        say(f"hint: {hint}")
    say(run_line(last))
    say(answer_line(check.trials))
    say(f"pictures: {page}")


def _draw(check: DriverCheck, load: int, text: DriverText) -> Path:
    outcome = "invalid" if check.unknown else "pass" if check.works else "fail"
    folder = f"000-load-{load:03d}"
    notes = [run_line(check.trials[-1])]
    if check.run is not None:
        notes.append(f"The trial without pictures: {check.run}")
    page = CheckPage(
        title=text.source,
        outcome=outcome,
        answer=answer_line(check.trials),
        problems=check.trials[-1].problems,
        hints=check.hints,
        source=text.source,
        probes=probe_parts(check.folder, folder, check.pictured),
        notes=tuple(notes),
    )
    return write_check_page(check.folder, page)


def _facts(check: DriverCheck, page: Path) -> dict[str, object]:
    return {
        "works": None if check.unknown else check.works,
        "answer": answer_line(check.trials),
        "problems": check.trials[-1].problems,
        "hints": check.hints,
        "page": str(page),
        "runs": [str(run) for run in (check.folder, check.run, check.beside) if run],
        "probes": check.trials[-1].probes,
    }
