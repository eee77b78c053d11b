"""`python -P -m farm.processes.guardian MARK`: cleans up after a controller that was killed.

It runs in a process and session of its own, so that Ctrl-C does not reach it. It reads one JSON
array a line from its standard input and ends at `["farewell"]`:

    ["child", PID]            a child was started (the leader of its session)
    ["gone", PID]             it was stopped, with all of its family
    ["directory", PATH]       a temporary directory was made
    ["removed", PATH]         it was removed
    ["farewell"]              the controller cleaned up by itself

When the pipe closes without a farewell the controller was killed: whatever belongs to its children
(see farm.processes.family) is killed, the directories are removed.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress

import psutil

from farm.processes.family import kill, relatives

SWEEP_S = 10.0
"""How long killing is repeated while something is still alive."""


def guard(mark: str, lines: Iterable[str]) -> None:
    """Read to the end of `lines`, then clean up unless the last one was a farewell."""
    leaders: dict[int, psutil.Process] = {}
    directories: set[str] = set()
    for line in lines:
        match json.loads(line):
            case ["child", int(pid)]:
                with suppress(psutil.NoSuchProcess):
                    leaders[pid] = psutil.Process(pid)
            case ["gone", int(pid)]:
                leaders.pop(pid, None)
            case ["directory", str(path)]:
                directories.add(path)
            case ["removed", str(path)]:
                directories.discard(path)
            case ["farewell"]:
                return
    deadline = time.monotonic() + SWEEP_S
    while (left := relatives(mark, leaders.values())) and time.monotonic() < deadline:
        kill(left)
        time.sleep(0.05)
    for path in directories:
        shutil.rmtree(path, ignore_errors=True)


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    guard(sys.argv[1], sys.stdin)


if __name__ == "__main__":
    main()
