"""The servers of our own that a run may need, as child processes."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.processes import Child, Processes, json_line
from farm.trial import FaultKind


@dataclass(frozen=True, slots=True)
class EmbeddedKurento:
    """The media server for trying out; `reset` is the shell command that gives a fresh one."""

    child: Child[dict[str, Any]]
    url: str
    port: int
    reset: str


async def start_embedded_kurento(
    processes: Processes,
    *,
    port: int = 0,
    addresses: Sequence[str] = ("127.0.0.1",),
    cores: Sequence[int] | None = None,
) -> EmbeddedKurento:
    """Start it on loopback; `addresses` are those that it offers for media. Raises ProcessError."""
    pid_file = processes.temporary_directory("embedded-kurento-") / "pid"
    child = await processes.start(
        "embedded-kurento",
        [
            *_python("infra.embedded_kurento"),
            *("--port", str(port), "--respawn", "--pid-file", str(pid_file)),
            *(word for address in addresses for word in ("--address", address)),
        ],
        ready=json_line,
        cores=cores,
    )
    url = str(child.ready["url"])
    return EmbeddedKurento(
        child,
        url,
        port=int(url.rpartition(":")[2].partition("/")[0]),
        reset=f"kill -HUP {int(child.ready['reset_pid'])}",
    )


async def start_demo_app(
    processes: Processes,
    kurento: str,
    *,
    recordings: str,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: tuple[Path, Path] | None = None,
    cores: Sequence[int] | None = None,
) -> Child[dict[str, Any]]:
    """Start the demo app; its `ready["url"]` ends with a slash. Raises ProcessError."""
    return await processes.start(
        "demo-app",
        [
            *_python("infra.demo_app"),
            *("--host", host, "--port", str(port), "--kurento", kurento),
            *("--recordings-dir", recordings),
            *(() if tls is None else ("--tls-cert", str(tls[0]), "--tls-key", str(tls[1]))),
        ],
        ready=json_line,
        cores=cores,
    )


class DemoApp:
    """The demo app of a run; one that died is started again for the next trial."""

    death: FaultKind = "app_died"

    def __init__(self, start: Callable[[], Awaitable[Child[dict[str, Any]]]]) -> None:
        self._start = start
        self._child: Child[dict[str, Any]] | None = None

    async def url(self) -> str:
        """Where it answers; ends with a slash. Raises ProcessError."""
        if self._child is None or not self._child.alive:
            if self._child is not None:
                await self._child.stop()
            self._child = await self._start()
        return str(self._child.ready["url"])

    async def died(self) -> str:
        """Wait until the one of now is dead; why."""
        child = self._child
        if child is None:
            return "the demo app was never started"
        status = await child.died()
        return f"the demo app ended with status {status}: {child.last_words()}"


def _python(module: str) -> tuple[str, ...]:
    # -P: a folder `infra` in the user's directory is not ours.
    return (sys.executable, "-P", "-m", module)
