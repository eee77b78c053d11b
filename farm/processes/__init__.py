"""Every child process: own group, dies with its parent, ready line, log, TERM then KILL."""

from __future__ import annotations

from farm.processes.child import Child
from farm.processes.children import Pipes, Processes, json_line, matches

__all__ = [
    "Child",
    "Pipes",
    "Processes",
    "json_line",
    "matches",
]
