"""Accounts that may not look, or may not end, everywhere: the rest goes on, and it is said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from farm.cli.__main__ import outcome, parser
from farm.errors import BadInput
from infra.aws.cloud import Cloud
from infra.aws.look import look_around
from tests.infra.aws.cloud_runs import EAST, TWO_PLACES, WEST, Account, refusing, wanted_for

pytestmark = [pytest.mark.usefixtures("aws"), pytest.mark.slow]

SCP = (
    "You are not authorized to perform this operation. User: arn:aws:iam::123456789012:user/x is"
    " not authorized to perform: ec2:DescribeInstances with an explicit deny in a service control"
    " policy"
)
ONE_HOST_EACH = replace(TWO_PLACES, hosts=(TWO_PLACES.hosts or ())[1:])


@pytest.fixture
def made() -> Account:
    """A server in the east, a host in the west."""
    account = Account(wanted_for(ONE_HOST_EACH), TwoRegions())
    account.provide()
    return account


class TwoRegions(Cloud):
    """An account for which only these are enabled: moto has them all."""

    def regions(self) -> tuple[str, ...]:
        return (EAST, WEST)


def farm(cloud: Cloud, *words: object) -> int:
    """What a user types, in this account."""
    typed = [str(word) for word in words]
    options = parser(typed).parse_args(typed)
    return outcome(lambda: options.act(options, lambda: cloud))


def test_a_region_that_is_denied_is_said_and_the_others_are_looked_at(made: Account) -> None:
    refusing(made.cloud, "*", "UnauthorizedOperation", says=SCP, regions=(WEST,))
    looked = look_around(made.cloud, (EAST, WEST))
    assert [machine.name for machine in looked.there.machines] == ["server"]
    assert looked.regions == (EAST,)
    assert looked.unseen is not None
    assert looked.unseen.startswith(
        "not listed: us-west-2: these AWS credentials may not describe_instances in us-west-2:"
        " explicit deny in a service control policy (ask who made it). Whether"
    )
    assert look_around(made.cloud, (EAST,)).unseen is None


def test_what_all_regions_refuse_is_an_error(made: Account) -> None:
    refusing(made.cloud, "DescribeInstances", "ExpiredToken")
    with pytest.raises(BadInput, match="the AWS credentials have expired"):
        look_around(made.cloud, (EAST, WEST))


@pytest.mark.parametrize("code", ["UnauthorizedOperation", "AuthFailure", "OptInRequired"])
def test_a_teardown_ends_what_it_sees_and_says_what_it_does_not(
    code: str,
    made: Account,
    capsys: pytest.CaptureFixture[str],
) -> None:
    refusing(made.cloud, "*", code, regions=(WEST,))
    assert farm(made.cloud, "teardown", "calls-1", "--yes") == 3
    told = capsys.readouterr()
    assert "calls-1: nothing is left in us-east-1." in told.out
    assert told.err.startswith("farm: not listed: us-west-2: ")
    assert told.err.count("\n") == 1
    assert not look_around(Cloud(), (EAST,)).there.anything
    assert look_around(Cloud(), (WEST,)).there.living
    assert farm(made.cloud, "teardown", "calls-1", "--yes", "--region", EAST) == 0
    assert farm(made.cloud, "teardown", "calls-1", "--yes", "--region", WEST) == 2


def test_a_list_shows_what_it_sees_and_says_what_it_does_not(
    made: Account, capsys: pytest.CaptureFixture[str]
) -> None:
    refusing(made.cloud, "*", "UnauthorizedOperation", regions=(WEST,))
    assert farm(made.cloud, "provision", "--list") == 3
    told = capsys.readouterr()
    assert "calls-1: 1 machine" in told.out
    assert told.err.startswith("farm: not listed: us-west-2: ")


def test_of_what_was_not_looked_at_nothing_is_claimed(capsys: pytest.CaptureFixture[str]) -> None:
    cloud = TwoRegions()
    refusing(cloud, "*", "UnauthorizedOperation", regions=(WEST,))
    assert farm(cloud, "provision", "--list") == 3
    assert capsys.readouterr().out == "Nothing of the probe farm is in us-east-1.\n"


def test_the_keys_of_a_run_are_kept_while_a_region_of_it_is_not_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = tmp_path / "calls.yaml"
    calls.write_text(
        "format: 1\nscenario: one_to_one\ninventory: calls.aws/inventory.yaml\naws:\n"
        "  operator: 198.51.100.7/32\n"
        f"  hosts: [{{type: c6i.2xlarge, region: {WEST}, place: west}}]\n"
    )
    assert farm(TwoRegions(), "provision", calls, "--yes", "--no-wait") == 0
    cloud = TwoRegions()
    refusing(cloud, "*", "UnauthorizedOperation", regions=(WEST,))
    assert farm(cloud, "teardown", calls, "--yes") == 3
    assert (tmp_path / "calls.aws" / "id_ed25519").exists()
    assert farm(TwoRegions(), "teardown", calls, "--yes") == 0
    assert not (tmp_path / "calls.aws").exists()


def test_what_may_not_be_ended_is_said_and_the_rest_is_ended(made: Account) -> None:
    refusing(made.cloud, "TerminateInstances", "UnauthorizedOperation", says=SCP, regions=(WEST,))
    left = made.remove()
    assert [machine.name for machine in left.living] == ["host-west-1"]
    assert {group.region for group in left.groups} == {WEST}
    assert (
        sum("refused: these AWS credentials may not terminate" in line for line in made.said) == 1
    )
    assert Account(made.wanted).remove().anything is False


def test_one_machine_that_is_protected_keeps_no_other_one() -> None:
    account = Account(wanted_for(TWO_PLACES))
    machines = account.provide().machines
    server = next(machine for machine in machines if machine.name == "server")
    ec2 = account.cloud.client("ec2", EAST)

    def protect(on: bool) -> None:
        ec2.modify_instance_attribute(InstanceId=server.id, DisableApiTermination={"Value": on})

    protect(True)
    # moto ends those that come before it; AWS ends none.
    refusing(account.cloud, "TerminateInstances", "OperationNotPermitted", times=1, regions=(EAST,))
    left = account.remove()
    assert [machine.name for machine in left.living] == ["server"]
    assert {machine.state for machine in left.machines} <= {"running", "terminated"}
    assert sum(server.id in line for line in account.said if "refused" in line) == 1
    protect(False)
    assert account.remove().anything is False


def test_regions_are_asked_where_that_is_allowed() -> None:
    cloud = Cloud()
    refusing(cloud, "DescribeRegions", "UnauthorizedOperation", says=SCP, regions=(EAST,))
    assert WEST in cloud.regions()


def test_a_network_without_subnets_is_given_its_own_advice(made: Account) -> None:
    ec2 = made.cloud.client("ec2", WEST)
    made.remove()
    for subnet in ec2.describe_subnets()["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    with pytest.raises(
        BadInput, match=r"DefaultVpcAlreadyExists, .* aws ec2 create-default-subnet --region us-w"
    ):
        made.facts()
