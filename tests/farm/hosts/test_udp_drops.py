"""Packets without room, on sockets that are made to overflow."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from farm.hosts.sampler import HostSampler
from farm.hosts.udp_drops import UdpDrops, sockets_of
from farm.model.criteria import InvalidLimits
from farm.verdict.generator_faults import generator_faults
from tests.farm.trial_evidence import good, with_host

DEAF = """
import socket, sys
deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2304)
deaf.bind(("127.0.0.1", 0))
print(deaf.getsockname()[1], flush=True)
sys.stdin.read()
"""


@dataclass
class Deaf:
    """A process with a small receive buffer, out of which it takes nothing."""

    pid: int
    port: int

    def overflow(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(50):
                sender.sendto(bytes(1000), ("127.0.0.1", self.port))


@pytest.fixture
def deaf() -> Iterator[Deaf]:
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", DEAF], stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        yield Deaf(process.pid, int(process.stdout.readline()))
        process.kill()


def test_drops_on_a_socket_of_ours_are_seen_once(deaf: Deaf) -> None:
    drops = UdpDrops(lambda: [deaf.pid])
    assert drops.since_last() == 0
    deaf.overflow()
    first = drops.since_last()
    assert first is not None and 30 < first < 50
    assert drops.since_last() == 0


def test_drops_of_other_processes_are_not_ours(deaf: Deaf) -> None:
    drops = UdpDrops(lambda: [os.getpid()])
    deaf.overflow()
    assert drops.since_last() == 0


def test_processes_that_are_gone_are_no_error() -> None:
    assert sockets_of([2**22 + 5]) == (set(), True)


def test_a_host_whose_browsers_have_no_room_makes_the_trial_invalid(deaf: Deaf) -> None:
    sampler = HostSampler("here", None, lambda: [deaf.pid])
    healthy = sampler.sample(0.0)
    deaf.overflow()
    dropped = sampler.sample(0.0)
    seen = [with_host(good(), [41], udp_drops=each.udp_drops) for each in (healthy, dropped)]
    assert [
        [reason.code for reason in generator_faults(each, InvalidLimits())] for each in seen
    ] == [
        [],
        ["udp_drops"],
    ]
