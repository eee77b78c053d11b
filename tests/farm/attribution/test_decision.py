"""Each resource saturated, in many sizes and shapes; and servers that are only near it."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from farm.attribution import ServerResources
from farm.model.server_samples import Allowance, DiskSample
from tests.farm.attribution.broken_trials import (
    AT_REST,
    LOSS,
    MACHINE,
    SHAPES,
    Second,
    calm,
    named,
    trial,
)
from tests.farm.attribution.starved_seconds import (
    all_cores,
    one_thread,
    quota,
    shaper,
    slow_disk,
    small_buffers,
    threads,
)

shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


STARVED: dict[str, Sequence[tuple[str, Second]]] = {
    "cpu_quota": [
        ("a tenth of a core", quota(0.1, 98.0)),
        ("a core and a half", quota(1.5, 70.0)),
        ("short periods", quota(0.5, 35.0)),
    ],
    "cpu_steal": [
        (
            "neighbours",
            lambda much: {"steal_percent": 35.0 * much, "cpu_percent": 30 + 34 * much},
        ),
        ("no credits left", lambda much: {"steal_percent": 80.0 * much, "cpu_percent": 20.0}),
    ],
    "cpu_thread": [
        ("of four cores", one_thread(97.0, 4)),
        ("of 64 cores", one_thread(99.0, 64)),
        ("pinned to one core", one_thread(96.0, 1)),
        (
            "that had to wait for its core",
            lambda much: {
                "process_cores": 1,
                "process_cpu_percent": 84.0,
                "process_cpu_wait_percent": 16.0,
                "threads": threads(82.0, 2.0),
            },
        ),
    ],
    "cpu_total": [
        ("of four cores", all_cores(4)),
        ("of 16 cores", all_cores(16)),
        ("two threads on one core", lambda much: {
            "process_cores": 1,
            "process_cpu_percent": 40 + 57 * much,
            "threads": threads(20 + 29 * much, 20 + 27 * much),
        }),
        ("others on the machine", lambda much: {"cpu_percent": 35 + 62 * much}),
    ],
    "network_bits": [
        ("400 kbit/s", shaper(4e5, 0.97, 0.2)),
        ("100 Mbit/s", shaper(1e8, 0.99, 0.03)),
        ("a bucket too small to reach its rate", shaper(2e6, 0.7, 0.1)),
        ("of which senders keep clear", shaper(5e6, 0.84, 0.0)),
        ("a long queue that drops nothing", lambda much: {
            "sent_limit_bps": 4e6, "sent_bps": 2.6e6, "queue_backlog_bytes": int(90_000 * much)
        }),
        ("a queue that has no rate", lambda much: {
            "sent_bps": 4e6, "sent_packets_per_s": 600.0, "queue_drops_per_s": 30.0 * much
        }),
        ("no queue told of", lambda much: {
            "sent_limit_bps": 1e6, "sent_bps": 0.5e6 + 0.49e6 * much
        }),
        ("a cloud's", lambda much: {"allowances": (Allowance("bw_out", 900 * much),)}),
    ],
    "network_packets": [
        ("a cloud's", lambda much: {"allowances": (Allowance("pps", 400 * much),)}),
        ("a ring too small", lambda much: {"received_drops_per_s": 120.0 * much}),
        ("small ones", lambda much: {
            "sent_bps": 4e5, "sent_packets_per_s": 600.0, "queue_drops_per_s": 30.0 * much
        }),
        ("a queue too short", lambda much: {
            "queue_drops_per_s": 50.0 * much, "sent_limit_bps": 1e9
        }),
        ("one core for all interrupts", lambda much: {
            "core_softirq_percent": (3.0, 10 + 85 * much, 2.0, 1.0)
        }),
    ],
    "udp_buffers": [
        ("1 % of few", small_buffers(0.01, 300.0)),
        ("half of many", small_buffers(0.5, 20_000.0)),
        ("at 80 % CPU", lambda much: {
            **small_buffers(0.1, 2000.0)(much), "cpu_percent": 80.0, "threads": threads(75.0)
        }),
        ("only the network's own count is seen", lambda much: {
            "received_packets_per_s": None,
            "udp_socket_drops_per_s": None,
            "udp_receive_buffer_errors_per_s": 60.0 * much,
        }),
    ],
    "disk": [
        ("busy all the time", slow_disk(99.0, 0.3, 1)),
        ("not busy, but slow", slow_disk(60.0, 0.9, 2)),
        ("written no faster than allowed", lambda much: {
            "cgroup_written_limit_bps": 2e6, "process_written_bps": 1e6 + 0.98e6 * much
        }),
    ],
    "memory": [
        ("a group's", lambda much: {
            "cgroup_memory_limit_bytes": 200_000_000,
            "cgroup_memory_used_bytes": int(120_000_000 + 79_000_000 * much),
            "cgroup_memory_limit_hits_per_s": 40.0 * much,
            "process_blocked_threads": round(2 * much),
            "process_read_bps": 3e7 * much,
            "disks": (DiskSample("vda", 3e7 * much, 0.0, 95.0 * much, 0.01),),
        }),
        ("the machine's", lambda much: {
            "memory_available_bytes": int(1_000_000_000 - 900_000_000 * much),
        }),
        ("read back from disk", lambda much: {
            "process_major_faults_per_s": 900.0 * much,
            "memory_pressure_percent": 45.0 * much,
            "disks": (DiskSample("vda", 3e7, 0.0, 97.0 * much, 0.02),),
            "process_read_bps": 3e7 * much,
        }),
    ],
}  # fmt: skip
CAUSES = [
    pytest.param(resource, second, id=f"{resource}: {name}")
    for resource, causes in STARVED.items()
    for name, second in causes
]


@shapes
@pytest.mark.parametrize(("resource", "second"), CAUSES)
def test_what_gave_way_is_named(resource: str, second: Second, shape: Any) -> None:
    found = named(trial(second, shape), held=calm())

    assert found.resource == resource, found.evidence
    assert found.evidence.startswith("at 4 probes ")


@pytest.mark.parametrize(("resource", "second"), CAUSES)
def test_it_is_named_without_a_trial_that_held(resource: str, second: Second) -> None:
    assert named(trial(second)).resource == resource


# ---------------------------------------------------------------- near is not there


@pytest.mark.parametrize(
    "near",
    [
        {"cpu_percent": 82.0, "process_cpu_percent": 320.0, "threads": threads(80.0, 80.0)},
        {"cgroup_cpu_limit_cores": 2.0, "cgroup_throttled_percent": 4.0},
        {"steal_percent": 3.0},
        {"sent_limit_bps": 6e6, "queue_drops_per_s": 0.0, "queue_backlog_bytes": 3000},
        {"udp_receive_buffer_errors_per_s": 0.4},
        {"received_drops_per_s": 0.5, "core_softirq_percent": (40.0, 2.0, 2.0, 2.0)},
        {"allowances": (Allowance("pps", 0.0), Allowance("linklocal", 90.0))},
        {"disks": (DiskSample("vda", 0.0, 9e7, 99.0, 0.5),)},
        {"process_written_bps": 4e6, "disks": (DiskSample("vda", 0.0, 4e6, 60.0, 0.01),)},
        {"cgroup_memory_limit_bytes": 10**9, "cgroup_memory_used_bytes": 900_000_000},
        {"memory_available_bytes": 900_000_000},
        {"process_major_faults_per_s": 400.0, "memory_pressure_percent": 0.0},
    ],
)
def test_what_is_only_near_its_end_is_not_accused(near: dict[str, Any]) -> None:
    found = named(trial(lambda _: near))

    assert found.resource == "unknown", found.evidence
    assert "no resource was saturated" in found.evidence


@pytest.mark.parametrize(
    "always",
    [
        {"cgroup_memory_limit_bytes": 10**9, "cgroup_memory_used_bytes": 980_000_000},
        {
            "disks": (DiskSample("vda", 0.0, 4e6, 97.0, 0.01),),
            "process_written_bps": 4e6,
        },
    ],
)
def test_what_was_so_in_the_trial_that_held_explains_nothing(always: dict[str, Any]) -> None:
    evidence = trial(lambda much: {**always, **small_buffers(0.2, 900.0)(much)})
    held = calm(lambda _: always)

    assert named(evidence, held=held).resource == "udp_buffers"
    assert named(trial(lambda _: always), held=held).resource == "unknown"


def test_a_network_far_away_that_carries_no_more() -> None:
    """Nothing on the server tells of it, but no more came through than at a lower load."""
    evidence = trial(lambda _: {"sent_bps": 4.1e6}, load=6)
    found = named(evidence, held=calm(load=4))

    assert found.resource == "network_bits"
    assert "the server sent 4.1 Mbit/s, 4 at 4 probes: no more came through" in found.evidence


def test_loss_alone_blames_no_network() -> None:
    evidence = trial(lambda _: {}, load=6)
    assert named(evidence, held=calm(load=4)).resource == "unknown"


def test_an_interface_at_its_speed() -> None:
    machine = dataclasses.replace(MACHINE, network_bps=1e7)
    assert named(trial(lambda _: {"sent_bps": 9.6e6}), machine=machine).resource == "network_bits"
    assert named(trial(lambda _: {"sent_bps": 7e6}), machine=machine).resource == "unknown"


def test_a_machine_that_also_runs_probes_is_no_measure() -> None:
    shared = ServerResources(cores=2, shared=True)
    busy = trial(lambda _: {"cpu_percent": 99.0, "process_cores": 2})
    assert named(busy, machine=shared).resource == "unknown"
    apart = dataclasses.replace(shared, own_cores=True)
    assert named(busy, machine=apart).resource == "cpu_total"


def starved_thread(cores: int) -> Second:
    return lambda _: {
        "process_cores": cores,
        "process_cpu_percent": 17.0,
        "process_cpu_wait_percent": 82.0,
        "threads": threads(16.0, 1.0),
        "udp_receive_buffer_errors_per_s": 300.0,
    }


@pytest.mark.parametrize(
    ("cores", "machine", "resource"),
    [
        (1, ServerResources(cores=2, shared=True), "cpu_thread"),
        (4, ServerResources(cores=4), "cpu_thread"),
        (2, ServerResources(cores=2, shared=True), "generator"),
    ],
)
def test_a_thread_that_never_gets_the_core_it_wants(
    cores: int, machine: ServerResources, resource: str
) -> None:
    found = named(trial(starved_thread(cores)), machine=machine)
    assert found.resource == resource
    assert "used 16 % of a core and waited for one 82 % of the time" in found.evidence


def test_a_machine_of_one_core_is_full_whoever_fills_it() -> None:
    one = ServerResources(cores=1)
    evidence = trial(lambda much: {**one_thread(97.0, 1)(much), "cpu_percent": 98.0})
    assert named(evidence, machine=one).resource == "cpu_total"


def test_a_server_of_which_nothing_is_known() -> None:
    blind = dataclasses.replace(trial(lambda _: dict.fromkeys(AT_REST)), server_samples=())
    found = named(blind, LOSS)
    assert found.resource == "unknown"
    assert "nothing is known of the server's machine" in found.evidence


def test_full_sockets_of_a_process_that_did_not_run_are_a_consequence() -> None:
    full = {"udp_receive_buffer_errors_per_s": 300.0, "udp_socket_drops_per_s": 300.0}
    stopped = trial(lambda _: {**full, "process_cpu_percent": 0.1})
    limit = named(stopped)
    assert limit.resource == "unknown"
    assert "its process did not run or did not read (0.1 % of a core)" in limit.signs[0].said
    assert named(trial(lambda _: full)).resource == "udp_buffers"
    own_alone = {"udp_socket_drops_per_s": 300.0, "process_cpu_percent": 0.1}
    assert named(trial(lambda _: own_alone)).resource == "unknown"
