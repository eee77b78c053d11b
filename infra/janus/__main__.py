"""`python -m infra.janus`: Debian's Janus on loopback, restarted on SIGHUP.

It prints one JSON line on stdout when Janus answers, after each restart again:

    {"ready": true, "url": "ws://127.0.0.1:8188", "admin_url": "ws://127.0.0.1:7188",
     "pid": 123, "reset_pid": 122}

`pid` is Janus, `reset_pid` this process, which restarts it on SIGHUP, on the same ports.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from farm.errors import BadInput
from infra.janus.configuration import READY, Admin, command, configure
from infra.janus.media_network import media_interface
from infra.respawn import ReadyLine, die_with_parent, keep_worker

PLUGINS = {
    "audiobridge": "string_ids = true",
    "videocall": "",
    "videoroom": "string_ids = true",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run; returns the exit code (2: bad input, one line on stderr)."""
    options = _parser().parse_args(argv)
    logging.basicConfig(level="WARNING", format="%(levelname)s %(name)s: %(message)s")
    try:
        if options.worker is not None:
            _become_janus(options.worker, options.die_with)
        with ExitStack() as stack:
            return asyncio.run(_keep(options, stack))
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.janus", description="Debian's Janus on this machine, to try and test."
    )
    parser.add_argument("--port", type=int, default=8188, help="of its WebSocket; 0: a free one")
    parser.add_argument("--admin-port", type=int, default=7188, help="of its admin API; likewise")
    parser.add_argument(
        "--admin-secret-file", type=Path, help="file with the admin API's secret; none: no such API"
    )
    parser.add_argument("--address", help="offered for media: one of this machine's")
    parser.add_argument("--worker", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--die-with", type=int, help=argparse.SUPPRESS)
    return parser


def _become_janus(folder: Path, parent: int) -> None:
    """Replace this process by Janus, which ends with its parent."""
    words = list(command(folder))
    die_with_parent(parent)
    os.execvp(words[0], words)  # noqa: S606 - no shell is wanted


async def _keep(options: argparse.Namespace, stack: ExitStack) -> int:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="janus-")))
    interface = stack.enter_context(media_interface(options.address))
    command(folder)  # raises before anything is started
    port, admin = _free(options.port, "--port"), None
    if options.admin_secret_file is not None:
        admin_port = _free(options.admin_port, "--admin-port")
        admin = Admin(admin_port, options.admin_secret_file.read_text().strip())
    configure(folder, PLUGINS, port, admin=admin, interface=interface)

    def worker(_port: int) -> Sequence[str]:
        here = (sys.executable, "-P", "-m", "infra.janus")
        return (*here, "--worker", str(folder), "--die-with", str(os.getpid()))

    def parse(line: bytes, pid: int) -> ReadyLine | None:
        if READY.encode() not in line:
            return None
        return {"ready": True, "url": f"ws://127.0.0.1:{port}", "pid": pid}

    def ready(line: ReadyLine) -> None:
        more = {} if admin is None else {"admin_url": f"ws://127.0.0.1:{admin.port}"}
        print(json.dumps({**line, **more, "reset_pid": os.getpid()}), flush=True)  # noqa: T201

    return await keep_worker(worker, port, ready, parse)


def _free(port: int, option: str) -> int:
    """The port, or a free one for 0. Raises BadInput for one that is taken."""
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or error
            raise BadInput(f"{option} {port}: cannot listen there ({why})") from error
        return int(trying.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
