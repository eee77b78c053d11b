"""`farm run EXPERIMENT`: runs one trial, and prints its verdict."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from farm.bench.extent import Extent
from farm.bench.opening import open_bench
from farm.bench.recorded_run import RecordedRun
from farm.cli.ending import add_upload_option, end
from farm.cli.live import add_live_option, shown_live
from farm.cli.options import add_run_options, asked_for, said_where, stream_of
from farm.cli.recorded import baseline_run, run_path
from farm.cli.stopping import run_to_end
from farm.execution.trials import BASELINES
from farm.files.text_file import text_of
from farm.model.experiment import Experiment
from farm.model.verdict import Outcome
from farm.planning.load_steps import check_load, smallest_load
from farm.protocols import Observer
from farm.terminal import Terminal

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INVALID: 3}


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm run calls.yaml --load 18"
    verb.add_argument("experiment", type=Path, help="a YAML file; `farm init` writes one")
    verb.add_argument("--load", type=int, help="probes, instead of trial.load")
    against = verb.add_mutually_exclusive_group()
    against.add_argument(
        "--baseline", type=run_path, metavar="RUN", help="compare with that run, make no baseline"
    )
    against.add_argument(
        "--absolute", action="store_true", help="compare with no baseline: absolute limits only"
    )
    add_run_options(verb)
    add_upload_option(verb)
    add_live_option(verb)
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    experiment = asked_for(options)
    if options.load is not None:
        check_load(experiment.scenario, options.load, "--load")
        experiment = replace(experiment, trial=replace(experiment.trial, load=options.load))
    load = experiment.trial.load or smallest_load(experiment.scenario)
    given = None if options.baseline is None else baseline_run(options.baseline)
    first = not options.absolute and given is None and load > smallest_load(experiment.scenario)
    text = text_of(options.experiment)
    terminal = Terminal(stream_of(options.json))
    with terminal.watching(), said_where(options):
        path, outcome = run_to_end(
            shown_live(
                options.live,
                terminal,
                lambda observer: one_trial(
                    experiment,
                    text,
                    options.experiment.parent,
                    observer,
                    load=load,
                    given=given,
                    baseline_first=first,
                ),
            )
        )
    end(path, as_json=options.json, upload=options.upload)
    return EXIT_CODES[outcome]


async def one_trial(
    experiment: Experiment,
    text: str,
    beside: Path,
    observer: Observer,
    *,
    load: int,
    given: RecordedRun | None = None,
    baseline_first: bool = False,
    retries: int = 0,
) -> tuple[Path, Outcome]:
    """Make a run of one trial, if asked for after two at the smallest load that agree.

    An invalid trial is repeated, `retries` times at most; the last one is the answer.
    """
    extent = Extent(load, 1 + retries + (BASELINES if baseline_first else 0))
    async with open_bench(
        experiment, observer=observer, text=text, beside=beside, extent=extent
    ) as bench:
        if given is not None:
            bench.compare_with(given)
        if baseline_first:
            await bench.find_baseline()
        for _ in range(1 + retries):
            result = await bench.trial(load)
            if result.verdict.outcome is not Outcome.INVALID:
                break
        return bench.folder, result.verdict.outcome
