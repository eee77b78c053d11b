"""Which limits of the generator an experiment has relaxed: a pass under them claims less. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from farm.model.criteria import InvalidLimits
from farm.model.durations import format_duration

LEAST = frozenset({"capture_of_asked", "memory_available"})
"""Limits below which a figure is bad; those of others it may not pass."""

NAMED = 3


def relaxed_limits(invalid: InvalidLimits) -> tuple[str, ...]:
    """`other_programs 1 (default 0.2)` for each limit that lets more pass than its default.

    `host_cpu` is left out: without it whether there is a limit depends on the host's kernel.
    """
    return tuple(_relaxed(invalid))


def _relaxed(invalid: InvalidLimits) -> Iterator[str]:
    usual = InvalidLimits()
    for field in fields(invalid):
        limit, default = getattr(invalid, field.name), getattr(usual, field.name)
        if field.name == "host_cpu" or limit is None or default is None or limit == default:
            continue
        if (limit < default) is (field.name in LEAST):
            shown, was = (
                format_duration(each)
                if field.metadata.get("unit") == "duration"
                else f"{each:.15g}"
                for each in (limit, default)
            )
            yield f"{field.metadata.get('key') or field.name} {shown} (default {was})"


def relaxed_text(relaxed: Sequence[str]) -> str:
    """What to say of them, without a full stop; empty where none was relaxed."""
    if not relaxed:
        return ""
    more = f" and {len(relaxed) - NAMED} more" if len(relaxed) > NAMED else ""
    named = ", ".join(relaxed[:NAMED])
    return f"limits of the generator were relaxed (the experiment's invalid): {named}{more}"
