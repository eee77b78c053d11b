"""The next calls to EC2: from what is wanted and what exists. Pure.

`plan` goes by what exists, never by earlier calls, and may be called any number of times. A call
that needs a value which AWS has not given yet (an address, a zone) comes in a later round.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from farm.model.inventory import RAY_PORT
from infra.aws.resources import (
    APP_PORT,
    EXPIRES_TAG,
    KURENTO_PORT,
    MEDIA_PORTS,
    NAME_TAG,
    RUN_TAG,
    SSH_PORT,
    Call,
    Group,
    Machine,
    Observed,
    Plan,
    RegionFacts,
    Role,
    Rule,
    Wanted,
    WantedMachine,
)

Tags = list[dict[str, str]]


def plan(wanted: Wanted, facts: Mapping[str, RegionFacts], there: Observed) -> Plan:
    """The calls that come next; none, and nothing to wait for, when all is as wanted.

    `there` is what exists of this run; `facts` are by region.
    """
    calls: list[Call] = []
    waits: list[str] = []
    for region in wanted.regions:
        calls += _key(wanted, region, there)
        calls += _groups(wanted, facts[region], there)
    if calls:
        return Plan(tuple(calls))
    calls += _doubles(wanted, there)
    for machine in wanted.machines:
        found = _living(there, machine.name)
        if found is None and _before_its_server(machine, wanted, there):
            waits.append(f"{machine.name}: after the server, to be in another zone")
        elif found is None:
            calls.append(_launch(machine, wanted, facts[machine.region], there))
        elif found.state == "stopped":
            start = {"InstanceIds": [found.id]}
            calls.append(Call(found.region, "start_instances", f"start {machine.name}", (start,)))
        elif found.state != "running" or found.public_ip is None:
            waits.append(f"{machine.name}: {found.state}")
        if machine.elastic_ip:
            calls += _address(machine, found, wanted, there)
    for group in there.groups:
        calls += _rules(group, wanted, there)
    return Plan(tuple(calls), tuple(waits))


def ending(there: Observed) -> Plan:
    """The calls that remove a run, of which `there` is everything that exists."""
    calls: list[Call] = []
    by_region: dict[str, list[str]] = {}
    for machine in there.living:
        by_region.setdefault(machine.region, []).append(machine.id)
    calls += [_end(region, ids) for region, ids in by_region.items()]
    for address in there.addresses:
        if address.association is not None:
            apart = {"AssociationId": address.association}
            says = f"detach {address.ip} from {address.machine}"
            calls.append(Call(address.region, "disassociate_address", says, (apart,)))
        free = {"AllocationId": address.id}
        says = f"release {address.ip}"
        calls.append(Call(address.region, "release_address", says, (free,)))
    for key in there.keys:
        gone = {"KeyName": key.name}
        calls.append(Call(key.region, "delete_key_pair", f"delete key {key.name}", (gone,)))
    waits = [
        f"{machine.name} ({machine.id}) to end"
        for machine in there.machines
        if machine.state != "terminated"
    ]
    for group in there.groups:
        if any(m.region == group.region and m.state != "terminated" for m in there.machines):
            waits.append(f"group {group.name}: its machines first")
            continue
        says = f"delete group {group.name}"
        calls.append(Call(group.region, "delete_security_group", says, ({"GroupId": group.id},)))
    return Plan(tuple(calls), tuple(waits))


def one_by_one(call: Call) -> tuple[Call, ...]:
    """A call that ends many machines, as one call for each; empty for any other call.

    AWS refuses the whole call if one of the machines is protected from termination."""
    if call.operation != "terminate_instances":
        return ()
    ids = [each for params in call.either for each in params["InstanceIds"]]
    return tuple(_end(call.region, [each]) for each in ids) if len(ids) > 1 else ()


def _end(region: str, ids: list[str]) -> Call:
    ended = {"InstanceIds": ids}
    return Call(region, "terminate_instances", f"end {', '.join(ids)}", (ended,))


def tags(wanted: Wanted, name: str) -> Tags:
    """The tags that every resource of the run has from its creation on."""
    return [
        {"Key": "Name", "Value": f"probe-farm {wanted.run} {name}"},
        {"Key": RUN_TAG, "Value": wanted.run},
        {"Key": NAME_TAG, "Value": name},
        {"Key": EXPIRES_TAG, "Value": wanted.expires.strftime("%Y-%m-%dT%H:%M:%SZ")},
    ]


def wanted_rules(role: Role, wanted: Wanted, there: Observed) -> frozenset[Rule]:
    """Firewall rules: open to the operator and to hosts with known addresses, to nobody else."""
    names = {machine.name for machine in wanted.machines if machine.role == "host"}
    hosts = {
        f"{machine.public_ip}/32"
        for machine in there.living
        if machine.name in names and machine.public_ip is not None
    }
    operator = wanted.operator
    if role == "host":
        return frozenset(
            (
                Rule("tcp", SSH_PORT, SSH_PORT, operator),
                Rule("tcp", RAY_PORT, RAY_PORT, operator),
                Rule("-1", -1, -1, "self"),
            )
        )
    return frozenset(
        (
            Rule("tcp", SSH_PORT, SSH_PORT, operator),
            Rule("tcp", KURENTO_PORT, KURENTO_PORT, operator),
            *(Rule("tcp", APP_PORT, APP_PORT, source) for source in {operator, *hosts}),
            *(Rule("udp", *MEDIA_PORTS, source) for source in {operator, *hosts}),
        )
    )


def _key(wanted: Wanted, region: str, there: Observed) -> Iterator[Call]:
    name = f"probe-farm-{wanted.run}"
    if not any(key.region == region for key in there.keys):
        made = {
            "KeyName": name,
            "PublicKeyMaterial": wanted.public_key.encode(),
            "TagSpecifications": [{"ResourceType": "key-pair", "Tags": tags(wanted, "key")}],
        }
        yield Call(region, "import_key_pair", f"key {name}", (made,))


def _groups(wanted: Wanted, facts: RegionFacts, there: Observed) -> Iterator[Call]:
    for role in wanted.roles(facts.region):
        if _group(there, facts.region, role) is None:
            name = f"probe-farm-{wanted.run}-{role}"
            made = {
                "GroupName": name,
                "Description": f"probe farm, run {wanted.run}: {role}",
                "VpcId": facts.network,
                "TagSpecifications": [
                    {"ResourceType": "security-group", "Tags": tags(wanted, role)}
                ],
            }
            yield Call(facts.region, "create_security_group", f"group {name}", (made,))


def _rules(group: Group, wanted: Wanted, there: Observed) -> Iterator[Call]:
    role: Role = "server" if group.name == "server" else "host"
    asked = wanted_rules(role, wanted, there)
    for operation, rules, does in (
        ("authorize_security_group_ingress", asked - group.rules, "open"),
        ("revoke_security_group_ingress", group.rules - asked, "close"),
    ):
        if rules:
            permissions = [_permission(rule, group.id) for rule in sorted(rules)]
            params = {"GroupId": group.id, "IpPermissions": permissions}
            says = f"{does} {len(rules)} rules of group {group.name}"
            yield Call(group.region, operation, says, (params,))


def _permission(rule: Rule, group: str) -> dict[str, Any]:
    ports = {} if rule.protocol == "-1" else {"FromPort": rule.first, "ToPort": rule.last}
    if rule.source == "self":
        return {"IpProtocol": rule.protocol, **ports, "UserIdGroupPairs": [{"GroupId": group}]}
    return {"IpProtocol": rule.protocol, **ports, "IpRanges": [{"CidrIp": rule.source}]}


def _doubles(wanted: Wanted, there: Observed) -> Iterator[Call]:
    """Ends the younger of two machines of one name, and machines that are no longer wanted."""
    names = {machine.name for machine in wanted.machines}
    for machine in there.living:
        if machine.name not in names or machine != _living(there, machine.name):
            ended = {"InstanceIds": [machine.id]}
            says = f"end {machine.name} ({machine.id}): not wanted"
            yield Call(machine.region, "terminate_instances", says, (ended,))


def _launch(machine: WantedMachine, wanted: Wanted, facts: RegionFacts, there: Observed) -> Call:
    group = _group(there, machine.region, machine.role)
    assert group is not None, "groups come before machines"  # noqa: S101
    generation = sum(other.name == machine.name for other in there.machines)
    marked = tags(wanted, machine.name)
    common = {
        "MinCount": 1,
        "MaxCount": 1,
        "KeyName": f"probe-farm-{wanted.run}",
        "SecurityGroupIds": [group.id],
        "UserData": machine.user_data,
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [
            {
                "DeviceName": "/dev/sda1",
                "Ebs": {
                    "VolumeSize": machine.disk_gib,
                    "VolumeType": "gp3",
                    "DeleteOnTermination": True,
                },
            }
        ],
        "TagSpecifications": [
            {"ResourceType": kind, "Tags": marked}
            for kind in ("instance", "volume", "network-interface")
        ],
    }
    either = []
    for type_name, zone in places(machine, facts, there):
        image = machine.image or facts.images[facts.types[type_name].architecture]
        what = f"{wanted.run} {machine.name} {generation} {type_name} {zone}"
        either.append(
            {
                **common,
                "InstanceType": type_name,
                "ImageId": image,
                "SubnetId": facts.subnets[zone],
                "ClientToken": hashlib.sha256(what.encode()).hexdigest()[:48],
            }
        )
    return Call(machine.region, "run_instances", f"machine {machine.name}", tuple(either))


def places(
    machine: WantedMachine, facts: RegionFacts, there: Observed
) -> tuple[tuple[str, str], ...]:
    """(type, zone) in the order in which they are tried; hosts keep out of the server's zone.

    Zones differ in buildings and in hardware; a region of one zone has to do.
    """
    server = next((other for other in there.living if other.name == "server"), None)
    shunned = server.zone if server and server.name != machine.name else None
    found = []
    for name in machine.types:
        zones = [zone for zone in facts.types[name].zones if zone in facts.subnets]
        found += [(name, zone) for zone in zones if zone != shunned or len(zones) == 1]
    return tuple(found)


def _before_its_server(machine: WantedMachine, wanted: Wanted, there: Observed) -> bool:
    """Whether a machine has to wait until the server has a zone: its own must differ."""
    with_server = any(
        other.role == "server" and other.region == machine.region for other in wanted.machines
    )
    return machine.role == "host" and with_server and _living(there, "server") is None


def _address(
    machine: WantedMachine, found: Machine | None, wanted: Wanted, there: Observed
) -> Iterator[Call]:
    address = next((one for one in there.addresses if one.name == machine.name), None)
    if address is None:
        marked = [{"ResourceType": "elastic-ip", "Tags": tags(wanted, machine.name)}]
        made = {"Domain": "vpc", "TagSpecifications": marked}
        says = f"Elastic IP of {machine.name}"
        yield Call(machine.region, "allocate_address", says, (made,))
    elif found is not None and found.state == "running" and address.machine != found.id:
        given = {"AllocationId": address.id, "InstanceId": found.id, "AllowReassociation": True}
        says = f"{address.ip} to {machine.name}"
        yield Call(machine.region, "associate_address", says, (given,))


def _group(there: Observed, region: str, role: Role) -> Group | None:
    return next((g for g in there.groups if g.region == region and g.name == role), None)


def _living(there: Observed, name: str) -> Machine | None:
    """The oldest living machine of that name."""
    found = [machine for machine in there.living if machine.name == name]
    return min(found, key=lambda machine: (machine.launched, machine.id), default=None)
