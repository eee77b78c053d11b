"""Every child process: own group, dies with its parent, ready line, log, TERM then KILL."""

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
