"""The run on AWS of an experiment: its record, files, wanted machines. For provision and resets."""

from __future__ import annotations

import hashlib
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import AddressValueError, IPv4Address
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from farm.errors import BadInput
from farm.files.file_lock import take
from farm.model.aws_settings import AwsSettings
from farm.model.experiment import Experiment
from infra.aws.cloud import Cloud
from infra.aws.cloud_init import user_data
from infra.aws.look import region_facts
from infra.aws.resources import APP_PORT, KURENTO_PORT, Machine, Observed, RegionFacts, Wanted
from infra.aws.run_files import FOLDER_SUFFIX, INVENTORY, RunFiles
from infra.aws.run_record import RunRecord
from infra.aws.wanted import check_architecture, complete, wanted_of

WHO_AM_I = "https://checkip.amazonaws.com/"
USER = "ubuntu"
RESET = "sudo -n /usr/local/sbin/reset-server"


@dataclass(frozen=True, slots=True)
class AwsRun:
    """A run on AWS; `wanted` has no keys yet (`with_keys`)."""

    record: RunRecord
    files: RunFiles
    wanted: Wanted
    facts: dict[str, RegionFacts]


def now() -> datetime:
    """The time now, to the second, as tags and timers have it."""
    return datetime.now(UTC).replace(microsecond=0)


def price_cache() -> Path:
    return user_cache_path("probe-farm") / "aws_prices.yaml"


def files_of(experiment: Experiment, file: Path) -> RunFiles:
    """The files of an experiment's run: beside the experiment, unless it names its inventory."""
    beside = file.parent.resolve() / f"{file.stem}{FOLDER_SUFFIX}" / INVENTORY
    return RunFiles(experiment.inventory or beside)


@contextmanager
def held(files: RunFiles) -> Iterator[None]:
    """Hold the lock of a run's files, so that two commands do not make or end it at once.

    The lock is in the farm's cache, not beside the user's files. Raises InUse, BadInput.
    """
    name = hashlib.sha256(os.fsencode(files.folder.resolve())).hexdigest()[:16]
    lock = user_cache_path("probe-farm") / f"aws_run_{name}.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        taken = take(lock, files.folder)
    except OSError as error:
        raise BadInput(f"{lock}: cannot be locked: {error.strerror}") from error
    with taken:
        yield


def forget(files: RunFiles, say: Callable[[str], None]) -> None:
    """Remove the files of a run that is over, and name those that are left."""
    left = files.forget()
    if left:
        say(f"left as it is, because the farm did not make it: {', '.join(map(str, left))}")


def new_record(experiment: Experiment, file: Path) -> RunRecord:
    """The record of a new run, with a unique name."""
    name = f"{(experiment.name or file.stem)[:40]}-{secrets.token_hex(3)}"
    expires = now() + timedelta(seconds=experiment.aws.ttl_s)
    return RunRecord(name, expires.isoformat(), ())


def aws_run(cloud: Cloud, aws: AwsSettings, record: RunRecord, files: RunFiles) -> AwsRun:
    """The run with its wanted machines, and what its regions offer. Raises BadInput, CloudError."""
    cloud.check_region(aws.server.region, "aws.server.region")
    for at, kind in enumerate(aws.hosts or ()):
        cloud.check_region(kind.region, f"aws.hosts[{at}].region")
    operator = aws.operator or _operator()
    wanted = wanted_of(aws, record.run, record.expires_at, operator, record.regions)
    facts = {region: _facts(cloud, wanted, region) for region in wanted.regions}
    check_architecture(aws, facts)
    return AwsRun(record, files, wanted, facts)


def with_keys(run: AwsRun, aws: AwsSettings) -> Wanted:
    """The wanted machines with keys and user data; missing keys are made and kept."""
    data = {
        machine.name: user_data(
            machine.role,
            host_key=run.files.host_key(machine.name),
            expires=run.wanted.expires,
            kurento=aws.kurento if machine.role == "server" else None,
        )
        for machine in run.wanted.machines
    }
    return complete(run.wanted, run.files.public_key(), data)


def write_addresses(run: AwsRun, there: Observed) -> None:
    """Write inventory and known_hosts of the machines that run."""
    machines = {machine.name: machine for machine in there.living}
    run.files.write_known_hosts(
        {machine.name: _addresses(machine) for machine in machines.values()}
    )
    run.files.write_inventory(inventory_plain(run, machines))


def inventory_plain(run: AwsRun, machines: Mapping[str, Machine]) -> dict[str, Any]:
    """The inventory as plain data: the server, and hosts, the first of each place Ray's head."""
    server = machines["server"]
    hosts, heads = [], set()
    for wanted in run.wanted.machines:
        if wanted.role == "host":
            machine = machines[wanted.name]
            cluster = (wanted.place, wanted.region)
            hosts.append(
                {
                    "name": wanted.name,
                    "place": wanted.place,
                    "ssh": _ssh(machine, run.files),
                    "ray": "worker" if cluster in heads else "head",
                    "private_address": machine.private_ip,
                    "machine": machine.type,
                    "region": machine.region,
                }
            )
            heads.add(cluster)
    return {
        "format": 1,
        "run": run.record.run,
        "expires": run.record.expires,
        "server": {
            "kurento": f"ws://{server.public_ip}:{KURENTO_PORT}/kurento",
            "ssh": _ssh(server, run.files),
            "reset": RESET,
            "app": f"http://{server.public_ip}:{APP_PORT}/",
            "machine": server.type,
            "region": server.region,
        },
        **({"hosts": hosts} if hosts else {}),
    }


def _ssh(machine: Machine, files: RunFiles) -> dict[str, str]:
    return {
        "to": f"{USER}@{machine.public_ip}",
        "key": files.key_path,
        "known_hosts": files.known_hosts_path,
    }


def _addresses(machine: Machine) -> Iterable[str]:
    return [machine.public_ip] if machine.public_ip is not None else []


def _facts(cloud: Cloud, wanted: Wanted, region: str) -> RegionFacts:
    machines = [machine for machine in wanted.machines if machine.region == region]
    types = {name for machine in machines for name in machine.types}
    ubuntu = any(machine.image is None for machine in machines)
    return region_facts(cloud, region, types, ubuntu=ubuntu)


def _operator() -> str:
    """This machine's address, as AWS sees it."""
    try:
        with urllib.request.urlopen(WHO_AM_I, timeout=10) as answer:
            return f"{IPv4Address(answer.read(64).decode().strip())}/32"
    except (OSError, urllib.error.URLError, AddressValueError, UnicodeDecodeError) as error:
        raise BadInput(
            f"aws.operator: auto: {WHO_AM_I} did not return this machine's address ({error}): "
            "expected an address such as 198.51.100.7/32"
        ) from error
