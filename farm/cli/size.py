"""`farm size EXPERIMENT`: searches for the capacity."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from farm.bench.sizing import resumed_search, search
from farm.cli import matrix
from farm.cli.ending import add_upload_option, end
from farm.cli.live import Story, add_live_option, shown_live
from farm.cli.options import add_run_options, asked_for, probes, said_where, stream_of
from farm.cli.recorded import run_path, unfinished_run
from farm.cli.stopping import run_to_end
from farm.errors import BadInput
from farm.files.text_file import text_of
from farm.model.experiment import Experiment
from farm.planning.load_steps import ladder
from farm.recording.matrix_folder import is_matrix_folder
from farm.search.capacity_estimate import LOAD_HELD, CapacityEstimate, State
from farm.terminal import Terminal

EXIT_CODES: dict[State, int] = {"converged": 0, "ceiling_passed": 0, "floor_failed": 1}
"""Any other state is inconclusive: 3."""

UNFINISHED: tuple[State, ...] = ("generator_ran_out", "out_of_trials")
"""States in which more trials would narrow the interval, which is sound so far."""


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm size calls.yaml --fail-under 16"
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("experiment", type=Path, nargs="?", help="a YAML file")
    what.add_argument("--resume", type=run_path, metavar="RUN", help="continue that run")
    verb.add_argument(
        "--matrix",
        action="store_true",
        help="search for each experiment of a file with a section `matrix`, and compare them",
    )
    verb.add_argument(
        "--fail-under",
        type=probes,
        metavar="N",
        help="exit 1 when the capacity is below N probes, 3 when that is unknown",
    )
    add_run_options(verb)
    add_upload_option(verb)
    add_live_option(verb)
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    if options.matrix or (options.resume is not None and is_matrix_folder(options.resume)):
        return matrix.act(options)
    if options.resume is not None:
        with unfinished_run(options.resume, watch=False) as (run, lock):
            check_fail_under(options.fail_under, run.settings)
            return _to_end(options, partial(resumed_search, run, lock))
    experiment = asked_for(options)
    check_fail_under(options.fail_under, experiment)
    text, beside = text_of(options.experiment), options.experiment.parent
    return _to_end(options, partial(search, experiment, text, beside))


def _to_end(options: argparse.Namespace, story: Story[tuple[Path, CapacityEstimate]]) -> int:
    terminal = Terminal(stream_of(options.json))
    with terminal.watching(), said_where(options):
        path, estimate = run_to_end(shown_live(options.live, terminal, story))
    end(path, as_json=options.json, upload=options.upload)
    return exit_code(estimate, options.fail_under)


def check_fail_under(fail_under: int | None, experiment: Experiment) -> None:
    """Raise BadInput for more probes than the search may try."""
    largest = ladder(experiment).maximum
    if fail_under is not None and fail_under > largest:
        setting = "maximum" if experiment.search.loads is None else "loads"
        raise BadInput(
            f"--fail-under: {fail_under}: no load above {largest} is tried (search.{setting})"
        )


def exit_code(estimate: CapacityEstimate, fail_under: int | None) -> int:
    """The exit code of a search.

    A capacity below `fail_under` fails, unless the largest load allowed passed. A search without an
    answer is inconclusive, unless the low end of its interval reaches `fail_under`.
    """
    code = EXIT_CODES.get(estimate.state, 3)
    if fail_under is None:
        return code
    if estimate.state in LOAD_HELD:
        if estimate.probes is not None and estimate.probes >= fail_under:
            return 0
        return 1 if estimate.state == "converged" else 3
    low, _ = estimate.interval
    if estimate.state in UNFINISHED and low is not None and low >= fail_under:
        return 0
    return code
