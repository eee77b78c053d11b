"""Control groups of both versions, of services and containers, as kernels write of them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.linux.control_groups import (
    CpuUse,
    Groups,
    Limits,
    Quota,
    groups,
    locate_command,
    read_cpu_use,
    read_limits,
)
from farm.linux.frames import proc_files

PID = 25719
V2_MOUNT = "29 23 0:26 {} /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
V1_MOUNTS = """\
24 18 0:22 / /proc rw,nosuid - proc proc rw
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 {0} /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 {0} /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 {0} /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw"""
V1_OF = """\
9:name=systemd:{0}
7:blkio:{0}
4:memory:{0}
2:cpu,cpuacct:{0}
0::{0}"""


def found(membership: str, mounts: str) -> Groups:
    files = {f"/proc/{PID}/cgroup": membership, "/proc/self/mountinfo": mounts}
    return groups(files, PID)


def test_a_service_of_version_2_has_all_groups_above_it_too() -> None:
    where = found("0::/system.slice/kms.service", V2_MOUNT.format("/"))
    folders = (
        "/sys/fs/cgroup/system.slice/kms.service",
        "/sys/fs/cgroup/system.slice",
        "/sys/fs/cgroup",
    )
    assert where == Groups(cpu=folders, memory=folders, io=folders)
    assert f"{folders[0]}/cpu.stat" in where.fast_files
    assert f"{folders[1]}/memory.max" in where.slow_files
    assert f"{folders[2]}/io.max" in where.slow_files


def test_a_container_of_version_1_has_a_group_for_each_controller() -> None:
    where = found(V1_OF.format("/docker/abc"), V1_MOUNTS.format("/"))
    assert where.cpu == where.cpuacct
    assert where.cpu == (
        "/sys/fs/cgroup/cpu,cpuacct/docker/abc",
        "/sys/fs/cgroup/cpu,cpuacct/docker",
        "/sys/fs/cgroup/cpu,cpuacct",
    )
    assert where.memory[0] == "/sys/fs/cgroup/memory/docker/abc"
    assert where.io[0] == "/sys/fs/cgroup/blkio/docker/abc"
    assert where.fast_files[-1] == "/sys/fs/cgroup/cpu,cpuacct/docker/abc/cpuacct.usage"


def test_from_within_a_container_only_its_own_groups_are_mounted() -> None:
    where = found(V1_OF.format("/docker/abc"), V1_MOUNTS.format("/docker/abc"))
    assert where.memory == ("/sys/fs/cgroup/memory",)
    inside = found("0::/", V2_MOUNT.format("/"))
    assert inside.memory == ("/sys/fs/cgroup",)


@pytest.mark.parametrize("path", ["/../../other.slice", "/docker/else"])
def test_a_group_outside_of_what_is_mounted_is_unknown(path: str) -> None:
    assert found(f"0::{path}", V2_MOUNT.format("/docker/abc")) == Groups()


def test_what_is_hidden_is_unknown() -> None:
    assert found("", "") == Groups()
    assert read_cpu_use({}, Groups()) is None
    assert read_limits({}, Groups(cpu=("/c",), memory=("/c",))) is None


# ---------------------------------------------------------------- CPU

V2 = Groups(cpu=("/c/in", "/c"), memory=("/c/in", "/c"), io=("/c/in", "/c"))


def test_usage_is_the_process_own_group_s_and_quotas_are_all_of_them() -> None:
    files = {
        "/c/in/cpu.stat": "usage_usec 700\nuser_usec 400\nnr_periods 0\nnr_throttled 0",
        "/c/cpu.stat": "usage_usec 9900\nnr_periods 50\nnr_throttled 30\nthrottled_usec 7",
    }
    assert read_cpu_use(files, V2) == CpuUse(
        700, {"/c/in/cpu.stat": Quota(0, 0), "/c/cpu.stat": Quota(50, 30)}
    )
    del files["/c/in/cpu.stat"]
    use = read_cpu_use(files, V2)
    assert use is not None
    assert use.usage_us is None


def test_version_1_counts_nanoseconds_in_a_file_of_their_own() -> None:
    where = Groups(cpu=("/cpu/in",), cpuacct=("/acct/in", "/acct"))
    files = {"/cpu/in/cpu.stat": "nr_periods 4\nnr_throttled 1\nthrottled_time 99"}
    use = read_cpu_use({**files, "/acct/in/cpuacct.usage": "5000000"}, where)
    assert use == CpuUse(5000, {"/cpu/in/cpu.stat": Quota(4, 1)})
    above = read_cpu_use({**files, "/acct/cpuacct.usage": "5000000"}, where)
    assert above is not None
    assert above.usage_us is None


# ---------------------------------------------------------------- limits

NONE_V2 = {
    "/c/in/cpu.max": "max 100000",
    "/c/in/memory.max": "max",
    "/c/in/memory.current": "40000000",
    "/c/in/memory.stat": "anon 30000000\ninactive_file 15000000\n",
    "/c/in/memory.events": "low 0\nhigh 0\nmax 0\noom 0",
    "/c/in/io.max": "",
}


def test_without_limits_there_are_none() -> None:
    assert read_limits(NONE_V2, V2) == Limits(None, None, 25_000_000, 0, None)


def test_the_tightest_of_nested_limits_holds() -> None:
    files = NONE_V2 | {
        "/c/in/cpu.max": "150000 100000",
        "/c/in/memory.max": "200000000",
        "/c/cpu.max": "50000 100000",
        "/c/memory.max": "100000000",
        "/c/memory.current": "90000000",
        "/c/memory.stat": "inactive_file 20000000",
        "/c/memory.events": "max 17",
        "/c/in/io.max": "254:0 rbps=max wbps=20000000 riops=max wiops=max",
        "/c/io.max": "254:0 rbps=1 wbps=10000000 riops=max wiops=max\n8:0 wbps=max",
    }
    assert read_limits(files, V2) == Limits(0.5, 100_000_000, 70_000_000, 17, 80e6)


def test_version_1_writes_limits_in_files_of_its_own() -> None:
    where = Groups(cpu=("/cpu/in", "/cpu"), memory=("/mem/in", "/mem"), io=("/io/in",))
    files = {
        "/cpu/in/cpu.cfs_quota_us": "-1",
        "/cpu/in/cpu.cfs_period_us": "100000",
        "/cpu/cpu.cfs_quota_us": "25000",
        "/cpu/cpu.cfs_period_us": "100000",
        "/mem/in/memory.limit_in_bytes": "199999488",
        "/mem/in/memory.usage_in_bytes": "40000000",
        "/mem/in/memory.stat": "cache 9\ninactive_file 1\ntotal_inactive_file 10000000",
        "/mem/in/memory.failcnt": "6",
        "/mem/memory.limit_in_bytes": "9223372036854771712",
        "/io/in/blkio.throttle.write_bps_device": "254:0 10000000",
    }
    assert read_limits(files, where) == Limits(0.25, 199999488, 30_000_000, 6, 80e6)


@given(st.dictionaries(st.sampled_from([*V2.fast_files, *V2.slow_files]), st.text()))
def test_no_text_breaks_it(files: dict[str, str]) -> None:
    read_cpu_use(files, V2)
    read_limits(files, V2)
    groups({f"/proc/{PID}/cgroup": "\n".join(files.values())}, PID)
    found("0::/a", "\n".join(files.values()))


def test_the_groups_of_a_real_process_are_found_where_there_are_any() -> None:
    pid = os.getpid()
    said = subprocess.run(
        ["sh", "-c", locate_command(pid)], capture_output=True, text=True, check=False
    )
    files = proc_files(said.stdout.split("\n"))
    assert "/proc/self/mountinfo" in files
    where = groups(files, pid)
    for folder in (*where.cpu, *where.cpuacct, *where.memory, *where.io):
        assert Path(folder).is_dir()
