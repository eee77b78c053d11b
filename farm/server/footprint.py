"""Is a server as fresh after a reset as it was at its first start?"""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.server_samples import Footprint


@dataclass(frozen=True, slots=True)
class _Measure:
    """`slack` is what a fresh server may differ by anyway, however small its figure is."""

    field: str
    name: str
    slack: float
    unit: str = ""
    scale: float = 1.0


_MEASURES = (
    _Measure("cpu_percent", "CPU", 5.0, " %"),
    _Measure("process_rss_bytes", "memory", 8e6, " MB", 1e-6),
    _Measure("process_threads", "threads", 4),
    _Measure("process_descriptors", "descriptors", 10),
)


def differences(now: Footprint, like: Footprint, within_ratio: float) -> tuple[str, ...]:
    """What is above `like` by more than `within_ratio` of it and the slack; one text each.

    Less than before is fresh too. A figure that was known and is not any more is a difference.
    """
    found = []
    for measure in _MEASURES:
        value, before = getattr(now, measure.field), getattr(like, measure.field)
        if before is None:
            continue
        shown = f"{before * measure.scale:.4g}{measure.unit} at the first start"
        if value is None:
            found.append(f"{measure.name} unknown, {shown}")
        elif value > before + max(measure.slack, before * within_ratio):
            found.append(f"{measure.name} {value * measure.scale:.4g}{measure.unit}, {shown}")
    return tuple(found)
