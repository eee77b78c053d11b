"""The servers of our own that a run starts."""

from __future__ import annotations

import sys
from pathlib import Path

from farm.bench.children import DemoApp
from farm.processes import Child, Processes, json_line

STAND_IN = """
import json, os, time
print(json.dumps({"url": f"http://127.0.0.1:{os.getpid()}/"}), flush=True)
time.sleep(60)
"""


async def test_a_demo_app_that_died_is_started_again_for_the_next_trial(tmp_path: Path) -> None:
    async with Processes(tmp_path) as processes:
        started: list[Child[dict[str, str]]] = []

        async def start() -> Child[dict[str, str]]:
            command = [sys.executable, "-c", STAND_IN]
            started.append(await processes.start("demo-app", command, ready=json_line))
            return started[-1]

        app = DemoApp(start)
        first = await app.url()
        assert await app.url() == first
        await started[0].stop()
        assert "ended with status" in await app.died()
        assert await app.url() != first
        assert len(started) == 2
