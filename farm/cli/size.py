"""`farm size EXPERIMENT`: how many?"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from farm.attribution import trial_that_broke, trial_that_held
from farm.bench.pricing import checked_price, price_table
from farm.bench.running import (
    Run,
    baselines_in,
    evidence_of,
    new_run,
    resumed_run,
    run_to_end,
    stream_of,
)
from farm.bench.server_machine import machine_of
from farm.cli.ending import end
from farm.cli.live import Story, add_live_option, shown_live
from farm.cli.options import add_run_options, asked_for, probes, said_where
from farm.cli.recorded import broken_off
from farm.cli.uploading import add_upload_option
from farm.errors import BadInput
from farm.evidence.quality_by_second import quality_by_second
from farm.execution.trials import BASELINES, find_capacity
from farm.files.file_lock import FileLock
from farm.files.text_file import text_of
from farm.model.experiment import Experiment, SearchSettings
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.planning.load_steps import ladder
from farm.protocols import Observer
from farm.recording.journal import trial_times_s
from farm.recording.reader import RunReader
from farm.results.summary import size_summary
from farm.search.capacity_estimate import CapacityEstimate, State
from farm.search.from_experiment import search_of
from farm.terminal import Terminal

EXIT_CODES: dict[State, int] = {"converged": 0, "ceiling_passed": 0, "floor_failed": 1}
"""Any other state is inconclusive: 3."""

ANSWERED: tuple[State, ...] = ("converged", "ceiling_passed")
UNFINISHED: tuple[State, ...] = ("generator_ran_out", "out_of_trials")
"""More trials would have told more; what is known so far is sound."""


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm size calls.yaml --fail-under 16"
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("experiment", type=Path, nargs="?", help="a YAML file")
    what.add_argument("--resume", type=Path, metavar="RUN", help="go on where that run broke off")
    verb.add_argument(
        "--fail-under",
        type=probes,
        metavar="N",
        help="exit 1 when the capacity is below N probes, 3 when that is not known",
    )
    add_run_options(verb)
    add_upload_option(verb)
    add_live_option(verb)
    verb.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    if options.resume is not None:
        with broken_off(options.resume, watch=False) as (reader, lock):
            check_fail_under(options.fail_under, reader.manifest.settings)
            return _to_end(options, partial(resume, reader, lock))
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
    """Raises BadInput for more probes than are ever tried."""
    largest = ladder(experiment).maximum
    if fail_under is not None and fail_under > largest:
        setting = "maximum" if experiment.search.loads is None else "loads"
        raise BadInput(
            f"--fail-under: {fail_under}: no load above {largest} is tried (search.{setting})"
        )


def exit_code(estimate: CapacityEstimate, fail_under: int | None) -> int:
    """An answer below `fail_under` fails, unless the server may hold more than was allowed. A
    search that found none is inconclusive, unless its trials tell, with the confidence asked for,
    that so many hold."""
    code = EXIT_CODES.get(estimate.state, 3)
    if fail_under is None:
        return code
    if estimate.state in ANSWERED:
        if estimate.probes is not None and estimate.probes >= fail_under:
            return 0
        return 1 if estimate.state == "converged" else 3
    low, _ = estimate.interval
    if estimate.state in UNFINISHED and low is not None and low >= fail_under:
        return 0
    return code


async def search(
    experiment: Experiment, text: str, beside: Path, observer: Observer
) -> tuple[Path, CapacityEstimate]:
    """A run that searches."""
    async with new_run(
        experiment,
        text,
        beside,
        observer,
        largest_load=ladder(experiment).maximum,
        trials=_trials_at_most(experiment.search) + 1,
    ) as run:
        return await _search(run, experiment, None)


async def resume(
    reader: RunReader, lock: FileLock, observer: Observer
) -> tuple[Path, CapacityEstimate]:
    """The same for a run that broke off; its finished trials count, none is repeated."""
    experiment = reader.manifest.settings
    async with resumed_run(
        reader,
        lock,
        observer,
        largest_load=ladder(experiment).maximum,
        trials=max(1, _trials_at_most(experiment.search) + 1 - len(reader.results)),
    ) as run:
        return await _search(run, experiment, reader)


def _trials_at_most(settings: SearchSettings) -> int:
    """`max_trials` and the looks for drift between them; the look at the end is one more."""
    every = settings.drift_every
    searched = max(0, settings.max_trials - BASELINES)
    return settings.max_trials + (0 if every is None else searched // every)


async def _search(
    run: Run, experiment: Experiment, earlier: RunReader | None
) -> tuple[Path, CapacityEstimate]:
    rungs, settings = ladder(experiment), experiment.search
    budget_s = settings.budget_s
    estimate = await find_capacity(
        run.trials,
        search_of(experiment, _trials_at_most(settings)),
        rungs.minimum,
        known=[] if earlier is None else baselines_in(earlier),
        budget_s=None if budget_s is None else budget_s - run.spent_s,
        drift_every=settings.drift_every,
    )
    run.recording.journal("answer", state=estimate.state, probes=estimate.probes)
    run.recording.write_summary(_summary(run, experiment, estimate))
    return run.recording.path, estimate


def _summary(run: Run, experiment: Experiment, estimate: CapacityEstimate) -> dict[str, Any]:
    """The answer, with what limited the server and when to start another."""
    results = run.trials.results
    reader = RunReader.open(run.recording.path)

    def evidence(result: TrialResult | None) -> TrialEvidence | None:
        return None if result is None else evidence_of(reader, result.index, experiment.trial)

    held = trial_that_held(results, estimate)
    broke = trial_that_broke(results, estimate)
    price = experiment.server.price
    prices = None if price.machine is None else price_table(price)
    opened = run.opened
    held_evidence, broken = evidence(held), evidence(broke)
    seen = (each for known in (held_evidence, broken) if known for each in known.server_samples)
    check = checked_price(experiment, opened.server, seen)
    of_machine = None if check is None or check.unlike else prices
    return size_summary(
        experiment,
        results,
        estimate,
        held=held_evidence,
        broken=broken,
        quality=None if broke is None else quality_by_second(reader.trial(broke.index)),
        looks=run.trials.looks_for_drift(ladder(experiment).minimum, experiment.search.drift_every),
        began_wall_s=trial_times_s(reader.journal),
        prices=prices,
        price_check=check,
        machine=machine_of(experiment, opened.server, opened.generator.seen.values(), of_machine),
    )
