"""`--live [HOST:]PORT`: a run shown in a browser as it goes."""

from __future__ import annotations

import argparse
import re
from collections.abc import Awaitable, Callable
from typing import NamedTuple, TypeVar

from farm.protocols import Observer

T = TypeVar("T")

Story = Callable[[Observer], Awaitable[T]]
"""A run from its beginning to its end, told to an observer."""

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
        help="show the run as it goes at http://127.0.0.1:PORT/, for Prometheus at /metrics",
    )


def address(text: str) -> Address:
    """`8000`, or `0.0.0.0:8000` for others on the network; for `type=`."""
    host, _, port = text.rpartition(":")
    bracketed = host.startswith("[") and host.endswith("]")
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > HIGHEST_PORT:
        raise argparse.ArgumentTypeError(f"{text}: expected a port, or host:port")
    if ":" in host and not bracketed:
        raise argparse.ArgumentTypeError(f"{text}: an IPv6 address stands in brackets, [::1]:80")
    return Address(host.strip("[]") or LOOPBACK, int(port))


async def shown_live(at: Address | None, observer: Observer, story: Story[T]) -> T:
    """The story, shown at that address while it lasts if there is one."""
    if at is None:
        return await story(observer)
    from reports.pages.live import LiveRun  # a server's worth of imports, for those who ask

    live = LiveRun(observer)
    async with live.serving(at.host, at.port) as url:
        observer.note(f"live: {url} (metrics for Prometheus: {url}metrics)")
        return await story(live)
