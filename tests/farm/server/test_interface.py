"""Which interface carries the media: of the machine, or of the process' own network."""

from __future__ import annotations

import os
import subprocess

import pytest

from farm.errors import BadInput
from farm.linux.network import Interface
from farm.server.interface import (
    NetworkNamespace,
    choose_interface,
    namespace_command,
    read_namespace,
)
from farm.server.machine import read_machine
from tests.farm.server.test_machine import MACHINE

ELSEWHERE = frozenset({"203.0.113.10"})
# As the kernel of a little-endian machine writes it: 10.0.3.0/24 by veth0, all else by 10.0.3.1.
INSIDE = NetworkNamespace(
    4321,
    {
        "dev": " face |bytes\n    lo: 1 1\n veth0: 1 1\n  eth9: 1 1",
        "route": (
            "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"
            "veth0\t00000000\t0103000A\t0003\t0\t0\t0\t00000000\n"
            "eth9\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\n"
            "veth0\t0003000A\t00000000\t0001\t0\t0\t0\t00FFFFFF"
        ),
        "fib_trie": (
            "Local:\n  +-- 10.0.3.0/30 2 0 2\n     |-- 10.0.3.2\n        /32 host LOCAL\n"
            "     |-- 10.0.3.3\n        /32 link BROADCAST"
        ),
        "if_inet6": (
            "20010db8000000000000000000000009 02 40 00 80    veth0\n"
            "00000000000000000000000000000001 01 80 10 80       lo"
        ),
    },
)


def test_auto_is_the_default_route_of_the_lowest_metric() -> None:
    assert choose_interface("auto", MACHINE, ELSEWHERE, here=False) == Interface("ens5")


def test_auto_is_the_interface_that_has_kurento_s_address() -> None:
    address = frozenset({"198.51.100.1"})
    assert choose_interface("auto", MACHINE, address, here=False) == Interface("docker0")


def test_auto_is_loopback_only_on_this_very_machine() -> None:
    loopback = frozenset({"127.0.0.1"})
    assert choose_interface("auto", MACHINE, loopback, here=True) == Interface("lo")
    assert choose_interface("auto", MACHINE, loopback, here=False) == Interface("ens5")


def test_a_named_interface_must_be_there() -> None:
    assert choose_interface("docker0", MACHINE, ELSEWHERE, here=False) == Interface("docker0")
    with pytest.raises(BadInput, match=r"server\.interface: kms-1 has no 'eth0'; it has lo, ens5"):
        choose_interface("eth0", MACHINE, ELSEWHERE, here=False)


def test_without_a_way_to_anywhere_there_is_none() -> None:
    machine = read_machine("@farm hostname x")
    assert choose_interface("auto", machine, ELSEWHERE, here=False) is None
    assert choose_interface("eth0", machine, ELSEWHERE, here=False) == Interface("eth0")


@pytest.mark.parametrize("address", ["10.0.3.2", "2001:db8::9"])
def test_auto_is_found_in_the_network_that_the_process_has_for_itself(address: str) -> None:
    chosen = choose_interface("auto", MACHINE, frozenset({address}), here=False, inside=INSIDE)
    assert chosen == Interface("veth0", inside=4321)
    assert chosen.counted_in == "/proc/4321/net/dev"


def test_an_address_that_nobody_has_is_not_searched_for_by_its_neighbours() -> None:
    neighbour = frozenset({"10.0.3.3"})
    assert choose_interface("auto", MACHINE, neighbour, here=False, inside=INSIDE) == Interface(
        "ens5"
    )


def test_an_interface_may_be_named_that_only_the_process_has() -> None:
    chosen = choose_interface("eth9", MACHINE, ELSEWHERE, here=False, inside=INSIDE)
    assert chosen == Interface("eth9", inside=4321)


def test_a_real_network_is_read() -> None:
    said = subprocess.run(
        ["sh", "-c", namespace_command(os.getpid())], capture_output=True, text=True, check=False
    )
    inside = read_namespace(os.getpid(), said.stdout)
    assert "lo:" in inside.files["dev"]
    assert "127.0.0.1" in inside.files["fib_trie"]
