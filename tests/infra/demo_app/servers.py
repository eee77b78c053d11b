"""A media server, embedded or Janus, and the demo app: processes for tests with real browsers."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from farm.kurento import KurentoClient
from infra.janus.media_network import usable_interfaces
from tests.starved_server import IS_ROOT


@asynccontextmanager
async def child(module: str, *options: str) -> AsyncIterator[tuple[Process, str]]:
    """A module as a process, and the address that it says it is ready at."""
    async with started(module, *options) as (process, ready):
        yield process, ready["url"]


@asynccontextmanager
async def started(module: str, *options: str) -> AsyncIterator[tuple[Process, dict[str, Any]]]:
    """A module as a process, and what it says when it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *options), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


@dataclass
class Servers:
    app_url: str
    app: Process
    kurento_url: str
    kurento: Process

    async def until_empty(self) -> None:
        """Wait until the media server has no pipeline."""
        async with KurentoClient.connect(self.kurento_url) as kurento, asyncio.timeout(60):
            while await kurento.pipelines():
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running_servers(recordings: Path) -> AsyncIterator[Servers]:
    async with (
        child("infra.embedded_kurento", "--port", "0", "--recordings", str(recordings)) as (
            kurento,
            kurento_url,
        ),
        child(
            *("infra.demo_app", "--port", "0", "--kurento", kurento_url),
            *("--recordings-dir", str(recordings)),
        ) as (app, app_url),
    ):
        yield Servers(app_url, app, kurento_url, kurento)


ADMIN_SECRET = "of a test"


@dataclass
class JanusServers:
    app_url: str
    admin_url: str

    async def sessions(self) -> int:
        """How many sessions Janus has."""
        async with (
            aiohttp.ClientSession() as http,
            http.ws_connect(self.admin_url, protocols=("janus-admin-protocol",)) as socket,
        ):
            await socket.send_json(
                {"janus": "list_sessions", "transaction": "1", "admin_secret": ADMIN_SECRET}
            )
            return len((await socket.receive_json(timeout=60))["sessions"])

    async def until_empty(self) -> None:
        """Wait until Janus has no session."""
        async with asyncio.timeout(60):
            while await self.sessions():
                await asyncio.sleep(0.05)


@asynccontextmanager
async def running_janus(folder: Path) -> AsyncIterator[JanusServers]:
    """Debian's Janus with the demo app in front of it; it records into `folder`."""
    if shutil.which("janus") is None:
        pytest.skip("no janus on this machine")
    if not (IS_ROOT or usable_interfaces()):
        pytest.skip("only root gives this network an address for Janus")
    secret = folder / "secret"
    secret.write_text(ADMIN_SECRET)
    async with (
        started(
            *("infra.janus", "--port", "0", "--admin-port", "0"),
            *("--admin-secret-file", str(secret)),
        ) as (_, janus),
        child(
            *("infra.demo_app", "--port", "0", "--janus", janus["url"]),
            *("--recordings-dir", str(folder)),
        ) as (_, app_url),
    ):
        yield JanusServers(app_url, janus["admin_url"])
