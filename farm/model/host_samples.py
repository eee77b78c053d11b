"""Samples and facts of the machines that run probes."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.page_samples import CpuUser


@dataclass(frozen=True, slots=True)
class HostFacts:
    host: str
    place: str
    hostname: str
    cores: int
    memory_bytes: int
    kernel: str
    chromium: str


@dataclass(frozen=True, slots=True)
class HostLook:
    """The facts of a remote machine before anything is started on it.

    `farm` is the version of its code (`farm.hosts.code_version`), `free_ports` are UDP ports for
    browsers. `chromium_trouble` (then without `chromium`) and `app_trouble` are what is wrong.
    """

    hostname: str
    cores: int
    memory_bytes: int
    kernel: str
    farm: str
    chromium: str | None
    chromium_trouble: str | None
    free_ports: int | None
    free_bytes: int
    app_trouble: str | None


@dataclass(frozen=True, slots=True)
class CpuShare:
    """How many cores a user of a host's CPU used; of others by program, `None`: not seen by name.

    `low_priority`: it yields its core to others (nice 10 and up, the idle class).
    """

    user: CpuUser
    program: str | None
    cores: float
    low_priority: bool = False


@dataclass(frozen=True, slots=True)
class CpuWait:
    """The time that all threads together ran, the time that they were ready to run and had no core,
    and how often one was given a core."""

    run_s: float
    wait_s: float
    turns: int


@dataclass(frozen=True, slots=True)
class HostSample:
    """One second of a machine that runs probes; CPU of the cores that it may use.

    `cpu_wait` is of the browsers' threads, `media_server_cpu_wait` of the media server's where it
    runs on this machine, `None` where the kernel does not count it. `cpu_pressure_percent` is the
    share of the time in which something here, or in the control group, waited for a core
    (`/proc/pressure/cpu`, "some"). `cpu_users` are the uses of the `cores`.
    `cpu_limit_cores` is the quota of the control groups that the browsers are in,
    `cpu_throttled_percent` the share of its periods in which it was used up.
    `media_server_cpu_percent` and `media_server_cpu_users` are of the `media_server_cores` on which
    a media server here may run.
    `udp_drops` are packets that the browsers' sockets dropped, `app_late_s` is how late
    the loop of the farm's own demo app was, where one runs: one host of a trial reports it.
    `run_s` is filled in when a recording is read: the host's clock as run time.
    """

    host: str
    host_monotonic_s: float
    cpu_percent: float | None
    steal_percent: float | None
    busiest_thread: str | None
    busiest_thread_percent: float | None
    memory_available_bytes: int | None
    loop_late_s: float | None
    run_s: float | None = None
    memory_bytes: int | None = None
    udp_drops: int | None = None
    app_late_s: float | None = None
    cores: int | None = None
    cpu_wait: CpuWait | None = None
    cpu_pressure_percent: float | None = None
    cpu_users: tuple[CpuShare, ...] | None = None
    cpu_limit_cores: float | None = None
    cpu_throttled_percent: float | None = None
    media_server_cpu_wait: CpuWait | None = None
    media_server_cores: int | None = None
    media_server_cpu_percent: float | None = None
    media_server_cpu_users: tuple[CpuShare, ...] | None = None
