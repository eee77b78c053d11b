"""The farm's own servers, embedded Kurento, Janus and demo app, as child processes."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

from farm.errors import MissingTool
from farm.model.setting import Size
from farm.model.trial_evidence import FaultKind
from farm.processes import Child, Processes, json_line
from infra.embedded_whip import TOKEN_VARIABLE as WHIP_TOKEN
from infra.whip_page import SETTINGS_VARIABLE as WHIP_PAGE_SETTINGS

ANSWER_WITHIN_S = 5.0
"""Time that the demo app has to answer a health check."""


@dataclass(frozen=True, slots=True)
class EmbeddedKurento:
    """The embedded media server; `reset` is the shell command that restarts it."""

    child: Child[dict[str, Any]]
    url: str
    port: int
    reset: str


async def start_embedded_kurento(
    processes: Processes,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    addresses: Sequence[str] = ("127.0.0.1",),
    recordings: str | None = None,
    cores: Sequence[int] | None = None,
    whip_token: str | None = None,
) -> EmbeddedKurento:
    """Start the embedded media server at `host`; `addresses` are those it offers for media.

    It writes files only below `recordings`; WHIP asks for `whip_token`. Raises ProcessError.
    """
    pid_file = processes.temporary_directory("embedded-kurento-") / "pid"
    child = await processes.start(
        "embedded-kurento",
        [
            *_python("infra.embedded_kurento"),
            *("--host", host, "--port", str(port), "--respawn", "--pid-file", str(pid_file)),
            *(word for address in addresses for word in ("--address", address)),
            *(() if recordings is None else ("--recordings", recordings)),
        ],
        ready=json_line,
        cores=cores,
        env=None if whip_token is None else {WHIP_TOKEN: whip_token},
    )
    url = str(child.ready["url"])
    return EmbeddedKurento(
        child,
        url,
        port=urlsplit(url).port or port,
        reset=f"kill -HUP {int(child.ready['reset_pid'])}",
    )


@dataclass(frozen=True, slots=True)
class OwnJanus:
    """Debian's Janus, started by the farm; `reset` is the shell command that restarts it."""

    child: Child[dict[str, Any]]
    url: str
    admin_url: str
    port: int
    reset: str


def check_janus() -> None:
    """Raises MissingTool if Debian's Janus is not on this machine."""
    if shutil.which("janus") is None:
        raise MissingTool(
            "janus is not on this machine: Debian's and Ubuntu's package janus has it"
        )


async def start_janus(
    processes: Processes,
    secret: str,
    *,
    address: str | None = None,
    cores: Sequence[int] | None = None,
) -> OwnJanus:
    """Start Debian's Janus on loopback; `address` is this machine's for media.

    `secret` is that of its admin API. Raises MissingTool, ProcessError.
    """
    check_janus()
    file = processes.temporary_directory("janus-") / "secret"
    file.touch(mode=0o600)
    file.write_text(secret)
    child = await processes.start(
        "janus",
        [
            *_python("infra.janus"),
            *("--port", "0", "--admin-port", "0", "--admin-secret-file", str(file)),
            *(() if address is None else ("--address", address)),
        ],
        ready=json_line,
        cores=cores,
    )
    url = str(child.ready["url"])
    return OwnJanus(
        child,
        url,
        str(child.ready["admin_url"]),
        port=urlsplit(url).port or 0,
        reset=f"kill -HUP {int(child.ready['reset_pid'])}",
    )


async def start_demo_app(
    processes: Processes,
    server: Sequence[str],
    *,
    recordings: str,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: tuple[Path, Path] | None = None,
    cores: Sequence[int] | None = None,
    mix: Size | None = None,
    mix_frame_rate: int | None = None,
) -> Child[dict[str, Any]]:
    """Start the demo app; its `ready["url"]` ends with a slash. Raises ProcessError.

    `server` is `--kurento` or `--janus` and an address.
    """
    return await processes.start(
        "demo-app",
        [
            *_python("infra.demo_app"),
            *("--host", host, "--port", str(port), *server),
            *("--recordings-dir", recordings),
            *(() if tls is None else ("--tls-cert", str(tls[0]), "--tls-key", str(tls[1]))),
            *(() if mix is None else ("--mix-width", str(mix.width))),
            *(() if mix is None else ("--mix-height", str(mix.height))),
            *(() if mix_frame_rate is None else ("--mix-frame-rate", str(mix_frame_rate))),
        ],
        ready=json_line,
        cores=cores,
    )


async def start_whip_page(
    processes: Processes,
    settings: Mapping[str, Any],
    *,
    host: str = "127.0.0.1",
    cores: Sequence[int] | None = None,
) -> Child[dict[str, Any]]:
    """Start the WHIP page's server; its `ready["url"]` ends with a slash. Raises ProcessError."""
    return await processes.start(
        "whip-page",
        [*_python("infra.whip_page"), "--host", host],
        ready=json_line,
        cores=cores,
        env={WHIP_PAGE_SETTINGS: json.dumps(settings)},
    )


def loop_late_s(health: str) -> float | None:
    """The delay of the demo app's event loop from its health check; the wait if that is late."""
    begun_s = time.monotonic()
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(health, timeout=ANSWER_WITHIN_S) as answer:
            return float(json.load(answer)["loop_late_s"])
    except TimeoutError:
        return time.monotonic() - begun_s
    except (OSError, HTTPException, ValueError, KeyError):
        return None  # `died` reports an app that ended


class DemoApp:
    """The demo app of a run, or the WHIP page; if it died, the next trial starts it again."""

    death: FaultKind = "app_died"

    def __init__(
        self, start: Callable[[], Awaitable[Child[dict[str, Any]]]], name: str = "the demo app"
    ) -> None:
        self._start = start
        self._name = name
        self._child: Child[dict[str, Any]] | None = None

    async def url(self) -> str:
        """Its address, which ends with a slash; starts it if needed. Raises ProcessError."""
        if self._child is None or not self._child.alive:
            if self._child is not None:
                await self._child.stop()
            self._child = await self._start()
        return str(self._child.ready["url"])

    async def late_s(self) -> float | None:
        """The delay of its event loop since the last question; `None`: it does not run."""
        if self._child is None or not self._child.alive:
            return None
        return await asyncio.to_thread(loop_late_s, f"{self._child.ready['url']}health")

    async def died(self) -> str:
        """Wait until the running process ends; returns why."""
        child = self._child
        if child is None:
            return f"{self._name} was never started"
        status = await child.died()
        return f"{self._name} ended with status {status}: {child.log_tail()}"


def _python(module: str) -> tuple[str, ...]:
    # -P: do not import from a folder `infra` in the user's directory.
    return (sys.executable, "-P", "-m", module)
