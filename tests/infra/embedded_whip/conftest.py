"""The end point in this process, on the embedded server's port, and a client of HTTP alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiortc import RTCCertificate

from infra.embedded_kurento.factories import factories
from infra.embedded_kurento.files.places import Places
from infra.embedded_kurento.server import Server, serving
from infra.embedded_kurento.webrtc.endpoint import Network
from infra.embedded_whip.endpoint import PREFIX, WhipEndpoint
from infra.embedded_whip.streams import Streams

TOKEN = "a-token"
RELAY = '<turn:turn.example.net?transport=udp>; rel="ice-server"; username="u"; credential="c"'


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(factories(network(), Places((tmp_path,))), session_grace_s=0.0)


def network() -> Network:
    return Network(["127.0.0.1"], RTCCertificate.generateCertificate(), 9999)


@pytest.fixture
def streams(server: Server) -> Streams:
    return Streams(server.tree, network())


@pytest.fixture
async def live(server: Server, streams: Streams) -> AsyncIterator[str]:
    """The address of the end point, with a slash at its end; it asks for `TOKEN`."""
    beside = {PREFIX: WhipEndpoint(streams, TOKEN, [RELAY]).app()}
    async with serving(server, "127.0.0.1", 0, beside) as port:
        yield f"http://127.0.0.1:{port}{PREFIX}"


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """A client that sends the token; a test may override any header."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        yield session
