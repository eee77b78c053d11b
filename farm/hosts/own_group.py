"""The control groups that this process, and so its browsers, are in. cgroups(7)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from farm.analysis.aggregates import grown
from farm.linux.control_groups import (
    CpuUse,
    groups,
    locating_files,
    read_cpu_use,
    read_limits,
    throttled_percent,
)
from farm.linux.parsing import or_none

PRESSURE = "/proc/pressure/cpu"
"""The pressure of the whole machine."""


class OwnGroup:
    """Figures of our own groups, read once a second; `limit_cores` is the CPU quota, if seen."""

    def __init__(self) -> None:
        pid = os.getpid()
        self._groups = groups(_texts(locating_files(pid)), pid)
        limits = read_limits(_texts(self._groups.slow_files), self._groups)
        self.limit_cores = None if limits is None else limits.cores
        self._use = self._read()
        own = [f"{folder}/cpu.pressure" for folder in self._groups.cpu[:1]]
        self._pressure_file = next(iter(_texts((*own, PRESSURE))), PRESSURE)
        self._pressure_us = self._read_pressure_us()

    def throttled_percent(self) -> float | None:
        """Percent of quota periods since the last call in which the worst group was throttled."""
        before, self._use = self._use, self._read()
        return throttled_percent(before, self._use)

    def pressure_us(self) -> int | None:
        """Microseconds since the last call in which some task waited for a core ("some").

        `None` if the kernel does not report it: before Linux 4.20, or booted with `psi=0`.
        """
        before, self._pressure_us = self._pressure_us, self._read_pressure_us()
        return grown(before, self._pressure_us)

    def _read_pressure_us(self) -> int | None:
        text = _texts((self._pressure_file,)).get(self._pressure_file)
        return or_none(lambda some: int(some.split("\n")[0].rpartition("total=")[2]), text)

    def _read(self) -> CpuUse | None:
        return read_cpu_use(_texts(self._groups.fast_files), self._groups)


def _texts(paths: Iterable[str]) -> Mapping[str, str]:
    texts = {}
    for path in paths:
        with suppress(OSError):
            texts[path] = Path(path).read_text()
    return texts
