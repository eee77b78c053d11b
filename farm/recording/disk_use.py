"""How much disk space a run will take, to be checked before it starts."""

from __future__ import annotations

import shutil
from pathlib import Path

from farm.errors import BadInput

# Measured on recordings of Chromium's getStats of a call (25 dictionaries a poll), rounded up.
POLL_BYTES = 2_000
"""Disk space of one probe's poll, in a trial that has ended."""
PART_BYTES_PER_S = 30_000
"""The overhead of parts in a trial under way: a footer each, a dozen parts every 5 s."""
MACHINES_BYTES_PER_S = 25_000
"""Server and host samples and the text of `top`."""
TRIAL_BYTES = 4_000_000
"""A screenshot of each role, and the figures drawn of the trial."""
RESERVE_BYTES = 50_000_000
"""Logs, the rest of the report, and room to turn parts into one file."""


def projected_bytes(probes: int, seconds: float, *, trials: int = 1, poll_s: float = 1.0) -> int:
    """The disk space of `trials` trials of so many probes, each `seconds` from ramp to leave."""
    trial = probes * seconds / poll_s * POLL_BYTES + seconds * MACHINES_BYTES_PER_S
    under_way = probes * seconds / poll_s * POLL_BYTES + seconds * PART_BYTES_PER_S
    return round(trials * (trial + TRIAL_BYTES) + under_way) + RESERVE_BYTES


def free_bytes(directory: Path) -> int:
    """Free space where `directory` is, or will be. Raises BadInput if that is not known."""
    existing = directory.absolute()
    while not existing.exists():
        existing = existing.parent
    try:
        return shutil.disk_usage(existing).free
    except OSError as error:
        raise BadInput(f"output.directory: {directory}: {error.strerror}") from error


def require_space(directory: Path, needed_bytes: int, free: int) -> None:
    """Raise BadInput, with both figures, if `needed_bytes` are more than are free."""
    if needed_bytes > free:
        raise BadInput(
            f"output.directory: {directory}: the run may take {_shown(needed_bytes)}, only "
            f"{_shown(free)} are free; choose another directory or remove old runs "
            "(farm runs --prune 30d)"
        )


def _shown(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
