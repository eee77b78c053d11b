"""`farm run EXPERIMENT`: one trial, one verdict."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace
from pathlib import Path

from farm.analysis.comparison import setting_differences
from farm.attribution import LimitedBy, what_gave_way
from farm.bench.running import Run, baselines_in, evidence_of, new_run, run_to_end, stream_of
from farm.bench.server_machine import machine_of
from farm.cli.ending import end
from farm.cli.live import add_live_option, shown_live
from farm.cli.options import add_run_options, asked_for, said_where
from farm.cli.recorded import recorded_run
from farm.cli.uploading import add_upload_option
from farm.errors import BadInput
from farm.evidence.quality_by_second import quality_by_second
from farm.execution.trials import BASELINES
from farm.experiment_file import effective
from farm.files.text_file import text_of
from farm.model.experiment import Experiment
from farm.model.json_values import to_jsonable
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.planning.load_steps import check_load, smallest_load
from farm.protocols import Observer
from farm.recording.reader import RunReader
from farm.results.summary import run_summary
from farm.terminal import Terminal
from farm.verdict.baseline import Baseline, baseline_of

BASELINE_OF = "baseline_of"
"""What the journal calls the baseline of another run that the trial is compared with."""

ALIKE = ("scenario.", "app.", "media.", "network.", "probes.fidelity")
"""Settings by which a baseline's run should be alike."""

EXIT_CODES = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INVALID: 3}


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm run calls.yaml --load 18"
    verb.add_argument("experiment", type=Path, help="a YAML file; `farm init` writes one")
    verb.add_argument("--load", type=int, help="probes, instead of trial.load")
    against = verb.add_mutually_exclusive_group()
    against.add_argument(
        "--baseline", type=Path, metavar="RUN", help="compare with that run, make no baseline"
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
    given = None if options.baseline is None else baseline_given(options.baseline)
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
    given: GivenBaseline | None = None,
    baseline_first: bool = False,
    retries: int = 0,
) -> tuple[Path, Outcome]:
    """A run of one trial, after two that agree at the smallest load if asked for.

    While it is invalid it is tried again, `retries` times at most; the last one is the answer.
    """
    trials = 1 + retries + (BASELINES if baseline_first else 0)
    async with new_run(experiment, text, beside, observer, largest_load=load, trials=trials) as run:
        if given is not None:
            run.trials.baseline = given.baseline
            run.recording.journal(
                BASELINE_OF, run=str(given.run), baseline=to_jsonable(given.baseline)
            )
            for each in setting_differences(effective(given.settings), effective(experiment)):
                if each.what.startswith(ALIKE):
                    run.trials.say(
                        f"the baseline's run was not alike: {each.what}: {each.a}, here {each.b}"
                    )
        if baseline_first:
            await run.trials.find_baseline(smallest_load(experiment.scenario))
        for _ in range(1 + retries):
            result, evidence = await run.trials.measure(load, "single")
            if result.verdict.outcome is not Outcome.INVALID:
                break
        limit = _what_gave_way(run, experiment, result, evidence)
        run.recording.write_summary(run_summary(experiment, run.trials.results, limit))
        return run.recording.path, result.verdict.outcome


def _what_gave_way(
    run: Run, experiment: Experiment, result: TrialResult, evidence: TrialEvidence
) -> LimitedBy | None:
    """If the trial failed. Its baseline, if it made one, is the trial that held."""
    if result.verdict.outcome is not Outcome.FAIL:
        return None
    reader = RunReader.open(run.recording.path)
    before = baselines_in(reader)
    return what_gave_way(
        result,
        evidence,
        machine_of(experiment, run.opened.server, run.opened.generator.seen.values()),
        held=before[-1] if before else None,
        quality=quality_by_second(reader.trial(result.index)),
    )


@dataclass(frozen=True, slots=True)
class GivenBaseline:
    """The baseline of another `run`, which had those settings."""

    run: Path
    settings: Experiment
    baseline: Baseline


def baseline_given(path: Path) -> GivenBaseline:
    """What a recorded run is good for as a baseline. Raises BadInput when it has none."""
    reader = recorded_run(path, "--baseline")
    settings = reader.manifest.settings
    passed = [result for result in reader.results if result.verdict.outcome is Outcome.PASS]
    smallest = min((result.load for result in passed), default=None)
    evidences = [
        evidence_of(reader, result.index, settings.trial)
        for result in passed
        if result.load == smallest
    ]
    baseline = baseline_of(evidences, at_least=1)
    if baseline is None:
        raise BadInput(f"--baseline: {path}: no trial of that run passed, or they do not agree")
    return GivenBaseline(path.resolve(), settings, baseline)
