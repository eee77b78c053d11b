"""Plans by hand: what is wanted, what is there, which calls come next."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from infra.aws.plan import ending, plan
from infra.aws.resources import (
    Address,
    Group,
    Key,
    Machine,
    MachineType,
    Observed,
    Plan,
    RegionFacts,
    Rule,
    Wanted,
)
from tests.infra.aws.cloud_runs import EAST, EXPIRES, ONE_PLACE, wanted_for

ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
FACTS = {
    EAST: RegionFacts(
        EAST,
        "vpc-1",
        {zone: f"subnet-{zone[-1]}" for zone in ZONES},
        {
            "c4.2xlarge": MachineType("c4.2xlarge", "x86_64", 8, 15, "High", ZONES[:2]),
            "c6i.2xlarge": MachineType("c6i.2xlarge", "x86_64", 8, 16, "12.5 Gigabit", ZONES),
        },
        {"x86_64": "ami-1"},
    )
}
WANTED: Wanted = wanted_for(ONE_PLACE)
KEY = Key("key-1", "calls-1", "probe-farm-calls-1", EAST)
GROUPS = tuple(
    Group(f"sg-{role}", "calls-1", role, EAST, frozenset()) for role in ("server", "host")
)


def machine(name: str, zone: str = ZONES[0], state: str = "running", number: int = 1) -> Machine:
    return Machine(
        id=f"i-{name}-{number}",
        run="calls-1",
        name=name,
        region=EAST,
        zone=zone,
        type="c4.2xlarge",
        state=state,
        launched=EXPIRES - timedelta(hours=3) + timedelta(minutes=number),
        ended=None,
        public_ip="203.0.113.7",
        private_ip="10.0.0.7",
        expires=None,
    )


def operations(step: Plan) -> list[str]:
    return [call.operation for call in step.calls]


def test_keys_and_groups_come_first_and_alone() -> None:
    step = plan(WANTED, FACTS, Observed())
    assert operations(step) == ["import_key_pair", "create_security_group", "create_security_group"]


def test_the_server_comes_before_its_hosts_which_keep_out_of_its_zone() -> None:
    bare = Observed(groups=GROUPS, keys=(KEY,))
    first = plan(WANTED, FACTS, bare)
    (launch,) = [call for call in first.calls if call.operation == "run_instances"]
    assert launch.says == "machine server"
    assert [params["SubnetId"] for params in launch.either] == ["subnet-a", "subnet-b"]
    assert first.waits == ("host-us-east-1-1: after the server, to be in another zone",)

    second = plan(WANTED, FACTS, replace(bare, machines=(machine("server", ZONES[1]),)))
    (launch,) = [call for call in second.calls if call.operation == "run_instances"]
    assert [params["SubnetId"] for params in launch.either] == ["subnet-a", "subnet-c"]


def test_a_token_is_the_same_for_the_same_machine_and_another_for_its_successor() -> None:
    def token(there: Observed) -> str:
        calls = plan(WANTED, FACTS, there).calls
        return str(
            next(c for c in calls if c.operation == "run_instances").either[0]["ClientToken"]
        )

    bare = Observed(groups=GROUPS, keys=(KEY,))
    ended = replace(bare, machines=(machine("server", state="terminated"),))
    assert token(bare) == token(bare)
    assert token(bare) != token(ended)


def test_a_stopped_machine_is_started_and_the_younger_of_two_ends() -> None:
    there = Observed(groups=GROUPS, keys=(KEY,), machines=(machine("server", state="stopped"),))
    assert "start_instances" in operations(plan(WANTED, FACTS, there))
    twice = replace(there, machines=(machine("server", number=2), machine("server", number=1)))
    (end,) = [c for c in plan(WANTED, FACTS, twice).calls if c.operation == "terminate_instances"]
    assert end.either[0]["InstanceIds"] == ["i-server-2"]


def test_rules_follow_the_hosts_addresses_and_strange_ones_are_closed() -> None:
    strange = Rule("tcp", 3389, 3389, "0.0.0.0/0")
    groups = tuple(replace(group, rules=frozenset({strange})) for group in GROUPS)
    there = Observed(groups=groups, keys=(KEY,), machines=(machine("host-us-east-1-1"),))
    calls = [c for c in plan(WANTED, FACTS, there).calls if "security_group_ingress" in c.operation]
    opened = calls[0].either[0]["IpPermissions"]
    assert {"CidrIp": "203.0.113.7/32"} in [r for p in opened for r in p.get("IpRanges", ())]
    assert not any(r == {"CidrIp": "0.0.0.0/0"} for p in opened for r in p.get("IpRanges", ()))
    assert sum(call.operation.startswith("revoke") for call in calls) == 2


def test_a_run_ends_machines_first_and_their_groups_when_they_are_gone() -> None:
    address = Address("eip-1", "calls-1", "server", EAST, "203.0.113.9", "i-server-1", "assoc-1")
    there = Observed((machine("server"),), GROUPS, (KEY,), (address,))
    step = ending(there)
    assert operations(step) == [
        "terminate_instances",
        "disassociate_address",
        "release_address",
        "delete_key_pair",
    ]
    assert any("group server: its machines first" in wait for wait in step.waits)
    after = Observed((machine("server", state="terminated"),), GROUPS)
    assert operations(ending(after)) == ["delete_security_group", "delete_security_group"]
    assert ending(Observed((machine("server", state="terminated"),))).done
