"""Compares a server's footprint after a reset with the one of its first start."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.server_samples import Footprint


@dataclass(frozen=True, slots=True)
class _Measure:
    """A figure that is compared; `slack` is a difference that is always accepted."""

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
    """Figures above `like` by more than `within_ratio` of it and the slack; one text each.

    Less than before is fresh too. A figure that was known and is not any more is a difference.
    """
    texts = []
    for measure in _MEASURES:
        value, before = getattr(now, measure.field), getattr(like, measure.field)
        if before is None:
            continue
        shown = f"{before * measure.scale:.4g}{measure.unit} at the first start"
        if value is None:
            texts.append(f"{measure.name} unknown, {shown}")
        elif value > before + max(measure.slack, before * within_ratio):
            texts.append(f"{measure.name} {value * measure.scale:.4g}{measure.unit}, {shown}")
    return tuple(texts)
