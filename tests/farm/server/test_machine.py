"""What a machine is."""

from __future__ import annotations

import platform
import subprocess

import pytest

from farm.server.machine import COMMAND, read_machine

SAID = """\
@farm hostname kms-1
@farm kernel Linux 6.1.0-18-amd64
@farm architecture x86_64
@farm ticks 100
/proc/stat:cpu  1 2 3
/proc/stat:cpu0 1 2 3
/proc/stat:cpu1 1 2 3
/proc/meminfo:MemTotal:       24684092 kB
/proc/net/dev:Inter-|   Receive
/proc/net/dev: face |bytes    packets
/proc/net/dev:    lo: 1 1
/proc/net/dev:  ens5:1 1
/proc/net/dev:docker0: 1 1
/proc/net/route:Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\tMTU
/proc/net/route:docker0\t00000000\t010200C0\t0003\t0\t0\t500\t00000000\t0\t0\t0
/proc/net/route:ens5\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
/proc/net/route:ens5\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0
/proc/cpuinfo:model name\t: Intel(R) Xeon(R) Platinum 8124M CPU @ 3.00GHz
/proc/cpuinfo:model name\t: Intel(R) Xeon(R) Platinum 8124M CPU @ 3.00GHz
/sys/class/net/docker0/speed:-1
/sys/class/net/ens5/speed:10000
@farm limited ens5
@farm address 1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever
@farm address 2: ens5    inet 192.0.2.7/24 brd 192.0.2.255 scope global ens5\\  valid_lft forever
@farm address 2: ens5    inet6 2001:db8::7/64 scope link \\       valid_lft forever
@farm address 3: docker0    inet 198.51.100.1/16 scope global docker0\\  valid_lft forever
"""
MACHINE = read_machine(SAID)


def test_facts_are_read() -> None:
    assert (MACHINE.hostname, MACHINE.kernel) == ("kms-1", "Linux 6.1.0-18-amd64")
    assert (MACHINE.cores, MACHINE.memory_bytes, MACHINE.ticks_per_s) == (2, 24684092 * 1024, 100)
    assert MACHINE.cpu_model == "Intel(R) Xeon(R) Platinum 8124M CPU @ 3.00GHz"
    assert MACHINE.interfaces == ("lo", "ens5", "docker0")
    assert MACHINE.addresses["ens5"] == {"192.0.2.7", "2001:db8::7"}
    assert MACHINE.interface_bps == {"ens5": 10e9}  # -1: its driver does not know
    assert MACHINE.limited == {"ens5"}
    assert (MACHINE.architecture, MACHINE.instance_type) == ("x86_64", None)


@pytest.mark.parametrize(
    ("vendor", "product", "metadata", "found"),
    [
        ("Amazon EC2", "c5.2xlarge", "", "c5.2xlarge"),
        ("Xen", "HVM domU", "c4.2xlarge", "c4.2xlarge"),
        ("Xen", "HVM domU", "", None),
        ("Amazon EC2", "c5.large", "<html>", None),
        ("Dell Inc.", "r640.large", "", None),
    ],
)
def test_what_a_cloud_calls_the_machine(
    vendor: str, product: str, metadata: str, found: str | None
) -> None:
    dmi = "/sys/class/dmi/id"
    said = f"{SAID}{dmi}/sys_vendor:{vendor}\n{dmi}/product_name:{product}\n@farm type {metadata}\n"
    assert read_machine(said).instance_type == found


def test_a_machine_that_hides_everything_is_still_a_machine() -> None:
    machine = read_machine("@farm hostname \n@farm ticks \nsh: ip: not found")
    assert (machine.hostname, machine.cores, machine.ticks_per_s) == ("unknown", 0, 100)
    assert machine.cpu_model is machine.memory_bytes is machine.default_interface is None
    assert machine.architecture is machine.instance_type is None


def test_an_ipv6_only_machine_has_a_default_route_too() -> None:
    everywhere = "0" * 32
    route = f"{everywhere} 00 {everywhere} 00 {everywhere} 00000400 1 0 3 {{}}"
    lines = (route.format("eth1"), route.format("lo"))
    machine = read_machine("\n".join(f"/proc/net/ipv6_route:{line}" for line in lines))
    assert machine.default_interface == "eth1"


def test_a_real_machine_answers() -> None:
    said = subprocess.run(["sh", "-c", COMMAND], capture_output=True, text=True, check=False)
    machine = read_machine(said.stdout)
    assert machine.kernel.startswith("Linux ")
    assert machine.cores >= 1
    assert machine.architecture == platform.machine()
    assert "lo" in machine.interfaces
