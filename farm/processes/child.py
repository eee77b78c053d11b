"""A child process: whether it is alive and ready, its log, its end."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, Generic, TypeVar

import psutil

from farm.errors import ProcessError
from farm.processes.family import kill, relatives

T = TypeVar("T")
ReadyLine = Callable[[str], T | None]
"""Parses a line of a child's output; a result other than `None` means that it is ready."""

POLL_S = 0.02
KILL_WITHIN_S = 5.0


def json_line(line: str) -> dict[str, Any] | None:
    """A ready line that is one JSON object."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def matches(pattern: str) -> ReadyLine[re.Match[str]]:
    """A ready line in which `pattern` is found: `matches(r"listening on (ws://\\S+)")`."""
    return re.compile(pattern).search


class Child(Generic[T]):
    """A running child of `Processes`; `ready` is the parsed ready line."""

    def __init__(
        self,
        name: str,
        mark: str,
        process: asyncio.subprocess.Process,
        log: Path,
        forget: Callable[[Child[Any]], None],
    ) -> None:
        self.name = name
        self.log = log
        self.ready: T
        self._mark = mark
        self._process = process
        self._forget = forget
        self._ending = asyncio.Lock()
        self._ended = False
        self._leaders: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess):
            self._leaders.append(psutil.Process(process.pid))

    @property
    def pid(self) -> int:
        return self._process.pid

    def streams(self) -> tuple[asyncio.StreamWriter, asyncio.StreamReader, asyncio.StreamReader]:
        """Standard input, output and error of a child that was started with pipes."""
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise ProcessError(f"{self.name} was started without pipes")
        return stdin, stdout, stderr

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def died(self) -> int:
        """Wait until it has ended; its exit status, or the negative number of the signal."""
        return await self._process.wait()

    async def stop(self, within_s: float = 5.0) -> None:
        """TERM to its group, after `within_s` KILL; also to descendants that left the group.

        Idempotent. Raises ProcessError if a process survives.
        """
        async with self._ending:
            if self._ended:
                return
            family = await self._relatives()
            if self.alive:
                with suppress(ProcessLookupError):
                    os.killpg(self.pid, signal.SIGTERM)
                with suppress(TimeoutError):
                    async with asyncio.timeout(within_s):
                        await self._process.wait()
            try:
                async with asyncio.timeout(KILL_WITHIN_S):
                    while family := await self._relatives(family):
                        kill(family)
                        await asyncio.sleep(POLL_S)
                    await self._process.wait()
            except TimeoutError:
                raise ProcessError(f"{self.name} (pid {self.pid}) survived SIGKILL") from None
            if self._process.stdin is not None:
                self._process.stdin.close()
            self._ended = True
            self._forget(self)

    async def _relatives(self, known: Iterable[psutil.Process] = ()) -> set[psutil.Process]:
        return await asyncio.to_thread(relatives, self._mark, self._leaders, known)

    def log_tail(self) -> str:
        """The last lines of its log in one line, for messages."""
        try:
            lines = self.log.read_text(errors="replace").split("\n")[-20:]
        except OSError:
            return "no log"
        text = " | ".join(line.strip() for line in lines if line.strip())
        return f"{text[-600:] or 'no output'} (log: {self.log})"


async def first_ready(
    child: Child[Any],
    ready: ReadyLine[Any] | None,
    offset: int,
    within_s: float,
    setting: str,
) -> Any:
    """The result of `ready` for the first line that it accepts. Raises ProcessError.

    Lines are read from the log, not a pipe, so that the child's output never blocks on us.
    """
    if ready is None:
        return None
    rest = b""
    try:
        async with asyncio.timeout(within_s):
            with child.log.open("rb") as log:
                log.seek(offset)
                while True:
                    alive = child.alive
                    *lines, rest = (rest + log.read()).split(b"\n")
                    for line in lines:
                        answer = ready(line.decode(errors="replace").rstrip("\r"))
                        if answer is not None:
                            return answer
                    if not alive:
                        break
                    await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise ProcessError(
            f"{child.name} was not ready within {within_s:g} s ({setting}): {child.log_tail()}"
        ) from None
    raise ProcessError(
        f"{child.name} ended with status {await child.died()} before it was ready:"
        f" {child.log_tail()}"
    )
