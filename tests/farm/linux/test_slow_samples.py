"""What is looked at every few seconds."""

from __future__ import annotations

from farm.linux.control_groups import Groups
from farm.linux.frames import Frame
from farm.linux.network import Queue, UdpSocket
from farm.linux.slow_samples import read_slow_counters, slow_files
from tests.farm.linux.test_network import CLASSES, HTB, UDP, UDP6

PID = 25719
GROUPS = Groups(cpu=("/sys/fs/cgroup/kms",))
LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max file size             unlimited            unlimited            bytes
Max open files            1024                 524288               files
Max address space         unlimited            unlimited            bytes
"""
FILES = {
    "/proc/uptime": "4601.25 5547.77",
    f"/proc/{PID}/limits": LIMITS,
    f"/proc/{PID}/net/udp": UDP,
    f"/proc/{PID}/net/udp6": UDP6,
    f"/proc/{PID}/net/netstat": "TcpExt: ListenDrops\nTcpExt: 8",
    "/sys/fs/cgroup/kms/cpu.max": "50000 100000",
}
NOTES = {
    "socket": ("7788", "7799"),
    "file": ("-", "-", "-"),
    "queues": (HTB % "0x10",),
    "class": CLASSES,
    "allowance": ("pps_allowance_exceeded: 3",),
}


def test_all_of_it_is_read() -> None:
    seen = read_slow_counters(Frame(1, FILES, NOTES), PID, GROUPS)
    assert (seen.uptime_s, seen.pid, seen.descriptors) == (4601.25, PID, 5)
    assert (seen.descriptors_limit, seen.virtual_limit_bytes) == (1024, None)
    assert seen.sockets == {7788: UdpSocket(0x1B00, 9), 7799: UdpSocket(0x300, 4)}
    assert seen.listen_drops == 8
    assert seen.limits is not None
    assert seen.limits.cores == 0.5
    assert seen.queue == Queue(4.5e6, 12, 300)
    assert seen.allowances == {"pps_allowance_exceeded": 3}


def test_every_file_that_is_read_is_asked_for() -> None:
    assert set(FILES) - {"/proc/uptime"} <= set(slow_files(PID, GROUPS))
    assert slow_files(None, GROUPS) == ("/proc/net/netstat",)


def test_what_is_hidden_is_unknown_and_never_zero() -> None:
    hidden = read_slow_counters(Frame(1, {}), PID, GROUPS)
    for name in hidden.__dataclass_fields__:
        assert getattr(hidden, name) is None or name == "pid"


def test_sockets_that_cannot_be_told_from_others_are_unknown() -> None:
    """Another user's descriptors cannot be listed; the sockets of the machine still can."""
    assert read_slow_counters(Frame(1, FILES), PID, GROUPS).sockets is None
