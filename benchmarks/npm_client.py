"""The official npm client against the embedded server: three topologies, with media.

    python -m benchmarks.npm_client

Installs kurento-client 7.3.0 with npm into a folder of its own (needs node and npm), starts an
embedded server, and lets `npm/topologies.js` build a recorded call, a mixed room and a broadcast.
The recorded files are read back. The last line is one JSON object.
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
        built = asyncio.run(build(folder))
        files = sorted(folder.glob("call-*.webm"))
        print(json.dumps({**built, "recorded_s": [round(_seconds(path), 1) for path in files]}))


async def build(folder: Path) -> dict[str, Any]:
    """The JSON object that `topologies.js` prints."""
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
            output, _ = await node.communicate()
        assert node.returncode == 0, "topologies.js failed"
    finally:
        server.terminate()
        await server.wait()
    built: dict[str, Any] = json.loads(output.splitlines()[-1])
    return built


def _seconds(path: Path) -> float:
    """The length of its video."""
    with av.open(str(path)) as container:
        times = [frame.time for frame in container.decode(video=0) if frame.time is not None]
    return times[-1] - times[0]


if __name__ == "__main__":
    main()
