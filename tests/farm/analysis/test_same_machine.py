"""One machine or two: what a server's shell says beside what a host says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.analysis.same_machine import is_same_machine, is_shared
from farm.model.host_samples import HostFacts
from farm.model.server_samples import ServerFacts

SERVER = ServerFacts(
    "media-1", "Linux 6.1.0", 8, "Xeon", 16 << 30, "kurento", 7, "eth0", "ssh to media-1"
)
HOST = HostFacts("here", "office", "media-1", 8, 16 << 30, "6.1.0", "156")
OTHER = replace(HOST, hostname="laptop", memory_bytes=8 << 30)


def test_kernels_are_one_whether_or_not_their_system_is_named() -> None:
    assert is_same_machine(SERVER, HOST)


def test_cores_that_are_kept_from_the_probes_make_no_other_machine() -> None:
    assert is_same_machine(SERVER, replace(HOST, cores=6))


@pytest.mark.parametrize(
    "unlike",
    [
        replace(HOST, hostname="media-2"),
        replace(HOST, kernel="6.1.1"),
        replace(HOST, memory_bytes=8 << 30),
    ],
)
def test_machines_that_differ_in_anything_are_two(unlike: HostFacts) -> None:
    assert not is_same_machine(SERVER, unlike)


def test_what_one_does_not_say_is_no_difference() -> None:
    unseen = replace(SERVER, kernel=None, memory_bytes=None)
    assert is_same_machine(unseen, HOST)
    assert not is_same_machine(unseen, OTHER)


def test_a_server_is_shared_where_any_host_is_its_machine() -> None:
    assert is_shared(SERVER, [OTHER, HOST])
    assert not is_shared(SERVER, [OTHER])
    assert not is_shared(SERVER, [])
