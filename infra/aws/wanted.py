"""What one run needs of AWS, from an experiment's settings. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from farm.errors import BadInput
from farm.model.aws_settings import AwsSettings
from infra.aws.resources import RegionFacts, Wanted, WantedMachine

DEFAULT_KURENTO = AwsSettings().kurento


def wanted_of(
    aws: AwsSettings, run: str, expires: datetime, operator: str, earlier: tuple[str, ...] = ()
) -> Wanted:
    """Server and hosts, still without keys and user data (`complete` adds them)."""
    server = aws.server
    machines = [
        WantedMachine(
            name="server",
            role="server",
            place=server.region,
            region=server.region,
            types=(server.type, *server.other_types),
            image=server.image,
            disk_gib=server.disk_gib,
            elastic_ip=server.elastic_ip,
        )
    ]
    numbers: dict[str, int] = {}
    for kind in aws.hosts or ():
        place = kind.place or kind.region
        for _ in range(kind.count):
            numbers[place] = numbers.get(place, 0) + 1
            machines.append(
                WantedMachine(
                    name=f"host-{place}-{numbers[place]}",
                    role="host",
                    place=place,
                    region=kind.region,
                    types=(kind.type, *kind.other_types),
                    image=kind.image,
                    disk_gib=kind.disk_gib,
                )
            )
    return Wanted(run, expires, operator, tuple(machines), earlier=earlier)


def complete(wanted: Wanted, public_key: str, user_data: Mapping[str, str]) -> Wanted:
    """`wanted` with the run's public key and each machine's user data, by name."""
    machines = tuple(
        replace(machine, user_data=user_data[machine.name]) for machine in wanted.machines
    )
    return replace(wanted, public_key=public_key, machines=machines)


def check_architecture(aws: AwsSettings, facts: Mapping[str, RegionFacts]) -> None:
    """Raises BadInput for a server type that cannot run the media server's image."""
    types = facts[aws.server.region].types
    for name in (aws.server.type, *aws.server.other_types):
        architecture = types[name].architecture
        if architecture != "x86_64" and aws.kurento == DEFAULT_KURENTO:
            raise BadInput(
                f"aws.server.type: {name}: it is an {architecture}, and {aws.kurento} is made for "
                "x86_64 only: another type, or an image of yours (aws.kurento)"
            )
