"""`/proc` as kernels write it, and as containers hide it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.linux.control_groups import CpuUse, Groups, Quota
from farm.linux.disks import Disk, ProcessIo
from farm.linux.frames import Frame
from farm.linux.network import Interface, Tcp, Traffic, Udp
from farm.linux.proc import (
    Activity,
    CpuTicks,
    Pressure,
    ProcCounters,
    RunningProcess,
    Thread,
    fast_files,
    read_counters,
)
from farm.linux.proc_rates import ThreadRates, sample, thread_rates
from farm.model.server_samples import DiskSample

STAT = """\
cpu  64060 4162 24546 554777 1040 0 426 76 500 0
cpu0 27603 2074 11511 282979 263 10 122 27 500 0
cpu1 36456 2088 13035 271797 777 0 304 48 0 0
intr 2099155 0 0
ctxt 4823421
procs_running 3
procs_blocked 2
softirq 1148048 0 104417"""
PROCESS = (
    "25719 (kurento-media-s) S 1 25719 25719 0 -1 4194560 70110 0 12 0 2185 1000 0 0 20 0 88 0"
    " 417255 1922838528 56217 18446744073709551615 1 1 0 0"
)
DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs
    lo: 72428657    3100    0    0    0     0          0         0 72428657    3100    0    0
  eth0:499122723   15428    3    4    0     0          0         0   979542    9632    0    5"""
SNMP = """\
Ip: Forwarding DefaultTTL
Ip: 2 64
Tcp: RtoAlgorithm ActiveOpens RetransSegs
Tcp: 1 7 11
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors
Udp: 234 9 7 324 5 1 0
UdpLite: InDatagrams NoPorts InErrors
UdpLite: 0 0 0"""
PRESSURE = """\
some avg10=0.00 avg60=0.00 avg300=0.00 total={}
full avg10=0.00 avg60=0.00 avg300=0.00 total=7"""
DISKS = """\
   7       0 loop0 0 0 0 0 0 0 0 0 0 0 0
 259       0 nvme0n1 40 0 100 7 60 0 200 13 0 900 20 0 0 0 0
 259       1 nvme0n1p1 40 0 100 7 60 0 200 13 0 900 20 0 0 0 0"""
GROUPS = Groups(cpu=("/sys/fs/cgroup/kms",))
FILES = {
    "/proc/stat": STAT,
    "/proc/uptime": "4601.25 5547.77",
    "/proc/loadavg": "8.40 15.26 12.29 3/211 26809",
    "/proc/meminfo": "MemTotal: 24684092 kB\nMemFree: 1 kB\nMemAvailable: 23459864 kB\nDirty: 8 kB",
    "/proc/vmstat": "nr_free_pages 5\noom_kill 3\nzone_reclaim_failed 0",
    "/proc/pressure/cpu": PRESSURE.format(2_000_000),
    "/proc/pressure/memory": PRESSURE.format(30_000),
    "/proc/pressure/io": PRESSURE.format(400_000),
    "/proc/diskstats": DISKS,
    "/proc/net/dev": DEV,
    "/proc/net/snmp": SNMP,
    "/proc/net/snmp6": "Udp6InDatagrams 5\nUdp6NoPorts 1\nUdp6InErrors 2\nUdp6RcvbufErrors 3\n",
    "/sys/fs/cgroup/kms/cpu.stat": "usage_usec 40\nnr_periods 100\nnr_throttled 20",
    "/proc/25719/stat": PROCESS,
    "/proc/25719/status": (
        "Name:\tkurento-media-s\nVmRSS:\t  224868 kB\nThreads:\t88\nCpus_allowed_list:\t0-1,5"
    ),
    "/proc/25719/io": "rchar: 1\nwchar: 2\nread_bytes: 4096\nwrite_bytes: 8192\n",
    "/proc/25719/task/25719/schedstat": "31850000000 2000000 700",
    "/proc/25719/task/25719/stat": PROCESS,
    "/proc/25719/task/25800/stat": PROCESS.replace("25719 (kurento-media-s)", "25800 (a) b (c)"),
}


def looked(
    files: dict[str, str], pid: int | None = 25719, interface: str | None = "eth0"
) -> ProcCounters:
    return read_counters(Frame(1, files), pid, Interface(interface) if interface else None, GROUPS)


def test_every_file_is_read() -> None:
    seen = looked(FILES)
    assert seen.uptime_s == 4601.25
    assert seen.cores is not None
    assert seen.cores[0] == CpuTicks(
        busy=27603 + 2074 + 11511 + 10 + 122,
        steal=27,
        softirq=122,
        waiting=263,
        total=41320 + 27 + 282979 + 263,
    )
    assert seen.activity == Activity(context_switches=4823421, blocked=2)
    assert seen.pressure == Pressure(cpu=2_000_000, memory=30_000, io=400_000)
    assert seen.load_1m == 8.4
    assert seen.memory_total_bytes == 24684092 * 1024
    assert seen.memory_available_bytes == 23459864 * 1024
    assert seen.memory_unwritten_bytes == 8 * 1024
    assert seen.oom_kills == 3
    assert seen.disks == {"nvme0n1": Disk(100 * 512, 200 * 512, 900, 100, 20)}
    assert seen.process == RunningProcess(
        pid=25719,
        started=417255,
        ticks=3185,
        major_faults=12,
        threads=88,
        virtual_bytes=1922838528,
        rss_bytes=224868 * 1024,
        cores=3,
    )
    assert seen.process_io == ProcessIo(4096, 8192)
    assert seen.group == CpuUse(40, {"/sys/fs/cgroup/kms/cpu.stat": Quota(100, 20)})
    assert seen.traffic == Traffic(499122723, 15428, 3, 4, 979542, 9632, 5)
    assert seen.udp == Udp("/proc/net/snmp", 10, 9, 8, 1)
    assert seen.tcp == Tcp("/proc/net/snmp", 11)


def test_every_file_that_is_read_is_asked_for() -> None:
    asked = fast_files(25719, Interface("eth0"), GROUPS)
    assert {path for path in FILES if "/task/" not in path} <= set(asked)
    assert "/proc/25719/net/dev" in fast_files(25719, Interface("eth0", inside=25719), GROUPS)


def test_a_thread_may_be_called_anything() -> None:
    threads = looked(FILES).threads
    assert threads is not None
    assert threads[25800] == Thread("a) b (c", 417255, 3185, False, None, None)
    assert threads[25719].slices == 700
    assert threads[25719].waited_ns == 2000000


def test_udp_counters_are_those_of_the_process_namespace_where_seen() -> None:
    own = {**FILES, "/proc/25719/net/snmp": SNMP.replace("234 9 7", "9 0 8")}
    assert looked(own).udp == Udp("/proc/25719/net/snmp", 0, 8, 5, 1)
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
            for name in ProcCounters.__dataclass_fields__
            if getattr(seen, name) != getattr(whole, name)
        }
        assert differing <= {
            "/proc/stat": {"cores", "activity"},
            "/proc/uptime": {"uptime_s"},
            "/proc/loadavg": {"load_1m"},
            "/proc/meminfo": {
                "memory_total_bytes",
                "memory_available_bytes",
                "memory_unwritten_bytes",
            },
            "/proc/net/dev": {"traffic"},
            "/proc/vmstat": {"oom_kills"},
            "/proc/pressure/cpu": {"pressure"},
            "/proc/pressure/memory": {"pressure"},
            "/proc/pressure/io": {"pressure"},
            "/proc/diskstats": {"disks"},
            "/proc/25719/io": {"process_io"},
            "/sys/fs/cgroup/kms/cpu.stat": {"group"},
            "/proc/net/snmp": {"udp", "tcp"},
            "/proc/net/snmp6": {"udp"},
            "/proc/25719/stat": {"process"},
            "/proc/25719/status": {"process"},
        }.get(path, {"threads"})
        for name in differing - {"process", "threads", "pressure"}:
            assert getattr(seen, name) is None or path == "/proc/net/snmp6"
        if path.startswith("/proc/pressure/"):
            assert getattr(seen.pressure, path.rpartition("/")[2]) is None


def test_a_zombie_is_no_process() -> None:
    assert looked({**FILES, "/proc/25719/stat": PROCESS.replace(") S ", ") Z ")}).process is None


def test_without_a_pid_or_an_interface_nothing_is_made_up() -> None:
    seen = looked(FILES, pid=None, interface=None)
    assert seen.process is seen.threads is seen.traffic is None


def later(seen: ProcCounters, seconds: float, **changes: object) -> ProcCounters:
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
    cores = {0: CpuTicks(0, 0, 0, 0, 0), 1: CpuTicks(0, 0, 0, 0, 0)}
    spent = {
        0: CpuTicks(busy=60, steal=20, softirq=10, waiting=4, total=100),
        1: CpuTicks(20, 0, 0, 0, 100),
    }
    rates = sample(replace(before, cores=cores), replace(after, cores=spent), 1.0, 100)
    assert (rates.cpu_percent, rates.steal_percent, rates.softirq_percent) == (40, 10, 5)
    assert rates.core_percent == (60, 20)
    assert rates.core_softirq_percent == (10, 0)
    assert rates.iowait_percent == 2


def test_what_grew_is_a_rate_and_what_waited_a_share_of_the_time() -> None:
    before = looked(FILES)
    disks = DISKS.replace("60 0 200 13 0 900 20", "70 0 1224 33 0 1900 40")
    after = later(
        looked(
            {
                **FILES,
                "/proc/stat": STAT.replace("ctxt 4823421", "ctxt 4825421"),
                "/proc/pressure/io": PRESSURE.format(1_400_000),
                "/proc/vmstat": "oom_kill 4",
                "/proc/diskstats": disks,
                "/proc/25719/io": "read_bytes: 4096\nwrite_bytes: 508192\n",
                "/proc/net/snmp": SNMP.replace("Tcp: 1 7 11", "Tcp: 1 7 15"),
                "/sys/fs/cgroup/kms/cpu.stat": (
                    "usage_usec 1000040\nnr_periods 120\nnr_throttled 25"
                ),
            }
        ),
        2.0,
    )
    rates = sample(before, after, 1.0, 100)
    assert rates.context_switches_per_s == 1000
    assert rates.blocked_processes == 2
    assert rates.io_pressure_percent == pytest.approx(50)
    assert rates.cpu_pressure_percent == 0
    assert rates.oom_kills == 1
    assert rates.disks == (DiskSample("nvme0n1", 0, 512 * 1024 * 8 / 2, 50, 0.002),)
    assert (rates.process_read_bps, rates.process_written_bps) == (0, 2e6)
    assert rates.tcp_retransmits_per_s == 2
    assert rates.cgroup_cpu_percent == pytest.approx(50)
    assert rates.cgroup_throttled_percent == 25


def test_the_group_that_waited_most_now_is_told_and_not_the_one_of_old() -> None:
    seen = looked(FILES)
    before = CpuUse(0, {"/c/in": Quota(100, 1), "/c": Quota(1000, 900)})
    after = CpuUse(0, {"/c/in": Quota(110, 6), "/c": Quota(1010, 900), "/new": Quota(9, 9)})
    rates = sample(replace(seen, group=before), later(seen, 1.0, group=after), 1.0, 100)
    assert rates.cgroup_throttled_percent == 50
    idle = later(seen, 1.0, group=CpuUse(0, {"/c/in": Quota(0, 0)}))
    assert sample(idle, later(idle, 1.0), 1.0, 100).cgroup_throttled_percent is None


def test_another_process_another_boot_and_a_wrapped_counter_have_no_rate() -> None:
    before = looked(FILES)
    assert before.process is not None
    assert before.traffic is not None
    other = later(before, 1.0, process=replace(before.process, started=999999))
    assert sample(before, other, 1.0, 100).process_cpu_percent is None
    assert thread_rates(before, other, 100) is None
    assert sample(before, other, 1.0, 100).process_written_bps is None
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
            25719: Thread("kurento-media-s", 417255, 3185 + 20, True, 402000000, 900),
            25900: Thread("nicesrc3:src", 460100, 100, False, 200000000, 40),
            25800: Thread("reused", 460100, 2, False, None, None),
        },
    )
    seen = thread_rates(before, after, 100)
    assert isinstance(seen, ThreadRates)
    assert [(thread.tid, thread.cpu_percent) for thread in seen.threads] == [
        (25900, 50.0),
        (25719, 10.0),
        (25800, 1.0),
    ]
    assert seen.blocked == 1
    assert seen.switches_per_s == (200 + 40) / 2
    assert seen.cpu_wait_percent == pytest.approx(100 * (0.4 + 0.2) / 2)


def test_a_kernel_that_does_not_count_waiting_says_so_by_zeros() -> None:
    silent = {**FILES, "/proc/25719/task/25719/schedstat": "0 0 0"}
    seen = thread_rates(looked(silent), later(looked(silent), 1.0), 100)
    assert isinstance(seen, ThreadRates)
    assert seen.switches_per_s is seen.cpu_wait_percent is None


@given(st.dictionaries(st.sampled_from(sorted(FILES)), st.text()))
def test_no_text_breaks_it(files: dict[str, str]) -> None:
    before = looked(files)
    sample(before, looked(FILES), 1.0, 100)
    sample(looked(FILES), before, 1.0, 100)
