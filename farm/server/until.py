"""Polls a condition until it holds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from farm.errors import KurentoError
from farm.protocols import Clock

ASK_EVERY_S = 0.2


async def until(clock: Clock, holds: Callable[[], Awaitable[bool]], within_s: float) -> bool:
    """Poll until `holds` is true; False if it still is not after `within_s`.

    A KurentoError counts as false.
    """
    give_up_s = clock.run_s() + within_s
    while not await _holds(holds):
        if clock.run_s() >= give_up_s:
            return False
        await clock.sleep_until(clock.run_s() + ASK_EVERY_S)
    return True


async def _holds(holds: Callable[[], Awaitable[bool]]) -> bool:
    try:
        return await holds()
    except KurentoError:
        return False
