"""The embedded media server and the demo app as processes, for tests with real browsers."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from farm.kurento import KurentoClient


@asynccontextmanager
async def child(module: str, *options: str) -> AsyncIterator[tuple[Process, str]]:
    """A module as a process, and the address that it says it is ready at."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", module, *options), stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(await process.stdout.readline())["url"]
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
