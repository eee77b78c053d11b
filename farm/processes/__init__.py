"""Starts and ends child processes: own group, ready line, log, TERM then KILL, ends with us."""

from __future__ import annotations

from farm.processes.child import Child, json_line, matches
from farm.processes.children import Pipes, Processes

__all__ = [
    "Child",
    "Pipes",
    "Processes",
    "json_line",
    "matches",
]
