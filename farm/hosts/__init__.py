"""Machines that run probes: this one is `local`; `sampler` looks at its load."""

from __future__ import annotations

from farm.hosts.local import Browser, LocalHost

__all__ = [
    "Browser",
    "LocalHost",
]
