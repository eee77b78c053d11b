"""Signs of saturation: disks, to which the server records. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.analysis.aggregates import known, mean_known
from farm.attribution.bad_period import BadPeriod
from farm.attribution.limit import SaturationSign
from farm.model.server_samples import ServerSample

BUSY_PERCENT = 90.0
LIMIT_SHARE = 0.85
BLOCKED_THREADS = 0.5
WAITED_PERCENT = 20.0
SLOW_S = 0.2
"""Time that one read or write took; a spinning disk takes some 0.01 s."""

LEAST_BPS = 8_000.0
"""A process that writes less does not wait for a disk."""


def storage_signs(period: BadPeriod) -> Iterator[SaturationSign]:
    """The signs of disks, and of recordings that are missing or short."""
    lost = period.symptoms.recordings
    lacking = [reason for reason in period.reasons if reason.code == "recording_missing"]
    if not lacking and not _may_use_disks(period):
        return
    recordings = f"; of its recordings {len(lacking)} are missing or short" if lacking else ""
    signs = [*_limited(period), *_busy(period), *_blocked(period), *_waiting(period)]
    for share, text in signs:
        # With missing recordings half the share is enough: only a disk causes those.
        yield SaturationSign(
            "disk", share * (2 if lost >= 0.5 else 1), text + recordings, counted=bool(lacking)
        )
    if lost >= 0.5 and not any(share >= 0.5 for share, _ in signs):
        text = f"{len(lacking)} recordings are missing or short: {lacking[0].message}"
        yield SaturationSign("disk", 1.0, text)


def _may_use_disks(period: BadPeriod) -> bool:
    """Whether the media server reads or writes; unknown counts as yes."""
    written = period.mean(lambda sample: sample.process_written_bps)
    read = period.mean(lambda sample: sample.process_read_bps)
    blocked = period.mean(lambda sample: sample.process_blocked_threads)
    used = known((written, read))
    return (not used and blocked is None) or sum(used) >= LEAST_BPS or bool(blocked)


def _limited(period: BadPeriod) -> Iterator[tuple[float, str]]:
    limit = min(known(sample.cgroup_written_limit_bps for sample in period.all), default=None)
    written = period.mean(lambda sample: sample.process_written_bps)
    if limit and written is not None:
        text = f"it wrote {written / 1e6:.3g} of the {limit / 1e6:.3g} Mbit/s that it may write"
        yield written / limit / LIMIT_SHARE, text


def _busy(period: BadPeriod) -> Iterator[tuple[float, str]]:
    names = {disk.name for sample in period.bad for disk in sample.disks or ()}
    disks = [(name, *_of_disk(period.bad, name)) for name in sorted(names)]
    if not disks:
        return
    name, busy, _ = max(disks, key=lambda disk: disk[1])
    text = f"disk {name} was busy {busy:.0f} % of the time"
    yield busy / BUSY_PERCENT, text
    slowest = max(disks, key=lambda disk: disk[2] or 0.0)
    if slowest[2] is not None:
        yield (
            min(slowest[2] / SLOW_S, 10.0),
            f"a read or write of disk {slowest[0]} took {slowest[2]:.2g} s",
        )


def _of_disk(samples: tuple[ServerSample, ...], name: str) -> tuple[float, float | None]:
    seen = [disk for sample in samples for disk in sample.disks or () if disk.name == name]
    return sum(disk.busy_percent for disk in seen) / len(seen), mean_known(
        disk.wait_s for disk in seen
    )


def _blocked(period: BadPeriod) -> Iterator[tuple[float, str]]:
    blocked = period.mean(lambda sample: sample.process_blocked_threads)
    if blocked is not None:
        text = f"{blocked:.2g} threads of the media server waited for a disk at any time"
        yield blocked / BLOCKED_THREADS, text


def _waiting(period: BadPeriod) -> Iterator[tuple[float, str]]:
    pressure = period.mean(lambda sample: sample.io_pressure_percent)
    if pressure is not None:
        yield pressure / WAITED_PERCENT, f"tasks waited for disks {pressure:.0f} % of the time"
    waited = period.mean(lambda sample: sample.iowait_percent)
    if waited is not None:
        text = f"{waited:.0f} % of the CPU's time was idle, waiting for disks"
        yield waited / WAITED_PERCENT, text
