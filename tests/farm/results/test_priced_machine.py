"""A price is of one machine: was that the one measured?"""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.server_samples import ServerFacts
from farm.results.cost import MachinePrice
from farm.results.priced_machine import check_machine

PRICE = MachinePrice("c4.2xlarge", "us-east-1", 0.398, 8, 15.0, architecture="x86_64")
FACTS = ServerFacts(
    *("kms-1", "6.1", 8, "Xeon", int(14.7 * 2**30), "kms", 7, "eth0", "ssh"),
    architecture="x86_64",
)
NOTHING = replace(FACTS, cores=None, memory_bytes=None, architecture=None)


def test_a_machine_like_the_one_named_is_taken_for_it() -> None:
    assert check_machine(PRICE, FACTS).mismatch is None
    assert check_machine(PRICE, FACTS, quota_cores=8.0).mismatch is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cores": 2}, "2 cores, not 8"),
        ({"memory_bytes": 4 << 30}, "4.0 GiB of memory, not 15"),
        ({"memory_bytes": 32 << 30}, "32.0 GiB of memory, not 15"),
        ({"architecture": "aarch64"}, "arm64, not x86_64"),
        ({"instance_type": "m5.large"}, "its instance type is m5.large"),
    ],
)
def test_what_is_unlike_is_named(change: dict[str, object], words: str) -> None:
    check = check_machine(PRICE, replace(FACTS, **change))  # type: ignore[arg-type]
    assert check.unlike == (words,)
    assert check.mismatch == f"the machine measured is not a c4.2xlarge: {words}"


def test_a_quota_makes_less_of_any_machine() -> None:
    named = replace(FACTS, instance_type="c4.2xlarge")
    words = "the media server has a CPU quota of 0.1 cores"
    assert check_machine(PRICE, named, quota_cores=0.1).unlike == (words,)


def test_the_instance_type_alone_tells() -> None:
    """One that is started with fewer cores, as EC2 allows, costs the same."""
    fewer = replace(FACTS, cores=4, instance_type="c4.2xlarge")
    assert check_machine(PRICE, fewer).mismatch is None
    own = replace(PRICE, machine="the big one in the cellar")
    assert check_machine(own, replace(FACTS, instance_type="m5.large")).mismatch is None


def test_what_nobody_could_read_is_said_and_hinders_nothing() -> None:
    check = check_machine(PRICE, NOTHING)
    assert check.unlike == ()
    assert check.mismatch == (
        "whether the machine measured is a c4.2xlarge is not known (cores, memory, architecture "
        "unknown)"
    )
    bare = replace(PRICE, memory_gib=None, architecture=None)
    assert check_machine(bare, replace(NOTHING, cores=8)).mismatch is None


def test_cores_that_the_media_server_may_not_use_are_none_of_its_price() -> None:
    facts = replace(FACTS, cores=PRICE.vcpus)
    assert check_machine(PRICE, facts, process_cores=PRICE.vcpus).mismatch is None
    check = check_machine(PRICE, facts, process_cores=2)
    assert check.unlike == (f"the media server may run on 2 of its {PRICE.vcpus} cores",)
