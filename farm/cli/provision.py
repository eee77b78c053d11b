"""`farm provision EXPERIMENT`: makes server and hosts on AWS, after showing plan and price."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from farm.bench.aws_run import (
    AwsRun,
    aws_run,
    files_of,
    forget,
    held,
    new_record,
    now,
    price_cache,
    with_keys,
    write_addresses,
)
from farm.cli.machines_ready import wait_until_ready
from farm.cli.options import confirmed
from farm.cli.stopping import stopped_as_by_ctrl_c
from farm.errors import BadInput, CloudError
from farm.experiment_file import load_experiment, load_inventory
from farm.hosts.ray import ray_version
from farm.model.durations import DURATION_EXPECTED, parse_duration_s
from farm.model.experiment import Experiment
from infra.aws.apply import provide, remove
from infra.aws.cloud import Cloud
from infra.aws.look import look_around, observe
from infra.aws.plan import plan
from infra.aws.prices import prices
from infra.aws.resources import Observed
from infra.aws.run_files import RunFiles
from infra.aws.statement import bill_of, cost_so_far, listed, planned

SHORTEST_TTL_S = 600.0


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "examples: farm provision calls.yaml --plan, farm provision --list"
    what = verb.add_mutually_exclusive_group(required=True)
    what.add_argument("experiment", type=Path, nargs="?", help="a YAML file; its section aws")
    what.add_argument("--list", action="store_true", help="what runs, and what it has cost so far")
    verb.add_argument("--plan", action="store_true", help="only show what would be made")
    verb.add_argument("--yes", action="store_true", help="do not ask")
    verb.add_argument("--ttl", metavar="3h", help="the machines end themselves after it (aws.ttl)")
    verb.add_argument("--no-wait", action="store_true", help="do not wait until they have booted")
    verb.add_argument(
        "--region", action="append", metavar="NAME", help="with --list: look only there"
    )
    verb.add_argument("--json", action="store_true", help="the answer as JSON, progress on stderr")
    verb.set_defaults(act=act)


def act(options: argparse.Namespace, reach: Callable[[], Cloud] = Cloud) -> int:
    """`reach` gives the account."""
    if options.list:
        return list_runs(options, reach())
    experiment = load_experiment(options.experiment, inventory_to_come=True)
    if options.ttl is not None:
        experiment = replace(experiment, aws=replace(experiment.aws, ttl_s=_ttl_s(options.ttl)))
    files = files_of(experiment, options.experiment)
    with stopped_as_by_ctrl_c(), held(files):
        return _provision(options, experiment, files, reach())


def _provision(
    options: argparse.Namespace, experiment: Experiment, files: RunFiles, cloud: Cloud
) -> int:
    say = _sayer(options.json)
    account = cloud.account()
    run = _run(cloud, experiment, options.experiment, files, say)
    there = observe(cloud, run.wanted.everywhere, run.wanted.run)
    step = plan(run.wanted, run.facts, there)
    wanted_prices = [
        (name, machine.region) for machine in run.wanted.machines for name in machine.types
    ]
    table, note = prices(cloud, wanted_prices, price_cache(), now().date())
    left = run.wanted.expires - now()
    for line in planned(
        run.wanted,
        run.facts,
        there,
        step,
        table,
        account=account,
        hours=left / timedelta(hours=1),
        table_note=note,
    ):
        say(line)
    if experiment.aws.hosts and ray_version() is None:
        say("")
        say("Ray is not installed here, but the hosts are reached through it:")
        say("  pip install 'probe-farm[cluster]'")
    if options.plan:
        say("")
        say("This was only the plan: nothing was made. Without --plan you are asked first.")
        return 0
    if not step.done:
        if not confirmed("Make it?", yes=options.yes):
            say("nothing was made")
            return 130
        files.keep(replace(run.record, regions=run.wanted.everywhere))
        there = provide(cloud, with_keys(run, experiment.aws), run.facts, say)
    write_addresses(run, there)
    if options.no_wait:
        say(
            f"They boot. Run `farm provision {options.experiment}` again later to install the farm."
        )
    else:
        wait_until_ready(load_inventory(files.inventory), say)
    bill = bill_of(run.wanted, table)
    _next_steps(experiment, options.experiment, run, say)
    if options.json:
        facts = {
            "run": run.wanted.run,
            "expires": run.record.expires,
            "inventory": str(files.inventory),
            "usd_per_hour": None if bill.unknown else round(bill.per_hour, 4),
        }
        print(json.dumps(facts, indent=2))
    return 0


def _run(cloud: Cloud, experiment: Experiment, file: Path, files: RunFiles, say: Any) -> AwsRun:
    """The run of this folder; a new one where there is none, or where it is over."""
    record = files.record()
    files.check(record)
    if record is not None and record.expires_at <= now():
        say(f"run {record.run} ended at {record.expires}; what is left of it is removed first")
        left = remove(cloud, record.run, record.regions, say)
        if left.anything:
            raise BadInput(f"run {record.run}: not all of it is gone: farm teardown {record.run}")
        forget(files, say)
        files.check(None)
        record = None
    return aws_run(cloud, experiment.aws, record or new_record(experiment, file), files)


def _next_steps(experiment: Experiment, file: Path, run: AwsRun, say: Any) -> None:
    inventory = run.files.inventory
    if experiment.inventory is None:
        beside = inventory.relative_to(file.parent.resolve())
        say(f"Write into {file}:   inventory: {beside}")
    say(f"Then: farm doctor {file}, farm size {file}; in the end: farm teardown {run.wanted.run}")


def list_runs(options: argparse.Namespace, cloud: Cloud) -> int:
    cloud.account()
    regions = options.region or cloud.regions()
    looked = look_around(cloud, regions)
    there = looked.there
    machines = [(machine.type, machine.region) for machine in there.machines]
    table, note = prices(cloud, machines, price_cache(), now().date())
    say = _sayer(options.json)
    if looked.denied and not there.runs:
        say(f"Nothing of the probe farm is in {', '.join(looked.regions)}.")
    else:
        for line in listed(there, table, now()):
            say(line)
    if note and there.machines:
        say(f"  {note}")
    if options.json:
        runs = [_listed_plain(there.of(run), run, table) for run in there.runs]
        print(json.dumps(runs, indent=2))
    if looked.unseen is not None:
        raise CloudError(looked.unseen)
    return 0


def _listed_plain(there: Observed, run: str, table: Any) -> dict[str, Any]:
    spent = cost_so_far(there.machines, table, now())
    return {
        "run": run,
        "machines": [
            {"name": m.name, "type": m.type, "region": m.region, "state": m.state, "id": m.id}
            for m in there.machines
        ],
        "usd_so_far": None if spent.unknown else round(spent.per_hour, 4),
    }


def _ttl_s(text: str) -> float:
    try:
        seconds = parse_duration_s(text)
    except ValueError:
        raise BadInput(f"--ttl: {text}: expected {DURATION_EXPECTED}") from None
    if seconds < SHORTEST_TTL_S:
        raise BadInput(f"--ttl: {text}: expected 10m or more")
    return seconds


def _sayer(as_json: bool) -> Any:
    stream = sys.stderr if as_json else sys.stdout

    def say(text: str) -> None:
        print(text, file=stream, flush=True)

    return say
