"""Machines made and ended on an EC2 that moto plays, over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest
from botocore.config import Config

from farm.errors import BadInput, CloudError, NoCapacity
from farm.model.aws_settings import AwsServer, AwsSettings
from infra.aws.cloud import CONFIG, Cloud
from infra.aws.plan import plan
from infra.aws.resources import RUN_TAG, Observed
from tests.infra.aws.cloud_runs import (
    EAST,
    ONE_PLACE,
    TWO_PLACES,
    Account,
    Calls,
    Killed,
    impatient,
    on,
    refusing,
    wanted_for,
)
from tests.infra.aws.conftest import forget_all

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("aws")]

READING = ("Describe", "Get")


def test_all_is_made_and_nothing_is_left_to_do_and_then_nothing_is_there() -> None:
    account = Account(wanted_for(TWO_PLACES))
    there = account.provide()
    names = sorted(machine.name for machine in there.living)
    assert names == ["host-east-1", "host-east-2", "host-west-1", "server"]
    assert {machine.state for machine in there.living} == {"running"}
    zones = {machine.name: machine.zone for machine in there.living}
    assert zones["server"] not in (zones["host-east-1"], zones["host-east-2"])
    server_group = next(group for group in there.groups if group.name == "server")
    hosts = {f"{m.public_ip}/32" for m in there.living if m.name != "server"}
    media = {rule.source for rule in server_group.rules if rule.protocol == "udp"}
    assert media == hosts | {account.wanted.operator}

    assert plan(account.wanted, account.facts(), account.there()).done
    calls = Calls(account.cloud)
    account.provide()
    assert {name for name in calls.made if not name.startswith(READING)} == set()

    assert not account.remove().anything
    assert not account.there().anything


def test_everything_carries_the_run_and_its_end_from_its_creation_on() -> None:
    account = Account(wanted_for(ONE_PLACE))
    account.provide()
    found = {}
    ec2 = account.cloud.client("ec2", EAST)
    for tag in ec2.describe_tags()["Tags"]:
        found.setdefault(tag["ResourceType"], {})[tag["Key"]] = tag["Value"]
    for kind in ("instance", "volume", "security-group"):
        assert found[kind][RUN_TAG] == "calls-1", kind
        assert found[kind]["probe-farm:expires"] == "2030-01-01T00:00:00Z"
    there = account.there()  # which is found by that tag
    assert len(there.keys) == len(there.addresses) == 1


def test_instances_end_when_they_shut_down() -> None:
    account = Account(wanted_for(ONE_PLACE))
    there = account.provide()
    ec2 = account.cloud.client("ec2", EAST)
    for machine in there.living:
        said = ec2.describe_instance_attribute(
            InstanceId=machine.id, Attribute="instanceInitiatedShutdownBehavior"
        )
        assert said["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"


def test_killed_before_every_call_in_turn_nothing_is_left_after_a_teardown(aws: str) -> None:
    account = Account(wanted_for(ONE_PLACE))
    account.known = account.facts()
    made = _calls_of_a_whole_run(account)
    assert len(made) > 40
    for at, name in enumerate(made):
        _killed(account, at, "before-call")
        assert not account.remove().anything, f"killed before {at}, {name}"
        if at % 8 == 7:
            _anew(account, aws)


def test_killed_after_every_call_that_changes_something_it_goes_on_or_ends_cleanly(
    aws: str,
) -> None:
    account = Account(wanted_for(ONE_PLACE))
    account.known = account.facts()
    made = _calls_of_a_whole_run(account)
    changing = [at for at, name in enumerate(made) if not name.startswith(READING)]
    assert len(changing) > 12
    for at in changing:
        _killed(account, at, "after-call")
        if not made[at].startswith(("Terminate", "Delete", "Release", "Disassociate")):
            assert _counts(account.provide()) == (2, 2, 1, 1, 9), made[at]  # goes on, no doubles
        assert not account.remove().anything, f"killed after {at}, {made[at]}"
        _anew(account, aws)


def _anew(account: Account, aws: str) -> None:
    """Instances that ended are listed for a while, which takes time."""
    forget_all(aws)
    account.known = None
    account.known = account.facts()


def _calls_of_a_whole_run(account: Account) -> list[str]:
    calls = Calls(account.cloud)
    account.provide()
    assert not account.remove().anything
    calls.end()
    return calls.made


def _killed(account: Account, at: int, when: str) -> None:
    """Provision and teardown, with the end of the process at that call."""
    calls = Calls(account.cloud, dies_at=at, when=when)
    with pytest.raises(Killed):
        account.provide()
        account.remove()
    calls.end()


def _counts(there: Observed) -> tuple[int, ...]:
    rules = sum(len(group.rules) for group in there.groups)
    things = (there.living, there.groups, there.keys, there.addresses)
    return (*map(len, things), rules)


def test_two_runs_never_touch_each_other() -> None:
    first, second = (Account(wanted_for(ONE_PLACE, run)) for run in ("calls-1", "calls-2"))
    second.provide()
    before = second.there()
    first.provide()
    assert not {m.id for m in first.there().machines} & {m.id for m in before.machines}
    assert second.there() == before
    first.remove()
    assert second.there() == before
    assert not first.there().anything


def test_two_runs_that_are_made_and_ended_at_the_same_time_keep_to_their_own() -> None:
    first, second = (Account(wanted_for(ONE_PLACE, run)) for run in ("calls-1", "calls-2"))
    with ThreadPoolExecutor(2) as both:
        there = list(both.map(Account.provide, (first, second)))
        assert [_counts(each) for each in there] == [(2, 2, 1, 1, 9)] * 2
        for one, other in pairwise((*there, there[0])):
            assert not {m.id for m in one.machines} & {m.id for m in other.machines}
            addresses = {machine.public_ip for machine in other.living}
            rules = {rule.source for group in one.groups for rule in group.rules}
            assert not {f"{address}/32" for address in addresses} & rules
        ending, staying = both.submit(first.remove), both.submit(second.provide)
        assert not ending.result().anything
        assert staying.result() == there[1] == second.there()
    assert not second.remove().anything


def test_what_is_lost_is_replaced_and_what_is_not_wanted_any_more_ends() -> None:
    account = Account(wanted_for(ONE_PLACE))
    there = account.provide()
    server = next(machine for machine in there.living if machine.name == "server")
    account.cloud.call("terminate_instances", EAST, InstanceIds=[server.id])
    group = next(group for group in there.groups if group.name == "server")
    account.cloud.call(
        "authorize_security_group_ingress",
        EAST,
        GroupId=group.id,
        IpPermissions=[
            {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        ],
    )
    mended = account.provide()
    new = next(machine for machine in mended.living if machine.name == "server")
    assert new.id != server.id
    assert mended.addresses[0].machine == new.id
    assert new.public_ip == mended.addresses[0].ip
    assert not any(rule.source == "0.0.0.0/0" for g in mended.groups for rule in g.rules)

    fewer = Account(wanted_for(replace(ONE_PLACE, hosts=None)), account.cloud)
    assert [machine.name for machine in fewer.provide().living] == ["server"]


def test_a_region_that_is_not_wanted_any_more_is_left() -> None:
    account = Account(wanted_for(TWO_PLACES))
    account.provide()
    here = replace(TWO_PLACES, hosts=None)
    fewer = Account(replace(wanted_for(here), earlier=account.wanted.regions), account.cloud)
    assert [machine.name for machine in fewer.provide().living] == ["server"]


# ---------------------------------------------------------------- AWS says no


def test_without_capacity_the_next_zone_and_then_the_next_type_is_taken() -> None:
    aws = AwsSettings(server=AwsServer(other_types=("c5.2xlarge",)))
    account = Account(wanted_for(aws))
    zones = len(account.facts()[EAST].types["c4.2xlarge"].zones)
    refusing(account.cloud, "RunInstances", "InsufficientInstanceCapacity", times=zones)
    there = account.provide()
    assert [machine.type for machine in there.living] == ["c5.2xlarge"]


def test_without_any_capacity_it_is_said_and_nothing_is_left() -> None:
    account = Account(wanted_for(ONE_PLACE))
    refusing(account.cloud, "RunInstances", "InsufficientInstanceCapacity")
    with pytest.raises(NoCapacity, match=r"machine server: AWS has no capacity in us-east-1"):
        account.provide()
    assert not account.there().anything
    assert any("removing what was created" in line for line in account.said)


@pytest.mark.parametrize(
    ("operation", "code", "error", "says"),
    [
        ("RunInstances", "VcpuLimitExceeded", CloudError, "limit of vCPUs .* Service Quotas"),
        ("RunInstances", "UnauthorizedOperation", BadInput, "may not run_instances in us-east-1"),
        ("AllocateAddress", "AddressLimitExceeded", CloudError, "limit of Elastic IPs"),
        ("CreateSecurityGroup", "InternalError", CloudError, "AWS refused create_security_group"),
    ],
)
def test_what_aws_refuses_is_one_line_and_nothing_is_left(
    operation: str, code: str, error: type[Exception], says: str
) -> None:
    account = Account(wanted_for(ONE_PLACE))
    refusing(account.cloud, operation, code)
    with pytest.raises(error, match=says) as raised:
        account.provide()
    assert "\n" not in str(raised.value)
    assert not account.there().anything


def test_a_failure_of_a_later_call_leaves_what_was_there() -> None:
    account = Account(wanted_for(replace(ONE_PLACE, hosts=None)))
    before = account.provide()
    more = Account(wanted_for(ONE_PLACE))
    refusing(more.cloud, "RunInstances", "VcpuLimitExceeded")
    with pytest.raises(CloudError, match="limit of vCPUs"):
        more.provide()
    kept = {machine.id for machine in account.there().living}
    assert kept == {machine.id for machine in before.living}


def test_expired_credentials_are_one_line() -> None:
    account = Account(wanted_for(ONE_PLACE))
    refusing(account.cloud, "DescribeInstances", "ExpiredToken")
    with pytest.raises(BadInput, match=r"the AWS credentials have expired: log in again"):
        account.provide()


def test_throttled_calls_are_repeated() -> None:
    account = Account(wanted_for(ONE_PLACE))
    refused = refusing(account.cloud, "RunInstances", "RequestLimitExceeded", times=1)
    assert len(account.provide().living) == 2
    assert refused() == 1


def test_throttling_that_does_not_end_is_one_line_and_nothing_is_left() -> None:
    twice = CONFIG.merge(Config(retries={"mode": "standard", "total_max_attempts": 2}))
    account = Account(wanted_for(ONE_PLACE), Cloud(config=twice))
    refused = refusing(account.cloud, "AllocateAddress", "RequestLimitExceeded")
    with pytest.raises(CloudError, match=r"throttles allocate_address in us-east-1 .*try later"):
        account.provide()
    assert refused() == 2
    assert not account.there().anything


def test_a_region_that_does_not_exist_is_told_with_a_suggestion() -> None:
    with pytest.raises(BadInput, match=r"us-esat-1: AWS has no such region: did you mean us-"):
        Cloud().check_region("us-esat-1", "aws.server.region")


def test_a_type_that_does_not_exist_is_told() -> None:
    account = Account(wanted_for(AwsSettings(server=AwsServer(type="c99.huge"))))
    with pytest.raises(BadInput, match=r"c99\.huge"):
        account.facts()


def test_what_was_made_is_waited_for_when_it_is_not_seen_at_once() -> None:
    account = Account(wanted_for(ONE_PLACE))
    unseen = {"DescribeInstances": 6, "DescribeSecurityGroups": 4, "DescribeAddresses": 8}

    def hide(parsed: dict[str, object], model: object, **_: object) -> None:
        name = str(getattr(model, "name", ""))
        key = {
            "DescribeInstances": "Reservations",
            "DescribeSecurityGroups": "SecurityGroups",
            "DescribeAddresses": "Addresses",
        }.get(name)
        if key is not None and unseen[name] > 0 and parsed.get(key):
            unseen[name] -= 1
            parsed[key] = []

    on(account.cloud, "after-call.ec2.*", hide)
    there = account.provide()
    assert _counts(there)[:4] == (2, 2, 1, 1)
    assert max(unseen.values()) == 0


def test_what_never_gets_ready_is_given_up_and_taken_back() -> None:
    account = Account(wanted_for(ONE_PLACE))

    def pending(parsed: dict[str, list[dict[str, list[dict[str, object]]]]], **_: object) -> None:
        for reservation in parsed.get("Reservations", ()):
            for instance in reservation["Instances"]:
                if instance["State"] == {"Code": 16, "Name": "running"}:
                    instance["State"] = {"Code": 0, "Name": "pending"}

    on(account.cloud, "after-call.ec2.DescribeInstances", pending)
    with pytest.raises(CloudError, match="not complete after 60 s"):
        account.provide(impatient(ready_s=60))
    assert not account.there().anything
