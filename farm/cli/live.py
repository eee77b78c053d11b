"""`--live [HOST:]PORT`: shows a run in a browser while it is under way."""

from __future__ import annotations

import argparse
import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from farm.protocols import Observer

T = TypeVar("T")

Story = Callable[[Observer], Awaitable[T]]
"""A whole run, reported to an observer."""

LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65535


class Address(NamedTuple):
    host: str
    port: int


def add_live_option(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--live",
        type=address,
        metavar="[HOST:]PORT",
        help="show the run live at http://127.0.0.1:PORT/, for Prometheus at /metrics",
    )


def address(text: str) -> Address:
    """An address: `8000`, or `0.0.0.0:8000` for others on the network; for `type=`."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text}: expected a port, or host:port")
    if ":" in host and not bracketed:
        raise argparse.ArgumentTypeError(f"{text}: an IPv6 address needs brackets, [::1]:80")
    return Address(host.strip("[]") or LOOPBACK, int(port))


async def shown_live(at: Address | None, observer: Observer, story: Story[T]) -> T:
    """Run the story, and serve its live page at the address, if there is one."""
    if at is None:
        return await story(observer)
    from reports.pages.live import LiveRun  # imports a web server, only for those who ask

    live = LiveRun(observer)
    async with live.serving(at.host, at.port) as url:
        observer.note(f"live: {url} (metrics for Prometheus: {url}metrics)")
        return await story(live)
