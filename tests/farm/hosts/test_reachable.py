"""Does something listen at a TCP address?"""

from __future__ import annotations

import asyncio
import socket

from farm.hosts.reachable import unreached


async def test_who_listens_is_reached() -> None:
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await unreached("127.0.0.1", port, 5.0) is None


async def test_why_nobody_is_reached() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        port = unheard.getsockname()[1]
        assert await unreached("127.0.0.1", port, 5.0) == "connection refused"
        unheard.listen(0)
        with socket.create_connection(("127.0.0.1", port)):  # its queue is full now
            assert await unreached("127.0.0.1", port, 0.2) == "no answer within 0.2 s"
    assert await unreached("nowhere.invalid", 1, 5.0) == "nowhere.invalid has no address"
