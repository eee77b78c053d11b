"""`farm teardown [RUN]`: ends all of a run on AWS, by its tag, from any machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import NamedTuple

from farm.bench.aws_run import files_of, forget, held, now, price_cache
from farm.cli.options import confirmed
from farm.errors import BadInput, CloudError
from farm.experiment_file import load_experiment
from infra.aws.apply import remove
from infra.aws.cloud import Cloud
from infra.aws.look import Looked, look_around
from infra.aws.prices import prices
from infra.aws.resources import Observed
from infra.aws.run_files import RunFiles
from infra.aws.statement import left, to_end


class _Wanted(NamedTuple):
    """What to end: a run (`None`: all), its files where they are here, the regions to search."""

    run: str | None
    files: RunFiles | None
    regions: tuple[str, ...]


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "examples: farm teardown calls.yaml, farm teardown calls-3f9a2c"
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("run", nargs="?", help="a run's name, or the experiment it was made for")
    what.add_argument("--all", action="store_true", help="every run of the farm in this account")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    verb.add_argument("--region", action="append", metavar="NAME", help="look only there")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace, reach: Callable[[], Cloud] = Cloud) -> int:
    """End the run; 0 when nothing is left. `reach` gives the account."""
    cloud = reach()
    account = cloud.account()
    wanted = _named(options, cloud)
    with nullcontext() if wanted.files is None else held(wanted.files):
        return _end(cloud, account, wanted, yes=options.yes)


def _end(cloud: Cloud, account: str, wanted: _Wanted, *, yes: bool) -> int:
    run, files, regions = wanted
    looked = look_around(cloud, regions, run)
    there, regions = looked.there, looked.regions
    if not there.anything:
        _say(f"Nothing exists of {run or 'any run'} (account {account}, {_places(regions)}).")
        return _over(looked, files)
    asked = [(machine.type, machine.region) for machine in there.machines]
    table, _ = prices(cloud, asked, price_cache(), now().date())
    for name in there.runs:
        _say(f"Run {name}, AWS account {account}, will be ended:")
        for line in to_end(there.of(name), table, now()):
            _say(line)
    if not confirmed("End it?", yes=yes):
        _say("nothing was ended")
        return 130
    remains = Observed()
    for name in there.runs:
        remains += remove(cloud, name, regions, _say)
    if remains.anything:
        still = "; ".join(left(remains, table))
        also = "" if looked.unseen is None else f"; {looked.unseen}"
        raise CloudError(f"not all of it has ended: {still}: call again{also}")
    _say(f"{', '.join(there.runs)}: nothing is left{_of(looked)}.")
    return _over(looked, files)


def _named(options: argparse.Namespace, cloud: Cloud) -> _Wanted:
    regions = tuple(options.region) if options.region else None
    if options.all:
        return _Wanted(None, None, regions or cloud.regions())
    file = Path(options.run)
    if file.suffix not in {".yaml", ".yml"}:
        return _Wanted(options.run, None, regions or cloud.regions())
    files = files_of(load_experiment(file, inventory_to_come=True), file)
    record = files.record()
    if record is None:
        raise BadInput(
            f"{file}: {files.folder} has no run.json: name the run (`farm provision --list`)"
        )
    return _Wanted(record.run, files, regions or record.regions)


def _of(looked: Looked) -> str:
    return f" in {_places(looked.regions)}" if looked.denied else ""


def _over(looked: Looked, files: RunFiles | None) -> int:
    """Forget the run's files; 0. Raises CloudError where a region could not be checked."""
    if looked.unseen is not None:
        raise CloudError(looked.unseen)  # the keys are kept: machines may still exist
    _forget(files)
    return 0


def _forget(files: RunFiles | None) -> None:
    if files is not None:
        forget(files, _say)


def _places(regions: tuple[str, ...]) -> str:
    return regions[0] if len(regions) == 1 else f"{len(regions)} regions"


def _say(text: str) -> None:
    print(text, file=sys.stdout, flush=True)
