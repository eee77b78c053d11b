"""The CPU cost of a mixed room on the embedded server, and leaks when members come and go.

    python -m benchmarks.mixed_rooms --members 3 --size 640x360 --frame-rate 20 --rounds 200

First members with real browsers stay in a room, and the server's CPU is measured. Then one of them
leaves and another member joins and leaves so many times; memory, threads and descriptors of the
server after the first tenth of the rounds are compared with those after the last. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Page

from farm.model.setting import Size
from tests.infra.embedded_kurento.conftest import connected
from tests.infra.embedded_kurento.live import call, cameras, open_page, shows

Member = tuple[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--size", default="320x180")
    parser.add_argument("--frame-rate", type=int, default=10)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=200)
    print(json.dumps(asyncio.run(measure(parser.parse_args()))))


async def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    width, height = map(int, arguments.size.split("x"))
    size, frame_rate = Size(width, height), arguments.frame_rate
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "infra.embedded_kurento", "--port", "0"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        ready = json.loads(await process.stdout.readline())
        server = psutil.Process(ready["pid"])
        with tempfile.TemporaryDirectory() as folder:
            identities = range(1, arguments.members + 1)
            async with (
                connected(ready["url"]) as client,
                cameras(Path(folder), *identities, size=size, frame_rate=frame_rate) as browsers,
            ):
                pipeline = await client.create("MediaPipeline")
                hub = await client.create("Composite", mediaPipeline=pipeline)
                pages = [await open_page(browser, Path(folder)) for browser in browsers]
                joined = [
                    await join(client, pipeline, hub, page, size, frame_rate) for page in pages
                ]
                for page in pages:
                    await shows(page, set(identities), within_s=60)
                cpu_percent = await cpu(server, arguments.seconds)
                print(f"{cpu_percent:.1f} % of a core for {len(pages)} members")
                grown = await rounds(
                    client, server, pipeline, hub, pages[-1], joined[-1], arguments
                )
    finally:
        process.terminate()
        await process.wait()
    return {
        "members": arguments.members,
        "size": arguments.size,
        "frame_rate": frame_rate,
        "cpu_percent_per_member": round(cpu_percent / arguments.members, 1),
        **grown,
    }


async def rounds(  # noqa: PLR0917
    client: Any,
    server: psutil.Process,
    pipeline: str,
    hub: str,
    page: Page,
    member: Member,
    arguments: argparse.Namespace,
) -> dict[str, Any]:
    """Leave and join again; the server's footprint at the end minus that early on."""
    early: dict[str, int] | None = None
    late: dict[str, int] = {}
    width, height = map(int, arguments.size.split("x"))
    for number in range(arguments.rounds):
        for object_id in member:
            await client.value("release", object=object_id)
        late = footprint(server)
        if number == arguments.rounds // 10:
            early = late
        member = await join(client, pipeline, hub, page, Size(width, height), arguments.frame_rate)
    if early is None:
        return {"rounds": 0}
    print(f"after {arguments.rounds // 10} rounds {early}, after {arguments.rounds} {late}")
    ratios = {f"{name}_ratio": round(late[name] / early[name], 3) for name in early}
    return {"rounds": arguments.rounds, **ratios}


async def join(  # noqa: PLR0917
    client: Any, pipeline: str, hub: str, page: Page, size: Size, frame_rate: int
) -> Member:
    endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
    port = await client.create("HubPort", hub=hub)
    await client.invoke(endpoint, "connect", sink=port)
    await client.invoke(port, "connect", sink=endpoint)
    await call(page, client, endpoint, size=size, frame_rate=frame_rate)
    client.events.clear()
    return port, endpoint


async def cpu(server: psutil.Process, seconds: float) -> float:
    before = server.cpu_times()
    await asyncio.sleep(seconds)
    after = server.cpu_times()
    return (after.user + after.system - before.user - before.system) / seconds * 100


def footprint(server: psutil.Process) -> dict[str, int]:
    return {
        "memory_bytes": server.memory_info().rss,
        "threads": server.num_threads(),
        "descriptors": server.num_fds(),
    }


if __name__ == "__main__":
    main()
