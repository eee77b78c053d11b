"""Which host carries the next session."""

from __future__ import annotations

import pytest

from farm.errors import ExperimentError
from farm.planning.placement import HostRoom, Placement

HOSTS = ("a", "b", "c")


def placed(placement: Placement, sessions: int, probes: int = 2) -> str:
    return "".join(placement.place(probes, HOSTS) for _ in range(sessions))


def test_hosts_of_which_nothing_is_known_take_turns() -> None:
    assert placed(Placement(HOSTS, {}), 7) == "abcabca"


def test_a_host_of_twice_the_cores_carries_twice_as_much() -> None:
    rooms = {"a": HostRoom(cores=8), "b": HostRoom(cores=4), "c": HostRoom(cores=4)}
    carried = placed(Placement(HOSTS, rooms), 16)
    assert [carried.count(host) for host in HOSTS] == [8, 4, 4]


def test_a_full_host_leaves_the_rest_to_the_others() -> None:
    rooms = {"a": HostRoom(cores=64, probes=4), "b": HostRoom(), "c": HostRoom()}
    carried = placed(Placement(HOSTS, rooms), 8)
    assert [carried.count(host) for host in HOSTS] == [2, 3, 3]


def test_probes_that_belong_together_are_not_torn_apart() -> None:
    placement = Placement(
        HOSTS, {"a": HostRoom(probes=3), "b": HostRoom(probes=3), "c": HostRoom(probes=4)}
    )
    assert placement.place(4, HOSTS) == "c"
    assert placement.place(3, HOSTS) == "a"


def test_only_the_hosts_named_are_asked() -> None:
    placement = Placement(HOSTS, {})
    assert [placement.place(2, ("b", "c")) for _ in range(3)] == ["b", "c", "b"]


def test_without_room_it_says_what_was_allowed() -> None:
    placement = Placement(
        HOSTS, {"a": HostRoom(probes=2), "b": HostRoom(probes=2), "c": HostRoom(probes=1)}
    )
    assert placed(placement, 2) == "ab"
    with pytest.raises(ExperimentError, match=r"no room for 6 probes .*a 2, b 2, c 1.*more hosts"):
        placement.place(2, HOSTS)
