"""A thread of an object of the event loop, for work that would block the loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)


class Worker:
    """Runs `work(worker)` at once; `work` returns soon after `worker.stopping` is set.

    It is made on the event loop's thread. An error of `work` is logged, and ends only this worker.
    """

    def __init__(self, name: str, work: Callable[[Worker], None]) -> None:
        self.stopping = threading.Event()
        self._loop = asyncio.get_running_loop()
        self._work = work
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def tell(self, callback: Callable[..., None], *args: Any) -> None:
        """Call `callback(*args)` on the event loop's thread; for the worker's thread."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(callback, *args)

    def stop(self) -> None:
        """Tell the work to end, without waiting for it."""
        self.stopping.set()

    async def close(self) -> None:
        """Stop, and wait until the thread is gone."""
        self.stop()
        await self._ended.wait()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._work(self)
        except Exception:
            logger.exception("%s failed", self._thread.name)
        finally:
            self.tell(self._ended.set)
