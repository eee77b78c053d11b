"""Resets of the server's machine between trials: a reboot, or a new instance in its place.

`farm.server` knows nothing of AWS: it awaits the function that it is given, and sees by itself that
the machine has booted anew.
"""

from __future__ import annotations

from collections.abc import Mapping

from farm.errors import CloudError
from infra.aws.apply import Patience, Say, provide
from infra.aws.cloud import Cloud
from infra.aws.look import observe
from infra.aws.resources import Machine, RegionFacts, Wanted


def reboot(cloud: Cloud, run: str, region: str) -> None:
    """Ask EC2 to reboot the run's server; returns before it has. Raises CloudError."""
    server = _server(cloud, run, region)
    cloud.call("reboot_instances", region, InstanceIds=[server.id])


def fresh_instance(
    cloud: Cloud,
    wanted: Wanted,
    facts: Mapping[str, RegionFacts],
    say: Say,
    patience: Patience = Patience(),  # noqa: B008
) -> None:
    """End the run's server and put another in its place, at the same Elastic IP.

    It has the same host key, so that SSH clients see no difference. Raises CloudError.
    """
    region = wanted.machines[0].region
    server = _server(cloud, wanted.run, region)
    cloud.call("terminate_instances", region, InstanceIds=[server.id])
    provide(cloud, wanted, facts, say, patience)


def _server(cloud: Cloud, run: str, region: str) -> Machine:
    there = observe(cloud, (region,), run)
    for machine in there.living:
        if machine.name == "server":
            return machine
    raise CloudError(f"run {run} has no server in {region} (any more): farm provision makes one")
