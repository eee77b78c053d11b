"""A parent that keeps one worker, and restarts it on SIGHUP: the reset between trials.

A worker that ends by itself is not restarted before the next SIGHUP: tests of the server must see
that it died. SIGTERM and SIGINT end both. The worker asks the kernel to end it with its parent,
however that ends (`die_with_parent`).
"""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from enum import Enum
from urllib.parse import urlsplit

logger = logging.getLogger(__name__)

ReadyLine = dict[str, object]

STOP_WITHIN_S = 5.0

_PR_SET_PDEATHSIG = 1
_PR_SET_NAME = 15


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when its parent ends (prctl(2)).

    Exits at once if the parent has ended already.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.exit(1)


def name_process(name: str) -> None:
    """Name this process, which tells it from its parent."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_NAME, name.encode())


def json_ready(line: bytes, _pid: int) -> ReadyLine:
    """The ready line of a worker that prints it as JSON."""
    ready: ReadyLine = json.loads(line)
    return ready


class _Wish(Enum):
    RESTART = "SIGHUP came"
    STOP = "SIGTERM or SIGINT came"
    GIVE_UP = "the worker ended before it was ready"


async def keep_worker(
    command: Callable[[int], Sequence[str]],
    port: int,
    ready: Callable[[ReadyLine], None],
    parse: Callable[[bytes, int], ReadyLine | None] = json_ready,
) -> int:
    """Run workers until SIGTERM or SIGINT.

    Returns the exit code: the worker's, if the first one fails.

    `command(port)` starts one. `parse` makes of a line that it prints, and of its pid, a ready line
    with `url` and `pid`, or None while it does not listen yet; each ready line goes to `ready`, and
    what else it prints to stderr. `port` 0 becomes the port that the first worker got.
    """
    wishes: asyncio.Queue[_Wish] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, wishes.put_nowait, _Wish.RESTART)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, wishes.put_nowait, _Wish.STOP)
    was_ready = False

    def now_ready(line: ReadyLine) -> None:
        nonlocal port, was_ready
        port = urlsplit(str(line["url"])).port or port
        was_ready = True
        ready(line)

    while True:
        worker = await asyncio.create_subprocess_exec(
            *command(port), stdout=asyncio.subprocess.PIPE, stdin=asyncio.subprocess.DEVNULL
        )
        watching = asyncio.create_task(_watch(worker, wishes, now_ready, parse))
        try:
            wish = await wishes.get()
            while wish is _Wish.GIVE_UP and was_ready:
                wish = await wishes.get()
        finally:
            watching.cancel()
            await _end(worker)
        if wish is not _Wish.RESTART:
            return 0 if wish is _Wish.STOP else worker.returncode or 1


async def _watch(
    worker: asyncio.subprocess.Process,
    wishes: asyncio.Queue[_Wish],
    ready: Callable[[ReadyLine], None],
    parse: Callable[[bytes, int], ReadyLine | None],
) -> None:
    assert worker.stdout is not None  # noqa: S101 - a pipe was asked for
    first: ReadyLine | None = None
    async for line in worker.stdout:
        if first is None and (first := parse(line, worker.pid)) is not None:
            ready(first)
        else:
            sys.stderr.buffer.write(line)
            sys.stderr.flush()
    code = await worker.wait()
    if first is not None:
        logger.warning("the worker ended by itself (%s); it is restarted at the next SIGHUP", code)
    else:
        wishes.put_nowait(_Wish.GIVE_UP)


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is not None:
        return
    worker.terminate()
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await worker.wait()
    except TimeoutError:
        worker.kill()
        await worker.wait()
