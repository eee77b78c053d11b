"""An HTTP server in a process of its own whose page calls itself, without any media server.

`python -m tests.page_server` prints its address as JSON, `{"url": ..., "port": ...}`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = Path(__file__).parent / "data/pages"

ROLE = """
    join: [goto: "{app_url}call.html?calls=1"]
    joined: [wait_for: {function: "document.body.dataset.state === 'in call'"}]
"""
DRIVER = f"format: 1\nroles:\n  callee:{ROLE}  caller:{ROLE}"
"""The role of both probes of a call; each page sends to itself."""


@dataclass(frozen=True)
class PageServer:
    url: str
    port: int
    process: subprocess.Popen[str]


@contextmanager
def page_server() -> Iterator[PageServer]:
    """The server, until the body ends."""
    command = [sys.executable, "-P", "-m", "tests.page_server"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = json.loads(process.stdout.readline())
        try:
            yield PageServer(address["url"], address["port"], process)
        finally:
            process.kill()


class _Pages(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, directory=str(PAGES)))
    port = server.server_address[1]
    sys.stdout.write(json.dumps({"url": f"http://127.0.0.1:{port}/", "port": port}) + "\n")
    sys.stdout.flush()
    server.serve_forever()
