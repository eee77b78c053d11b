"""Serve the page: `python -P -m infra.whip_page`, with its settings as JSON in WHIP_PAGE_SETTINGS.

They come by the environment because a command line is shown to every user of the machine. They are
`publish` and `play`, addresses in which the page fills `{session}` and `{probe}`, `token` (or null)
and `trickle`. One line of JSON on stdout says where the page is.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from farm.errors import BadInput
from infra.whip_page import SETTINGS_VARIABLE
from infra.whip_page.server import make_app


def main() -> int:
    """Serve until SIGTERM or SIGINT; 2 for bad input."""
    parser = argparse.ArgumentParser(prog="infra.whip_page", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    options = parser.parse_args()
    try:
        settings = json.loads(os.environ.pop(SETTINGS_VARIABLE, ""))
    except ValueError:
        sys.stderr.write(f"{SETTINGS_VARIABLE}: no JSON in the environment\n")
        return 2
    try:
        asyncio.run(_serve(options.host, options.port, settings))
    except BadInput as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


async def _serve(host: str, port: int, settings: Mapping[str, Any]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    app, path = make_app(settings)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except (OSError, OverflowError) as error:
            raise BadInput(f"--host {host} --port {port}: cannot listen there ({error})") from error
        shown = f"[{host}]" if ":" in host else host
        url = f"http://{shown}:{runner.addresses[0][1]}{path}"
        sys.stdout.write(json.dumps({"ready": True, "url": url}) + "\n")
        sys.stdout.flush()
        await stop.wait()
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())
