"""SIGTERM stops a verb as Ctrl-C does, in an event loop or without one."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from farm.bench.grouped_errors import errors_as_themselves

T = TypeVar("T")


def run_to_end(story: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run`, and SIGTERM stops as Ctrl-C does: everything of ours is ended first.

    What the farm raises on purpose in a group of tasks comes out as itself.
    """

    async def main() -> T:
        task = asyncio.ensure_future(story)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    with errors_as_themselves():
        return asyncio.run(main())


@contextmanager
def stopped_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM ends the body as Ctrl-C does: what it began is finished or taken back."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
