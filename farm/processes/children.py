"""Starts, logs and ends every child process of the farm.

    async with Processes(run_folder / "logs") as processes:
        app = await processes.start(
            "demo-app",
            [sys.executable, "-P", "-m", "infra.demo_app", "--port", "0"],
            ready=json_line,
            cores=(0,),
        )
        url = app.ready["url"]

A child has a session of its own (a terminal's Ctrl-C reaches only us, and we end the children in
order), dies with its parent (`setpriv --pdeathsig`), writes to `NAME.log`, and takes port 0 and
prints its port in its ready line. It is ended by TERM to its group, then KILL to all of its family.
A guardian process (farm.processes.guardian) does the same, and removes the temporary directories,
when this one is killed.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, overload

from farm.errors import ProcessError
from farm.processes.child import Child, ReadyLine, first_ready
from farm.processes.command import wrapped
from farm.processes.family import MARK
from farm.processes.guardian_pipe import GuardianPipe

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Pipes:
    """A child with pipes: its three streams."""

    child: Child[None]
    stdin: asyncio.StreamWriter
    stdout: asyncio.StreamReader
    stderr: asyncio.StreamReader


class Processes:
    """Owns the children and temporary directories of one controller or host.

    Use it as `async with`, or call `open` and `close`. `log_directory` is made where missing.
    """

    def __init__(self, log_directory: Path) -> None:
        self._log_directory = log_directory
        self._mark = secrets.token_hex(8)
        self._children: list[Child[Any]] = []
        self._directories: set[Path] = set()
        self._guardian: GuardianPipe | None = None

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Start the guardian."""
        self._log_directory.mkdir(parents=True, exist_ok=True)
        self._guardian = GuardianPipe(self._mark, self._log_directory / "guardian.log")

    async def close(self) -> None:
        """Stop every child, remove every directory, dismiss the guardian. Idempotent.

        If this is cancelled, the guardian does the rest as soon as this process ends.
        """
        guardian = self._guardian
        if guardian is None:
            return
        stops = (child.stop() for child in tuple(self._children))
        outcomes = await asyncio.gather(*stops, return_exceptions=True)
        for directory in tuple(self._directories):
            await self.remove_directory(directory)
        survivors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
        if survivors:
            raise survivors[0]
        self._guardian = None
        await guardian.dismiss()

    @overload
    async def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        ready: None = None,
        ready_within_s: float = ...,
        setting: str = ...,
        cores: Sequence[int] | None = ...,
        env: Mapping[str, str] | None = ...,
    ) -> Child[None]: ...

    @overload
    async def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        ready: ReadyLine[T],
        ready_within_s: float = ...,
        setting: str = ...,
        cores: Sequence[int] | None = ...,
        env: Mapping[str, str] | None = ...,
    ) -> Child[T]: ...

    async def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        ready: ReadyLine[Any] | None = None,
        ready_within_s: float = 20.0,
        setting: str = "ready_within_s",
        cores: Sequence[int] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Child[Any]:
        """Start `command` and wait until a line of its output says that it is ready.

        Its output is appended to `NAME.log`. `env` is added to our own environment; `cores` are
        the only ones it and its descendants may run on. `setting` is what a user would change if
        `ready_within_s` is too short. Raises MissingTool, ProcessError.
        """
        log = self._log_directory / f"{name}.log"
        with log.open("ab") as output:
            offset = output.tell()
            child = await self._spawn(name, command, log, output=output, cores=cores, env=env)
        try:
            child.ready = await first_ready(child, ready, offset, ready_within_s, setting)
        except BaseException:
            await child.stop()
            raise
        return child

    async def connect(self, name: str, command: Sequence[str | Path]) -> Pipes:
        """Start `command` with pipes to its three streams. Raises MissingTool, ProcessError."""
        log = self._log_directory / f"{name}.log"
        child = await self._spawn(name, command, log)
        child.ready = None
        return Pipes(child, *child.streams())

    async def run(self, command: Sequence[str | Path], within_s: float) -> tuple[int, bytes, bytes]:
        """Run a command to its end; its status, output, error output.

        Processes that it leaves running (a reset command may start a daemon) are not ended. Raises
        MissingTool, ProcessError, and TimeoutError after `within_s`: then its group is killed.
        """
        words = wrapped(command)
        with _started(str(command[0])):
            process = await asyncio.create_subprocess_exec(
                *words, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, start_new_session=True
            )
        try:
            async with asyncio.timeout(within_s):
                output, errors = await process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
            raise
        assert process.returncode is not None  # noqa: S101 - communicate waits for the end
        return process.returncode, output, errors

    async def _spawn(
        self,
        name: str,
        command: Sequence[str | Path],
        log: Path,
        *,
        output: BinaryIO | None = None,
        cores: Sequence[int] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> Child[Any]:
        """A child that writes to `output`, or that has pipes."""
        if self._guardian is None:
            raise ProcessError(f"{name} cannot be started: processes are closed")
        mark = f"{self._mark}.{secrets.token_hex(4)}"
        words = wrapped(command, cores)
        with _started(name):
            process = await asyncio.create_subprocess_exec(
                *words,
                stdin=PIPE if output is None else DEVNULL,
                stdout=PIPE if output is None else output,
                stderr=PIPE if output is None else output,
                start_new_session=True,
                env={**os.environ, **(env or {}), MARK: mark},
            )
        child: Child[Any] = Child(name, mark, process, log, self._forgotten)
        self._children.append(child)
        self._guardian.send("child", child.pid)
        return child

    def temporary_directory(self, prefix: str) -> Path:
        """A new empty directory that is removed at `close`, and by the guardian if need be."""
        if self._guardian is None:
            raise ProcessError(f"no directory {prefix}* can be made: processes are closed")
        directory = Path(tempfile.mkdtemp(prefix=prefix))
        self.take_over(directory)
        return directory

    def take_over(self, directory: Path) -> None:
        """Own a directory that the caller made: it is removed as a temporary one."""
        if self._guardian is None:
            raise ProcessError(f"{directory} cannot be taken over: processes are closed")
        self._directories.add(directory)
        self._guardian.send("directory", str(directory))

    async def remove_directory(self, directory: Path) -> None:
        """Remove a temporary directory before `close` does."""
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)
        self._directories.discard(directory)
        if self._guardian is not None:
            self._guardian.send("removed", str(directory))

    def _forgotten(self, child: Child[Any]) -> None:
        self._children.remove(child)
        if self._guardian is not None:
            self._guardian.send("gone", child.pid)


@contextmanager
def _started(name: str) -> Iterator[None]:
    """Raise ProcessError when there are no more processes, descriptors or memory."""
    try:
        yield
    except OSError as error:
        raise ProcessError(f"{name} cannot be started: {error.strerror or error}") from error
