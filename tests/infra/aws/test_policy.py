"""The IAM policy in the documents: the calls that the farm really makes, no more and no fewer."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from infra.aws.look import observe
from infra.aws.prices import prices
from infra.aws.resets import fresh_instance, reboot
from infra.aws.upload import bucket_of, upload
from tests.infra.aws.cloud_runs import EAST, ONE_PLACE, Account, impatient, wanted_for

DOCUMENT = Path(__file__).parents[3] / "docs/aws.md"
ACTIONS = {"ListObjectsV2": "s3:ListBucket"}
"""Where an operation's permission has another name."""


def policy() -> dict[str, Any]:
    found = re.search(r"^```json\n(.*?)^```", DOCUMENT.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.mark.slow
def test_the_policy_allows_the_calls_that_are_made_and_no_others(aws: str, tmp_path: Path) -> None:
    account = Account(wanted_for(ONE_PLACE))
    called: set[str] = set()
    tagging: set[str] = set()

    def note(model: Any, params: Any, **_: Any) -> None:
        called.add(ACTIONS.get(model.name, f"{model.service_model.signing_name}:{model.name}"))
        if "TagSpecification" in str(params.get("body", "")):
            tagging.add(model.name)

    cloud = account.cloud
    cloud.session.events.register("before-call.*.*", note)

    cloud.account()
    cloud.regions()
    facts = account.facts()
    there = account.provide()
    server = next(machine for machine in there.living if machine.name == "server")
    group = next(group for group in there.groups if group.name == "host")
    strange = [{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": OPEN}]}]
    ec2 = Account(account.wanted).cloud.client("ec2", EAST)
    ec2.authorize_security_group_ingress(GroupId=group.id, IpPermissions=strange)
    ec2.stop_instances(InstanceIds=[server.id])
    account.provide()
    reboot(cloud, account.wanted.run, EAST)
    fresh_instance(cloud, account.wanted, facts, account.said.append, impatient())
    table, why = prices(
        cloud, [("c9.none", EAST)], tmp_path / "prices.yaml", account.wanted.expires.date()
    )
    assert table.machines and why is not None  # moto has no price list
    observe(cloud, [EAST])
    account.remove()

    ec2_s3 = Account(account.wanted).cloud.client("s3", EAST)
    ec2_s3.create_bucket(Bucket="my-bucket")
    report = tmp_path / "report"
    report.mkdir()
    (report / "index.html").write_text("<p>done</p>")
    upload(cloud, report, bucket_of("s3://my-bucket/reports"), "calls", account.said.append)
    called.add("s3:GetObject")  # what the signed address asks for, in the signer's name

    allowed = [action for statement in policy()["Statement"] for action in statement["Action"]]
    assert sorted(called | {"ec2:CreateTags"}) == sorted(allowed)
    conditions = {one["Sid"]: one.get("Condition") for one in policy()["Statement"]}
    assert tagging == set(conditions["TagWhatIsMade"]["StringEquals"]["ec2:CreateAction"])


OPEN = "0.0.0.0/0"


def test_what_changes_or_ends_things_is_bound_to_our_tag() -> None:
    for statement in policy()["Statement"]:
        ends = [a for a in statement["Action"] if re.search("Terminate|Delete|Release|Revoke", a)]
        if ends:
            assert statement["Condition"] == {"Null": {"aws:ResourceTag/probe-farm:run": "false"}}
