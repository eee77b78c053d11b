"""What a server shows second by second while it lacks something, by how much it lacks."""

from __future__ import annotations

from farm.model.server_samples import DiskSample, ThreadSample
from tests.farm.attribution.broken_trials import Second


def threads(*percents: float) -> tuple[ThreadSample, ...]:
    return tuple(ThreadSample(10 + at, f"t{at}", cpu) for at, cpu in enumerate(percents))


def quota(cores: float, throttled: float) -> Second:
    return lambda much: {
        "cgroup_cpu_limit_cores": cores,
        "cgroup_cpu_percent": 100 * cores * (0.5 + 0.49 * much),
        "cgroup_throttled_percent": throttled * much,
        "process_cpu_percent": 100 * cores * (0.5 + 0.49 * much),
        # It reads late then, and its sockets overflow: an effect.
        "udp_socket_drops_per_s": 80.0 * much,
        "udp_receive_buffer_errors_per_s": 80.0 * much,
    }


def one_thread(most: float, cores: int) -> Second:
    return lambda much: {
        "process_cores": cores,
        "process_cpu_percent": (most + 3) * (0.4 + 0.6 * much),
        "threads": threads(most * (0.4 + 0.6 * much), 2.0, 1.0),
        "udp_receive_buffer_errors_per_s": 30.0 * much,
    }


def all_cores(cores: int) -> Second:
    return lambda much: {
        "process_cores": cores,
        "cpu_percent": 30 + 67 * much,
        "process_cpu_percent": 96.0 * cores * (0.3 + 0.7 * much),
        "threads": threads(*[94.0 * (0.3 + 0.7 * much)] * cores),
        "udp_receive_buffer_errors_per_s": 50.0 * much,
    }


def shaper(limit_bps: float, of_it: float, drops: float) -> Second:
    return lambda much: {
        "sent_limit_bps": limit_bps,
        "sent_bps": limit_bps * of_it * (0.6 + 0.4 * much),
        "sent_packets_per_s": limit_bps * of_it / 6000,
        "queue_drops_per_s": drops * limit_bps / 6000 * much,
        "queue_backlog_bytes": int(20_000 * much),
        # What finds no room in a queue may come back to the socket as an error.
        "udp_send_buffer_errors_per_s": drops * limit_bps / 6000 * much,
    }


def small_buffers(share: float, packets: float) -> Second:
    return lambda much: {
        "received_packets_per_s": packets * (1 - share * much),
        "udp_receive_buffer_errors_per_s": packets * share * much,
        "udp_socket_drops_per_s": packets * share * much,
    }


def slow_disk(busy: float, wait_s: float, blocked: float) -> Second:
    return lambda much: {
        "disks": (DiskSample("vdb", 0.0, 4e6, busy * (0.2 + 0.8 * much), wait_s * much),),
        "process_written_bps": 4e6,
        "process_blocked_threads": round(blocked * much),
        "io_pressure_percent": 60.0 * much,
        "iowait_percent": 30.0 * much,
    }
