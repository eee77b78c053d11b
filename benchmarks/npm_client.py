"""The official npm client against the embedded server: the three topologies, with media in them.

    python -m benchmarks.npm_client

Installs kurento-client 7.3.0 with npm into a folder of its own (needs node and npm, and no more of
the system), starts an embedded server, and has `npm/topologies.js` build a recorded call, a mixed
room and a broadcast. The recorded files are read back. The last line is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import av

from farm.model.setting import Size
from tests.infra.embedded_kurento.film import write_film

HERE = Path(__file__).parent / "npm"
INSTALL_WITHIN_S = 300
BUILD_WITHIN_S = 300


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="npm-client-") as name:
        folder = Path(name)
        for file in ("package.json", "topologies.js"):
            shutil.copy(HERE / file, folder)
        install = ("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent")
        subprocess.run(install, cwd=folder, check=True, timeout=INSTALL_WITHIN_S)
        told = asyncio.run(build(folder))
        files = sorted(folder.glob("call-*.webm"))
        print(json.dumps({**told, "recorded_s": [round(_seconds(path), 1) for path in files]}))


async def build(folder: Path) -> dict[str, Any]:
    """What `topologies.js` said."""
    clip = folder / "clip.webm"
    write_film(clip, Size(320, 240), 10, seconds=10.0, identity=1)
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "infra.embedded_kurento", "--port", "0"),
        *("--recordings", folder),
        stdout=pipe,
    )
    try:
        assert server.stdout is not None
        url = json.loads(await server.stdout.readline())["url"]
        node = await asyncio.create_subprocess_exec(
            *("node", "topologies.js", url, clip, folder), cwd=folder, stdout=pipe
        )
        async with asyncio.timeout(BUILD_WITHIN_S):
            said, _ = await node.communicate()
        assert node.returncode == 0, "topologies.js failed"
    finally:
        server.terminate()
        await server.wait()
    told: dict[str, Any] = json.loads(said.splitlines()[-1])
    return told


def _seconds(path: Path) -> float:
    """How long its picture lasts."""
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0) if frame.time is not None]
    return times[-1] - times[0]


if __name__ == "__main__":
    main()
