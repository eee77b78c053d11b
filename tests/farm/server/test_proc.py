"""`/proc` as kernels write it, and as containers hide it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.server.frames import Frame
from farm.server.proc import CpuTicks, Look, RunningProcess, Thread, Traffic, Udp, look
from farm.server.proc_rates import sample, thread_samples

STAT = """\
cpu  64060 4162 24546 554777 1040 0 426 76 500 0
cpu0 27603 2074 11511 282979 263 10 122 27 500 0
cpu1 36456 2088 13035 271797 777 0 304 48 0 0
intr 2099155 0 0
softirq 1148048 0 104417"""
PROCESS = (
    "25719 (kurento-media-s) S 1 25719 25719 0 -1 4194560 70110 0 12 0 2185 1000 0 0 20 0 88 0"
    " 417255 1922838528 56217 18446744073709551615 1 1 0 0"
)
DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: 72428657    3100    0    0    0     0          0         0 72428657    3100    0    0
  eth0:499122723   15428    0    0    0     0          0         0   979542    9632    0    0"""
SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 2 64
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
Udp: 234 0 7 324 5 1 0
UdpLite: InDatagrams NoPorts InErrors
UdpLite: 0 0 0"""
FILES = {
    "/proc/stat": STAT,
    "/proc/uptime": "4601.25 5547.77",
    "/proc/loadavg": "8.40 15.26 12.29 3/211 26809",
    "/proc/meminfo": "MemTotal:       24684092 kB\nMemFree:  1 kB\nMemAvailable:   23459864 kB",
    "/proc/net/dev": DEV,
    "/proc/net/snmp": SNMP,
    "/proc/25719/stat": PROCESS,
    "/proc/25719/status": "Name:\tkurento-media-s\nVmRSS:\t  224868 kB\nThreads:\t88",
    "/proc/25719/task/25719/stat": PROCESS,
    "/proc/25719/task/25800/stat": PROCESS.replace("25719 (kurento-media-s)", "25800 (a) b (c)"),
}


def looked(files: dict[str, str], pid: int | None = 25719, interface: str | None = "eth0") -> Look:
    return look(Frame(1, files, 40), pid, interface)


def test_every_file_is_read() -> None:
    seen = looked(FILES)
    assert seen.uptime_s == 4601.25
    assert seen.cores is not None
    assert seen.cores[0] == CpuTicks(
        busy=27603 + 2074 + 11511 + 10 + 122, steal=27, softirq=122, total=41320 + 27 + 282979 + 263
    )
    assert seen.load_1m == 8.4
    assert seen.memory_total_bytes == 24684092 * 1024
    assert seen.memory_available_bytes == 23459864 * 1024
    assert seen.process == RunningProcess(25719, 417255, 3185, 88, 224868 * 1024)
    assert seen.descriptors == 40
    assert seen.traffic == Traffic(499122723, 15428, 979542, 9632)
    assert seen.udp == Udp("/proc/net/snmp", 7, 6)


def test_a_thread_may_be_called_anything() -> None:
    threads = looked(FILES).threads
    assert threads is not None
    assert threads[25800] == Thread("a) b (c", 417255, 3185)


def test_udp_counters_are_those_of_the_process_namespace_where_seen() -> None:
    own = {**FILES, "/proc/25719/net/snmp": SNMP.replace("234 0 7", "9 0 8")}
    assert looked(own).udp == Udp("/proc/25719/net/snmp", 8, 6)
    rates = sample(looked(FILES), replace(looked(own), uptime_s=4602.25), 1.0, 100)
    assert rates.udp_in_errors_per_s is None


@pytest.mark.parametrize("path", sorted(FILES))
def test_a_hidden_or_garbled_file_is_unknown_and_hurts_no_other(path: str) -> None:
    whole = looked(FILES)
    for files in (
        {name: text for name, text in FILES.items() if name != path},
        {**FILES, path: ""},
        {**FILES, path: "Udp: Permission denied"},
    ):
        seen = looked(files)
        differing = {
            name
            for name in Look.__dataclass_fields__
            if getattr(seen, name) != getattr(whole, name)
        }
        assert differing <= {
            "/proc/stat": {"cores"},
            "/proc/uptime": {"uptime_s"},
            "/proc/loadavg": {"load_1m"},
            "/proc/meminfo": {"memory_total_bytes", "memory_available_bytes"},
            "/proc/net/dev": {"traffic"},
            "/proc/net/snmp": {"udp"},
            "/proc/25719/stat": {"process"},
            "/proc/25719/status": {"process"},
        }.get(path, {"threads"})
        for name in differing - {"process", "threads"}:
            assert getattr(seen, name) is None


def test_a_zombie_is_no_process() -> None:
    assert looked({**FILES, "/proc/25719/stat": PROCESS.replace(") S ", ") Z ")}).process is None


def test_without_a_pid_or_an_interface_nothing_is_made_up() -> None:
    seen = looked(FILES, pid=None, interface=None)
    assert seen.process is seen.threads is seen.traffic is None


def later(seen: Look, seconds: float, **changes: object) -> Look:
    assert seen.uptime_s is not None
    return replace(seen, uptime_s=seen.uptime_s + seconds, **changes)  # type: ignore[arg-type]


def test_rates_are_over_the_server_s_own_clock() -> None:
    before = looked(FILES)
    assert before.traffic is not None
    after = later(before, 2.0, traffic=replace(before.traffic, sent_bytes=979542 + 500_000))
    rates = sample(before, after, received_s=99.0, ticks_per_s=100)
    assert rates.received_s == 99.0
    assert rates.sent_bps == 2e6
    assert rates.received_bps == 0


def test_cpu_shares_leave_out_idle_and_stolen_time() -> None:
    before, after = looked(FILES), looked(FILES)
    cores = {0: CpuTicks(0, 0, 0, 0), 1: CpuTicks(0, 0, 0, 0)}
    spent = {0: CpuTicks(busy=60, steal=20, softirq=10, total=100), 1: CpuTicks(20, 0, 0, 100)}
    rates = sample(replace(before, cores=cores), replace(after, cores=spent), 1.0, 100)
    assert (rates.cpu_percent, rates.steal_percent, rates.softirq_percent) == (40, 10, 5)
    assert rates.core_percent == (60, 20)


def test_another_process_another_boot_and_a_wrapped_counter_have_no_rate() -> None:
    before = looked(FILES)
    assert before.process is not None
    assert before.traffic is not None
    other = later(before, 1.0, process=replace(before.process, started=999999))
    assert sample(before, other, 1.0, 100).process_cpu_percent is None
    assert thread_samples(before, other, 100) is None
    rebooted = later(before, -4000.0)
    assert sample(before, rebooted, 1.0, 100).received_bps is None
    assert sample(before, rebooted, 1.0, 100).process_cpu_percent is None
    wrapped = later(before, 1.0, traffic=replace(before.traffic, received_bytes=5))
    assert sample(before, wrapped, 1.0, 100).received_bps is None


def test_threads_are_counted_since_the_last_look_or_their_birth() -> None:
    before = looked(FILES)
    after = later(
        before,
        2.0,
        threads={
            25719: Thread("kurento-media-s", 417255, 3185 + 20),
            25900: Thread("nicesrc3:src", 460100, 100),
            25800: Thread("reused", 460100, 2),
        },
    )
    threads = thread_samples(before, after, 100)
    assert threads is not None
    assert [(thread.tid, thread.cpu_percent) for thread in threads] == [
        (25900, 50.0),
        (25719, 10.0),
        (25800, 1.0),
    ]


@given(st.dictionaries(st.sampled_from(sorted(FILES)), st.text()))
def test_no_text_breaks_it(files: dict[str, str]) -> None:
    before = looked(files)
    sample(before, looked(FILES), 1.0, 100)
    sample(looked(FILES), before, 1.0, 100)
