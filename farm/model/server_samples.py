"""Samples and facts of the server's machine and of the media server's process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThreadSample:
    """A thread of the media server: its CPU in percent of one core since the last sample."""

    tid: int
    name: str
    cpu_percent: float


@dataclass(frozen=True, slots=True)
class DiskSample:
    """A disk of the server: `busy_percent` of the time it had something to do.

    `wait_s` is how long a read or write took on average; `None` where there was none.
    """

    name: str
    read_bps: float
    written_bps: float
    busy_percent: float
    wait_s: float | None


@dataclass(frozen=True, slots=True)
class Allowance:
    """A limit of a cloud's network (`bw_out`, `pps`), and the packets it delayed or dropped."""

    name: str
    exceeded_per_s: float


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What the server's machine is, and which process on it is the media server.

    `interface_bps` is the rate of its interface by its driver; virtual ones have none. `program` is
    the process' program; `unseen` is why the process is not visible, else None. `alike` counts the
    server's processes of the same name, of which it is one.
    `architecture` is that of `uname -m`, `instance_type` what a cloud calls the machine;
    `cpu_quota_cores` the tightest CPU quota of the process' control groups, `None` without one.
    """

    hostname: str
    kernel: str | None
    cores: int | None
    cpu_model: str | None
    memory_bytes: int | None
    process: str | None
    pid: int | None
    interface: str | None
    reached: str
    interface_bps: float | None = None
    program: str | None = None
    architecture: str | None = None
    instance_type: str | None = None
    cpu_quota_cores: float | None = None
    unseen: str | None = None
    alike: int = 1


@dataclass(frozen=True, slots=True)
class ServerSample:
    """One second of the server's machine and of the media server's process on it.

    Rates are per second since the last sample. What is marked (5 s) is sampled that often, `None`
    in between; threads less often if there are many. A limit that does not exist is `None`.

    Times: a sample was requested at `asked_s` and received at `received_s`; in between the server's
    clock since boot was at `uptime_s`. `run_s` is filled in when a recording is read:
    `uptime_s` as run time.

    - The machine: `cpu_percent` is all of it (0 to 100 over all its cores, or over `server.cores`
      where the server has only these), steal and waiting for disks not counted; `core_*` are by
      core. A `*_pressure_percent` is the share of time in which some task had to wait for it.
      `oom_kills` are processes that were killed for lack of memory.
    - The process: `process_cpu_percent` in percent of one core (may pass 100), as is
      `process_cpu_wait_percent`, in which its threads could have run and had no core.
      `process_cores` are as many as it may run on. `process_blocked_threads` wait for a disk;
      read and written is what came from or went to disks.
    - The network: what the interface carries; UDP and TCP errors of the process' network namespace;
      `udp_socket_*` of the process' own sockets (5 s), `udp_socket_queue_bytes` the fullest one's.
      `sent_limit_bps` is that of a shaper at the interface (`tc`), `queue_*` what waits in it or
      was dropped by it (5 s), `allowances` those of a cloud (5 s).
    - `cgroup_*`: the tightest of the process' control groups. `cgroup_cpu_percent` is in percent of
      one core, `cgroup_throttled_percent` of the periods of its quota. Memory (5 s) is without
      files' pages that could be dropped.
    - `top_*` is what `top` said meanwhile: its own figures (always of all cores), its raw text.
    """

    received_s: float
    uptime_s: float | None = None
    cpu_percent: float | None = None
    core_percent: tuple[float, ...] | None = None
    steal_percent: float | None = None
    softirq_percent: float | None = None
    load_1m: float | None = None
    memory_used_bytes: int | None = None
    memory_available_bytes: int | None = None
    process_pid: int | None = None
    process_cpu_percent: float | None = None
    process_rss_bytes: int | None = None
    process_threads: int | None = None
    process_descriptors: int | None = None
    received_bps: float | None = None
    sent_bps: float | None = None
    received_packets_per_s: float | None = None
    sent_packets_per_s: float | None = None
    udp_in_errors_per_s: float | None = None
    udp_buffer_errors_per_s: float | None = None
    top_cpu_percent: float | None = None
    top_process_cpu_percent: float | None = None
    threads: tuple[ThreadSample, ...] | None = None
    top_text: str | None = None
    asked_s: float | None = None
    run_s: float | None = None
    core_softirq_percent: tuple[float, ...] | None = None
    iowait_percent: float | None = None
    context_switches_per_s: float | None = None
    blocked_processes: int | None = None
    cpu_pressure_percent: float | None = None
    memory_pressure_percent: float | None = None
    io_pressure_percent: float | None = None
    memory_unwritten_bytes: int | None = None
    oom_kills: int | None = None
    disks: tuple[DiskSample, ...] | None = None
    process_cores: int | None = None
    process_virtual_bytes: int | None = None
    process_virtual_limit_bytes: int | None = None
    process_major_faults_per_s: float | None = None
    process_descriptors_limit: int | None = None
    process_blocked_threads: int | None = None
    process_context_switches_per_s: float | None = None
    process_cpu_wait_percent: float | None = None
    process_read_bps: float | None = None
    process_written_bps: float | None = None
    received_errors_per_s: float | None = None
    received_drops_per_s: float | None = None
    sent_drops_per_s: float | None = None
    udp_no_ports_per_s: float | None = None
    udp_receive_buffer_errors_per_s: float | None = None
    udp_send_buffer_errors_per_s: float | None = None
    udp_sockets: int | None = None
    udp_socket_drops_per_s: float | None = None
    udp_socket_queue_bytes: int | None = None
    tcp_retransmits_per_s: float | None = None
    tcp_listen_drops_per_s: float | None = None
    sent_limit_bps: float | None = None
    queue_drops_per_s: float | None = None
    queue_backlog_bytes: int | None = None
    allowances: tuple[Allowance, ...] | None = None
    cgroup_cpu_percent: float | None = None
    cgroup_cpu_limit_cores: float | None = None
    cgroup_throttled_percent: float | None = None
    cgroup_memory_used_bytes: int | None = None
    cgroup_memory_limit_bytes: int | None = None
    cgroup_memory_limit_hits_per_s: float | None = None
    cgroup_written_limit_bps: float | None = None

    @property
    def at_s(self) -> float:
        """Run time: by the server's own clock where that is known."""
        return self.received_s if self.run_s is None else self.run_s


@dataclass(frozen=True, slots=True)
class Gap:
    """The server could not be sampled between these times."""

    start_s: float
    end_s: float
    why: str


@dataclass(frozen=True, slots=True)
class Footprint:
    """CPU, memory, threads and descriptors of a fresh media server, to verify resets.

    `cpu_percent` is the process' own, of one core; the whole machine's where the process is hidden.
    """

    cpu_percent: float | None
    process_rss_bytes: int | None
    process_threads: int | None
    process_descriptors: int | None


@dataclass(frozen=True, slots=True)
class ResetReport:
    """The result of a reset; `differences` from the first footprint, clean if there are none."""

    done: bool
    attempts: int
    footprint: Footprint | None
    differences: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        return not self.differences

    @property
    def is_configured(self) -> bool:
        """Whether there was a reset to try, by a command or a restart of the machine."""
        return self.attempts > 0

    @property
    def unclean_text(self) -> str:
        """What was not clean, after what, and what to configure where there is no reset."""
        differences = ", ".join(self.differences)
        if self.is_configured:
            return f"the server was not clean after the reset: {differences}"
        return (
            f"the server was not as at its first start when the trial began: {differences}; what "
            "trials before it leave stays, as no reset is configured (server.reset.command)"
        )
