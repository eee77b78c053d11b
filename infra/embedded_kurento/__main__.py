"""`python -m infra.embedded_kurento`: the embedded media server as a process of its own.

It prints one JSON line on stdout when it listens:

    {"ready": true, "url": "ws://127.0.0.1:8888/kurento", "pid": 123, "reset_pid": 122}

`pid` is the process that carries media. With `--respawn` it is a child of `reset_pid`, which
restarts it on SIGHUP, on the same port, and prints the line again; without, `reset_pid` is null.
The process of `pid` is called `embedded-media`, so that it is found by that name after a reset.
WHIP and WHEP are served at the same port, below `/live/`; where the environment has
EMBEDDED_WHIP_TOKEN they ask for that token.
"""

from __future__ import annotations

import argparse
import asyncio
import ipaddress
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from aiortc import RTCCertificate

from farm.errors import BadInput
from infra.embedded_kurento.factories import factories
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.server import Server, serving
from infra.embedded_kurento.webrtc.endpoint import Network
from infra.embedded_whip import TOKEN_VARIABLE
from infra.embedded_whip.endpoint import PREFIX, WhipEndpoint
from infra.embedded_whip.streams import Streams
from infra.respawn import ReadyLine, die_with_parent, keep_worker, name_process

PROCESS_NAME = "embedded-media"
"""The name in `top` and `ps -o comm` of the process that carries media, also after a reset."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the arguments and run; returns the exit code (2: bad input, one line on stderr)."""
    arguments = _parser().parse_args(argv)
    logging.basicConfig(level=arguments.log_level, format="%(levelname)s %(name)s: %(message)s")
    if arguments.die_with is not None:
        die_with_parent(arguments.die_with)
    try:
        with ExitStack() as stack:
            if arguments.pid_file is not None:
                _write_pid(arguments.pid_file)
                stack.callback(_remove_pid, arguments.pid_file)
            if arguments.respawn:
                return asyncio.run(_respawn(arguments))
            return asyncio.run(_serve(arguments))
    except BadInput as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.embedded_kurento",
        description="A small media server that speaks Kurento's protocol, to try and test with.",
        epilog="example: python -m infra.embedded_kurento --respawn --recordings /var/tmp/calls",
    )
    parser.add_argument("--host", default="127.0.0.1", help="where the WebSocket listens")
    parser.add_argument("--port", type=int, default=8888, help="its port; 0 takes a free one")
    parser.add_argument(
        "--address",
        action="append",
        metavar="IP",
        help="an address to offer to browsers for media; may be repeated (default: 127.0.0.1)",
    )
    parser.add_argument(
        "--recordings",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="clients may record into it, and play from it; may be repeated (default: none)",
    )
    parser.add_argument(
        "--clips",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="clients may play from it; may be repeated (default: none)",
    )
    parser.add_argument(
        "--session-grace",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="how long a session outlives its socket (default: 10)",
    )
    parser.add_argument(
        "--respawn", action="store_true", help="restart the server process on SIGHUP"
    )
    parser.add_argument(
        "--pid-file", type=Path, metavar="FILE", help="write the pid to signal, removed at the end"
    )
    parser.add_argument(
        "--die-with", type=int, metavar="PID", help="be killed when this parent process ends"
    )
    parser.add_argument("--log-level", default="WARNING", help="of what goes to stderr")
    return parser


async def _serve(arguments: argparse.Namespace) -> int:
    name_process(PROCESS_NAME)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    addresses = _addresses(arguments.address or ["127.0.0.1"])
    with ExitStack() as stack:
        unserved_port = _hold_port(stack, addresses)
        network = Network(addresses, RTCCertificate.generateCertificate(), unserved_port)
        places = Places(_folders(arguments.recordings), _folders(arguments.clips))
        server = Server(factories(network, places), arguments.session_grace)
        whip = WhipEndpoint(Streams(server.tree, network), os.environ.get(TOKEN_VARIABLE) or None)
        beside = {PREFIX: whip.app()}
        async with serving(server, arguments.host, arguments.port, beside) as port:
            _print_ready(
                {
                    "ready": True,
                    "url": f"ws://{_in_url(arguments.host)}:{port}/kurento",
                    "pid": os.getpid(),
                    "reset_pid": None,
                }
            )
            await stop.wait()
    return 0


async def _respawn(arguments: argparse.Namespace) -> int:
    def command(port: int) -> list[str]:
        given = [
            *("--host", arguments.host),
            *("--port", str(port)),
            *("--session-grace", str(arguments.session_grace)),
            *("--log-level", arguments.log_level),
            *("--die-with", str(os.getpid())),
        ]
        for address in arguments.address or []:
            given += ["--address", address]
        for option in ("recordings", "clips"):
            for folder in getattr(arguments, option):
                given += [f"--{option}", str(folder)]
        return [sys.executable, "-P", "-m", "infra.embedded_kurento", *given]

    def ready(line: ReadyLine) -> None:
        _print_ready({**line, "reset_pid": os.getpid()})

    return await keep_worker(command, arguments.port, ready)


def _print_ready(line: ReadyLine) -> None:
    print(json.dumps(line), flush=True)  # noqa: T201 - the ready line is this program's output


def _addresses(given: Sequence[str]) -> list[str]:
    for address in given:
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            raise BadInput(f"--address {address}: not an IP address") from None
        if parsed.is_unspecified:
            raise BadInput(f"--address {address}: browsers need an address that they can reach")
    return list(given)


def _folders(given: Sequence[Path]) -> tuple[Path, ...]:
    return tuple(folder.resolve() for folder in given)


def _hold_port(stack: ExitStack, addresses: Sequence[str]) -> int:
    """A port that this process holds on every address, and on which nothing listens."""
    port = 0
    for address in addresses:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        held = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        try:
            held.bind((address, port))
        except OSError as error:
            raise BadInput(f"--address {address} cannot be used: {error}") from error
        port = held.getsockname()[1]
    return port


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _write_pid(path: Path) -> None:
    """Write the pid file. Raises BadInput, also for a file that holds anything but a pid.

    An empty file may be overwritten: a full disk, or `mktemp`, left it.
    """
    try:
        held = path.read_bytes().strip() if path.exists() else b""
        if path.is_symlink() or not (held == b"" or held.isdigit()):
            raise BadInput(f"--pid-file {path}: the file exists and holds no pid: expected none")
        path.write_text(f"{os.getpid()}\n", encoding="ascii")
    except OSError as error:
        raise BadInput(f"--pid-file {path}: {error.strerror}") from error


def _remove_pid(path: Path) -> None:
    """Remove the pid file, unless it holds another process's pid by now."""
    if path.is_file() and path.read_bytes().strip() == str(os.getpid()).encode():
        path.unlink()


if __name__ == "__main__":
    sys.exit(main())
