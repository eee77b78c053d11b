"""`server.reset.by: reboot | fresh_instance`: how the server's machine is restarted, as a value."""

from __future__ import annotations

import asyncio

from farm.errors import BadInput
from farm.experiment_file import load_inventory
from farm.model.experiment import Experiment
from farm.protocols import Observer, Restart


def machine_restart(experiment: Experiment, observer: Observer) -> Restart | None:
    """What restarts the machine; `None` where a command resets the server. Raises BadInput."""
    if experiment.server.reset.by == "command" or experiment.inventory is None:
        return None
    from farm.bench.aws_run import aws_run, with_keys
    from infra.aws.cloud import Cloud
    from infra.aws.resets import fresh_instance, reboot
    from infra.aws.run_files import RunFiles

    inventory = load_inventory(experiment.inventory)
    region = inventory.server.region if inventory.server is not None else None
    if inventory.run is None or region is None:
        raise BadInput(
            f"server.reset.by: {experiment.server.reset.by}: {experiment.inventory} names no run "
            "on AWS: expected command, or an inventory that `farm provision` wrote"
        )
    name, cloud = inventory.run, Cloud()

    async def by_reboot() -> None:
        await asyncio.to_thread(reboot, cloud, name, region)

    if experiment.server.reset.by == "reboot":
        return by_reboot
    files = RunFiles(experiment.inventory)
    record = files.record()
    if record is None:
        raise BadInput(
            f"server.reset.by: fresh_instance: {files.folder} has no run.json: a fresh instance "
            "needs the keys of the machine that called `farm provision`"
        )
    files.check(record)
    run = aws_run(cloud, experiment.aws, record, files)
    wanted = with_keys(run, experiment.aws)

    async def by_fresh_instance() -> None:
        await asyncio.to_thread(fresh_instance, cloud, wanted, run.facts, observer.note)

    return by_fresh_instance
