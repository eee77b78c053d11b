"""The resources that exist on AWS, and what a region offers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from farm.errors import BadInput, CloudError, FarmError
from infra.aws.cloud import Cloud
from infra.aws.resources import (
    EXPIRES_TAG,
    NAME_TAG,
    RUN_TAG,
    Address,
    Group,
    Key,
    Machine,
    MachineType,
    Observed,
    RegionFacts,
    Rule,
)

UBUNTU_OWNER = "099720109477"
"""The account of Canonical, which publishes Ubuntu's images."""
UBUNTU_NAME = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-{}-server-*"
UBUNTU_ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}
AT_ONCE = 8


def observe(cloud: Cloud, regions: Iterable[str], run: str | None = None) -> Observed:
    """All resources with the farm's tag in these regions, of one run or of all."""
    asked = tuple(regions)
    for region in asked:
        cloud.client("ec2", region)  # not in threads: making one is not safe there
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda region: _observe(cloud, region, run), asked)
        return sum(found, Observed())


@dataclass(frozen=True, slots=True)
class Looked:
    """The resources in the `regions` that could be listed; `denied` says why others could not."""

    there: Observed
    regions: tuple[str, ...]
    denied: Mapping[str, FarmError]

    @property
    def unseen(self) -> str | None:
        """One line about the regions that could not be listed; `None` if all were."""
        if not self.denied:
            return None
        names = ", ".join(self.denied)
        return (
            f"not listed: {names}: {next(iter(self.denied.values()))}. Whether the farm has"
            " something there is unknown; --region lists only the regions that you name"
        )


def look_around(cloud: Cloud, regions: Iterable[str], run: str | None = None) -> Looked:
    """As `observe`, but a region that refuses is reported. Raises only if all of them refuse."""
    asked = tuple(regions)
    found: dict[str, Observed] = {}
    denied: dict[str, FarmError] = {}

    def look(region: str) -> Observed | FarmError:
        try:
            return _observe(cloud, region, run)
        except (BadInput, CloudError) as error:
            return error

    for region in asked:
        cloud.client("ec2", region)  # not in threads: making one is not safe there
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for region, answer in zip(asked, pool.map(look, asked), strict=True):
            if isinstance(answer, Observed):
                found[region] = answer
            else:
                denied[region] = answer
    if denied and not found:
        raise next(iter(denied.values()))
    return Looked(sum(found.values(), Observed()), tuple(found), denied)


def _observe(cloud: Cloud, region: str, run: str | None) -> Observed:
    ours = [
        {"Name": "tag-key", "Values": [RUN_TAG]}
        if run is None
        else {"Name": f"tag:{RUN_TAG}", "Values": [run]}
    ]
    reservations = cloud.all("describe_instances", "Reservations", region, Filters=ours)
    groups = cloud.all("describe_security_groups", "SecurityGroups", region, Filters=ours)
    keys = cloud.all("describe_key_pairs", "KeyPairs", region, Filters=ours)
    addresses = cloud.all("describe_addresses", "Addresses", region, Filters=ours)
    return Observed(
        machines=tuple(
            _machine(instance, region)
            for reservation in reservations
            for instance in reservation["Instances"]
        ),
        groups=tuple(_group(group, region) for group in groups),
        keys=tuple(
            Key(key["KeyPairId"], _tag(key, RUN_TAG), key["KeyName"], region) for key in keys
        ),
        addresses=tuple(_address(address, region) for address in addresses),
    )


def _tag(thing: Mapping[str, Any], key: str) -> str:
    return next((str(tag["Value"]) for tag in thing.get("Tags", ()) if tag["Key"] == key), "")


def _machine(instance: Mapping[str, Any], region: str) -> Machine:
    return Machine(
        id=instance["InstanceId"],
        run=_tag(instance, RUN_TAG),
        name=_tag(instance, NAME_TAG),
        region=region,
        zone=instance.get("Placement", {}).get("AvailabilityZone", ""),
        type=instance["InstanceType"],
        state=instance["State"]["Name"],
        launched=instance["LaunchTime"],
        ended=_ended(instance.get("StateTransitionReason", "")),
        public_ip=instance.get("PublicIpAddress"),
        private_ip=instance.get("PrivateIpAddress"),
        expires=_tag(instance, EXPIRES_TAG) or None,
    )


def _ended(reason: str) -> datetime | None:
    """`User initiated (2026-11-24 12:00:00 GMT)`."""
    found = re.search(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)", reason)
    if found is None:
        return None
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)


def _group(group: Mapping[str, Any], region: str) -> Group:
    rules = []
    for permission in group["IpPermissions"]:
        protocol = str(permission["IpProtocol"])
        first, last = int(permission.get("FromPort", -1)), int(permission.get("ToPort", -1))
        sources = [each["CidrIp"] for each in permission.get("IpRanges", ())]
        sources += [
            "self" if each["GroupId"] == group["GroupId"] else each["GroupId"]
            for each in permission.get("UserIdGroupPairs", ())
        ]
        rules += [Rule(protocol, first, last, source) for source in sources]
    return Group(
        group["GroupId"], _tag(group, RUN_TAG), _tag(group, NAME_TAG), region, frozenset(rules)
    )


def _address(address: Mapping[str, Any], region: str) -> Address:
    return Address(
        id=address["AllocationId"],
        run=_tag(address, RUN_TAG),
        name=_tag(address, NAME_TAG),
        region=region,
        ip=address["PublicIp"],
        machine=address.get("InstanceId") or None,
        association=address.get("AssociationId") or None,
    )


# ---------------------------------------------------------------- what a region offers


def region_facts(
    cloud: Cloud, region: str, types: Iterable[str], *, ubuntu: bool = True
) -> RegionFacts:
    """A region's default network, these machine types, and Ubuntu's images for their processors.

    Raises BadInput for what the region does not have.
    """
    default = [{"Name": "default-for-az", "Values": ["true"]}]
    subnets = cloud.all("describe_subnets", "Subnets", region, Filters=default)
    if not subnets:
        raise BadInput(
            f"{region}: the account has no default subnet there: aws ec2 create-default-vpc"
            f" --region {region}; where that says DefaultVpcAlreadyExists, the network is there"
            f" without its subnets: aws ec2 create-default-subnet --region {region}"
            " --availability-zone ZONE"
        )
    names = sorted(set(types))
    found = {
        each["InstanceType"]: each
        for each in cloud.all(
            "describe_instance_types", "InstanceTypes", region, InstanceTypes=names
        )
    }
    offered = cloud.all(
        "describe_instance_type_offerings",
        "InstanceTypeOfferings",
        region,
        LocationType="availability-zone",
        Filters=[{"Name": "instance-type", "Values": names}],
    )
    for name in names:
        if name not in found or not any(each["InstanceType"] == name for each in offered):
            raise BadInput(f"{region}: AWS has no {name} there: another type, or region")
    kinds = {
        name: _type(found[name], [o["Location"] for o in offered if o["InstanceType"] == name])
        for name in names
    }
    architectures = {kind.architecture for kind in kinds.values()} if ubuntu else set()
    return RegionFacts(
        region,
        network=subnets[0]["VpcId"],
        subnets={each["AvailabilityZone"]: each["SubnetId"] for each in subnets},
        types=kinds,
        images={each: _ubuntu(cloud, region, each) for each in sorted(architectures)},
    )


def _type(found: Mapping[str, Any], zones: Iterable[str]) -> MachineType:
    architectures = found["ProcessorInfo"]["SupportedArchitectures"]
    return MachineType(
        name=found["InstanceType"],
        architecture="arm64" if "arm64" in architectures else "x86_64",
        vcpus=int(found["VCpuInfo"]["DefaultVCpus"]),
        memory_gib=found["MemoryInfo"]["SizeInMiB"] / 1024,
        network=found["NetworkInfo"]["NetworkPerformance"],
        zones=tuple(sorted(zones)),
    )


def _ubuntu(cloud: Cloud, region: str, architecture: str) -> str:
    """The newest image of Ubuntu 24.04."""
    images = cloud.all(
        "describe_images",
        "Images",
        region,
        Owners=[UBUNTU_OWNER],
        Filters=[
            {"Name": "name", "Values": [UBUNTU_NAME.format(UBUNTU_ARCHITECTURES[architecture])]},
            {"Name": "architecture", "Values": [architecture]},
            {"Name": "state", "Values": ["available"]},
        ],
    )
    if not images:
        raise BadInput(f"{region}: no image of Ubuntu 24.04 for {architecture} there: set `image`")
    return str(max(images, key=lambda image: image["CreationDate"])["ImageId"])
