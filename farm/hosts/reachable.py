"""Checks whether a TCP address accepts connections."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress


async def unreached(host: str, port: int, within_s: float) -> str | None:
    """Why the address cannot be connected to, in a few words; `None` if it can."""
    try:
        async with asyncio.timeout(within_s):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError:
        return f"no answer within {within_s:g} s"
    except socket.gaierror:
        return f"{host} has no address"
    except OSError as error:
        return os.strerror(error.errno).lower() if error.errno else str(error)
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return None
