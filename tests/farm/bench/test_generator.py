"""The machines that run probes, as an experiment asks for them."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from farm.bench.generator import (
    HERE,
    address_towards,
    check_machines,
    look_trouble,
    names_beside,
    open_generator,
    ray_address,
)
from farm.errors import BadInput
from farm.experiment_file import parse_experiment
from farm.hosts.code_version import own_code
from farm.hosts.ray import RayMachine
from farm.hosts.wiring import HostOrder, machine_facts
from farm.model.experiment import Experiment, HostSettings, Scenario
from farm.model.host_samples import HostLook
from farm.model.run_clock import RunClock
from farm.model.setting import Size
from farm.planning.placement import HostRoom

A, B = RayMachine("a", "10.0.0.1", 8, "n1"), RayMachine("b", "10.0.0.2", 4, "n2")
ORDER = HostOrder("a", "oregon", None, Size(640, 480), "full")
LOOK = HostLook("a", 8, 2**34, "6.8", own_code(), "Chromium 140", None, 28000, 10**11, None)


def test_the_head_is_looked_for_here_unless_it_is_named() -> None:
    assert ray_address("auto") == "ray://127.0.0.1:10001"
    assert ray_address("ray://10.0.0.5:10002") == "ray://10.0.0.5:10002"


def test_our_own_address_is_the_one_that_the_other_sees() -> None:
    assert address_towards("127.0.0.9") == "127.0.0.1"
    assert address_towards("::1") == "::1"


def test_a_host_to_which_there_is_no_way_is_told() -> None:
    with pytest.raises(BadInput, match=r"no route from here to the host at fe80::1"):
        address_towards("fe80::1")


def test_machines_keep_their_names_where_nobody_else_has_them() -> None:
    assert names_beside((HERE,), "oregon", (A, B)) == ("a", "b")
    assert names_beside((HERE, "a"), "oregon", (A, B)) == ("a@oregon", "b")
    assert names_beside((HERE, "a", "a@oregon"), "oregon", (A, B)) == ("a@oregon-2", "b")
    assert names_beside((HERE,), "oregon", (replace(A, name=HERE),)) == ("here@oregon",)


@pytest.mark.parametrize(
    ("settings", "found", "says"),
    [
        (HostSettings(False, "auto"), (), r"hosts\[1\]\.ray: auto: no machine of it has CPUs"),
        (
            HostSettings(False, "auto", 3),
            (A, B),
            r"hosts\[1\]\.machines: 3: the cluster has 2 \(a, b\)",
        ),
        (
            HostSettings(False, "auto"),
            (A, replace(B, name="a")),
            r"two of its machines are called a",
        ),
    ],
)
def test_a_cluster_that_is_not_as_asked_for_is_told(
    settings: HostSettings, found: tuple[RayMachine, ...], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        check_machines(1, settings, found)


@pytest.mark.parametrize(
    ("order", "seen", "says"),
    [
        (ORDER, LOOK, None),
        (replace(ORDER, cores=(0, 7)), LOOK, None),
        (replace(ORDER, cores=(0, 8)), LOOK, "it has no core 8 (hosts[].cores), of 8"),
        (ORDER, replace(LOOK, chromium=None, chromium_trouble="no Chromium"), "no Chromium"),
        (
            ORDER,
            replace(LOOK, app_trouble="refused"),
            "it cannot reach the page under test, http://app/: refused",
        ),
    ],
)
def test_what_keeps_a_machine_from_running_probes(
    order: HostOrder, seen: HostLook, says: str | None
) -> None:
    assert look_trouble(order, seen, "http://app/") == says


async def test_this_machine_is_looked_at_without_starting_anything() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        seen = await machine_facts(Path("/gone"), f"http://127.0.0.1:{unheard.getsockname()[1]}/")
    assert seen.hostname == socket.gethostname()
    assert seen.farm == own_code()
    assert seen.chromium is None
    assert seen.chromium_trouble is not None
    assert "/gone" in seen.chromium_trouble
    assert seen.app_trouble is not None
    assert "refused" in seen.app_trouble
    assert seen.cores >= 1
    assert (seen.free_ports or 0) > 1000


async def test_this_machine_alone_is_reached_by_loopback() -> None:
    experiment = Experiment(
        scenario=Scenario("one_to_one"), hosts=(HostSettings(cores=(0,), probes=6),)
    )
    async with open_generator(experiment, RunClock()) as generator:
        assert generator.names == (HERE,)
        assert generator.rooms == {HERE: HostRoom(cores=1, probes=6)}
        assert generator.address == "127.0.0.1"
        assert await generator.looks(None, None) == {}


async def test_a_cluster_that_does_not_answer_is_told_with_its_setting() -> None:
    text = "format: 1\nscenario: one_to_one\nhosts: [{here: true}, {ray: 'ray://127.0.0.1:1'}]\n"
    experiment = parse_experiment(text, "calls.yaml")
    with pytest.raises(BadInput, match=r"hosts\[1\]\.ray: ray://127\.0\.0\.1:1: no head of a Ray"):
        async with open_generator(experiment, RunClock()):
            pass
