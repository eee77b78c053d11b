"""What a page's connections to a Janus have in common: trickling, limits, waiting, releasing."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from farm.errors import JanusRefused, JanusTimeout
from farm.janus import JanusHandle
from infra.demo_app.messages import IceCandidate

T = TypeVar("T")

BITRATE_BPS = 500_000
"""What a page is asked to send at most, unless it says otherwise: as a Kurento does by default."""

_log = logging.getLogger(__name__)


async def trickle(handle: JanusHandle, candidate: IceCandidate) -> None:
    """Pass a page's candidate on. Raises `JanusError`."""
    await handle.trickle(
        {
            "candidate": candidate.candidate,
            "sdpMid": candidate.sdp_mid,
            "sdpMLineIndex": candidate.sdp_m_line_index,
        }
    )


def bitrate_bps(properties: Mapping[str, int]) -> int:
    """What a page may send, by the limits that it wants: Janus has one, on what it receives."""
    limits = [kbps * 1000 for name, kbps in properties.items() if name.startswith("maxVideo")]
    return min(limits, default=BITRATE_BPS)


async def within(seconds: float, what: str, awaited: asyncio.Future[T]) -> T:
    """The result; raises `JanusTimeout` that names `what` was waited for.

    A future that comes too late is left as it is: who sets it still can.
    """
    try:
        async with asyncio.timeout(seconds) as limit:
            return await asyncio.shield(awaited)
    except TimeoutError:
        if not limit.expired():
            raise
        raise JanusTimeout(f"{what}: not within answer_within_s = {seconds:g} s") from None


async def released(what: str, release: Callable[[], Awaitable[None]]) -> None:
    """Release something; a refusal is logged, so that the rest is still released.

    Raises only `JanusLost`.
    """
    try:
        await release()
    except (JanusRefused, JanusTimeout) as error:
        _log.warning("%s was not released: %s", what, error)
