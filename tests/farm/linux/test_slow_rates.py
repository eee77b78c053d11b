"""What happened between two looks at what is looked at every few seconds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.linux.control_groups import Limits
from farm.linux.network import Queue, UdpSocket
from farm.linux.slow_rates import with_slow_rates
from farm.linux.slow_samples import SlowCounters
from farm.model.server_samples import Allowance, ServerSample

BEFORE = SlowCounters(
    uptime_s=100.0,
    pid=9,
    descriptors=40,
    descriptors_limit=1024,
    virtual_limit_bytes=None,
    sockets={1: UdpSocket(0, 100), 2: UdpSocket(500, 7)},
    listen_drops=3,
    limits=Limits(0.5, 200_000_000, 150_000_000, 10, 80e6),
    queue=Queue(20e6, 75, 0),
    allowances={"pps_allowance_exceeded": 5},
)
AFTER = replace(
    BEFORE,
    uptime_s=105.0,
    sockets={2: UdpSocket(9000, 12), 3: UdpSocket(0, 20)},
    listen_drops=13,
    limits=Limits(0.5, 200_000_000, 190_000_000, 35, 80e6),
    queue=Queue(20e6, 175, 4000),
    allowances={"pps_allowance_exceeded": 55, "bw_in_allowance_exceeded": 1},
)
MADE = ServerSample(received_s=50.0)


def test_rates_are_over_the_time_between_the_looks() -> None:
    made = with_slow_rates(MADE, BEFORE, AFTER)
    assert made.udp_sockets == 2
    assert made.udp_socket_queue_bytes == 9000  # of the fullest
    assert made.udp_socket_drops_per_s == (5 + 20) / 5  # a socket that came began at 0
    assert made.tcp_listen_drops_per_s == 2
    assert (made.sent_limit_bps, made.queue_backlog_bytes, made.queue_drops_per_s) == (
        20e6,
        4000,
        20,
    )
    assert made.allowances == (Allowance("pps", 10.0),)
    assert made.cgroup_cpu_limit_cores == 0.5
    assert (made.cgroup_memory_limit_bytes, made.cgroup_memory_used_bytes) == (2e8, 1.9e8)
    assert made.cgroup_memory_limit_hits_per_s == 5
    assert made.cgroup_written_limit_bps == 80e6


def test_the_first_look_has_what_is_and_no_rates() -> None:
    made = with_slow_rates(MADE, None, AFTER)
    assert (made.udp_sockets, made.sent_limit_bps, made.cgroup_cpu_limit_cores) == (2, 20e6, 0.5)
    assert made.udp_socket_drops_per_s is made.queue_drops_per_s is made.allowances is None
    assert made.cgroup_memory_limit_hits_per_s is made.tcp_listen_drops_per_s is None


def test_another_process_has_nothing_to_do_with_what_the_last_one_lost() -> None:
    made = with_slow_rates(MADE, BEFORE, replace(AFTER, pid=10))
    assert made.udp_socket_drops_per_s is made.cgroup_memory_limit_hits_per_s is None
    assert made.queue_drops_per_s == 20  # the interface stayed


@pytest.mark.parametrize("uptime_s", [None, 100.0, 5.0])
def test_without_time_between_the_looks_there_are_no_rates(uptime_s: float | None) -> None:
    made = with_slow_rates(MADE, BEFORE, replace(AFTER, uptime_s=uptime_s))
    assert made.udp_socket_drops_per_s is made.queue_drops_per_s is None
    assert not made.allowances


def test_a_queue_that_was_set_anew_has_no_rate_of_drops() -> None:
    made = with_slow_rates(MADE, BEFORE, replace(AFTER, queue=Queue(5e6, 3, 0)))
    assert made.sent_limit_bps == 5e6
    assert made.queue_drops_per_s is None


def test_what_is_hidden_is_unknown_and_never_zero() -> None:
    hidden = SlowCounters(105.0, 9, *([None] * 8))  # type: ignore[arg-type]
    assert with_slow_rates(MADE, BEFORE, hidden) == MADE
