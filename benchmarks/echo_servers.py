"""Echo servers, which send a page its own media back: Janus, and the embedded server.

Both answer on this machine only. They set the rate of video by REMB.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import aiohttp

from farm.bench.children import start_embedded_kurento
from farm.kurento.client import KurentoClient, MediaObject
from farm.kurento.protocol import KurentoEvent
from farm.processes import Processes, matches
from infra.janus.configuration import READY, Admin, command, configure

PORT, ADMIN_PORT = 18188, 17188
SECRET = "loopback only"  # noqa: S105
ANSWER_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """The video of one probe that arrived since it joined, by the server's counters."""

    at_s: float
    packets: int
    bytes: int


class EchoServer(Protocol):
    """An echo server; `pid` is its process, `layers` how many of video pages are to send."""

    name: str
    pid: int
    layers: int

    async def answer(self, offer: str) -> str:
        """The answer to an offer with all its candidates in it."""

    async def forget(self) -> None:
        """Forget all calls so far."""

    async def arrived(self) -> list[Arrived]:
        """The arrived video of every call, in their order."""


# ---------------------------------------------------------------- Janus


class _Socket:
    """Requests and their answers on one of Janus' WebSockets; its other messages are ignored."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, constant: Mapping[str, str]
    ) -> None:
        self._socket = socket
        self._constant = constant
        self._numbers = itertools.count()
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._final: dict[str, bool] = {}
        self.up: dict[int, asyncio.Event] = {}

    async def read(self) -> None:
        async for message in self._socket:
            received = json.loads(message.data)
            if received.get("janus") == "webrtcup" and received["sender"] in self.up:
                self.up[received["sender"]].set()
            name = received.get("transaction")
            answered = name in self._waiting and not (
                received["janus"] == "ack" and self._final.get(name, False)
            )
            if answered:
                self._waiting.pop(name).set_result(received)

    async def ask(self, request: str, *, waits: bool = False, **more: Any) -> dict[str, Any]:
        """The answer to a request; with `waits` the one that follows the acknowledgement.

        Raises RuntimeError for an error.
        """
        name = str(next(self._numbers))
        answer = self._waiting[name] = asyncio.get_running_loop().create_future()
        self._final[name] = waits
        await self._socket.send_json(
            {"janus": request, "transaction": name, **self._constant, **more}
        )
        async with asyncio.timeout(ANSWER_WITHIN_S):
            message: dict[str, Any] = await answer
        if message["janus"] == "error":
            raise RuntimeError(f"Janus: {request}: {message['error']}")
        return message


VideoCodec = Literal["vp8", "h264", "vp9", "av1"]


class Janus:
    """Janus' echo test; video is of one `codec` and limited to `remb_bps` by the server's REMB."""

    name = "janus"

    def __init__(
        self,
        api: _Socket,
        admin: _Socket,
        pid: int,
        *,
        remb_bps: int,
        codec: VideoCodec,
        layers: int,
    ) -> None:
        self.pid, self.layers = pid, layers
        self._api, self._admin, self._remb_bps, self._codec = api, admin, remb_bps, codec
        self._calls: list[tuple[int, int]] = []
        self._later: set[asyncio.Task[None]] = set()

    async def answer(self, offer: str) -> str:
        session = (await self._api.ask("create"))["data"]["id"]
        attached = await self._api.ask("attach", session_id=session, plugin="janus.plugin.echotest")
        handle = attached["data"]["id"]
        self._api.up[handle] = asyncio.Event()
        message = await self._api.ask(
            "message",
            waits=True,
            session_id=session,
            handle_id=handle,
            body={"audio": True, "video": True, "videocodec": self._codec},
            jsep={"type": "offer", "sdp": offer},
        )
        self._calls.append((session, handle))
        later = asyncio.create_task(self._hold_rate(session, handle))
        self._later.add(later)
        later.add_done_callback(self._later.discard)
        return str(message["jsep"]["sdp"])

    async def choose(self, layer: int) -> None:
        """From now on send back this simulcast layer, 0 the smallest."""
        for session, handle in self._calls:
            await self._api.ask(
                "message",
                waits=True,
                session_id=session,
                handle_id=handle,
                body={"substream": layer},
            )

    async def forget(self) -> None:
        for session, _ in self._calls:
            await self._api.ask("destroy", session_id=session)
        self._calls.clear()

    async def arrived(self) -> list[Arrived]:
        found = []
        for session, handle in self._calls:
            message = await self._admin.ask("handle_info", session_id=session, handle_id=handle)
            at_s = asyncio.get_running_loop().time()
            found.append(Arrived(at_s, **_video(message["info"])))
        return found

    async def _hold_rate(self, session: int, handle: int) -> None:
        await self._api.up[handle].wait()
        await self._api.ask(
            "message",
            waits=True,
            session_id=session,
            handle_id=handle,
            body={"bitrate": self._remb_bps},
        )


def _video(info: Mapping[str, Any]) -> dict[str, int]:
    """The packets and bytes of video that a handle received."""
    for medium in info["webrtc"]["media"].values():
        if medium["type"] == "video":
            layers = [stats for name, stats in medium["stats"].items() if name.startswith("in")]
            return {
                name: sum(int(stats[name]) for stats in layers) for name in ("packets", "bytes")
            }
    raise RuntimeError("Janus: no video in a handle of the echo test")


@asynccontextmanager
async def janus(
    processes: Processes, remb_bps: int, codec: VideoCodec = "vp8", layers: int = 1
) -> AsyncIterator[Janus]:
    """Start Janus of Debian's package with its own configuration.

    Raises ProcessError, MissingTool.
    """
    folder = processes.temporary_directory("janus-")
    configure(folder, {"echotest": ""}, PORT, admin=Admin(ADMIN_PORT, SECRET), session_timeout_s=0)
    child = await processes.start("janus", command(folder), ready=matches(READY))
    async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as tasks:
        sockets = []
        for port, protocol, constant in (
            (PORT, "janus-protocol", {}),
            (ADMIN_PORT, "janus-admin-protocol", {"admin_secret": SECRET}),
        ):
            socket = await http.ws_connect(f"ws://127.0.0.1:{port}", protocols=(protocol,))
            sockets.append(_Socket(socket, constant))
        readers = [tasks.create_task(socket.read()) for socket in sockets]
        try:
            yield Janus(
                sockets[0], sockets[1], child.pid, remb_bps=remb_bps, codec=codec, layers=layers
            )
        finally:
            for reader in readers:
                reader.cancel()


# ---------------------------------------------------------------- the embedded server


class Embedded:
    """One WebRtcEndpoint a call, connected to itself; its own limit of 500 kbit/s is for video."""

    name = "embedded"
    layers = 1

    def __init__(self, kurento: KurentoClient, pid: int, kbps: int) -> None:
        self.pid = pid
        self._kurento, self._kbps = kurento, kbps
        self._calls: list[tuple[MediaObject, MediaObject]] = []

    async def answer(self, offer: str) -> str:
        pipeline = await self._kurento.create("MediaPipeline")
        endpoint = await self._kurento.create("WebRtcEndpoint", {"mediaPipeline": pipeline})
        await endpoint.invoke("setMaxVideoSendBandwidth", maxVideoSendBandwidth=self._kbps)
        # Else a page that was slow once stays so: REMB would return its estimate of its own echo.
        await endpoint.invoke("setMaxVideoRecvBandwidth", maxVideoRecvBandwidth=self._kbps)
        await endpoint.invoke("setMinVideoRecvBandwidth", minVideoRecvBandwidth=self._kbps)
        await endpoint.connect(endpoint)
        gathered = asyncio.Event()
        found: list[str] = []

        def on_candidate(event: KurentoEvent) -> None:
            found.append(str(event.data["candidate"]["candidate"]))

        await endpoint.subscribe("IceCandidateFound", on_candidate)
        await endpoint.subscribe("IceGatheringDone", lambda _event: gathered.set())
        answer = str(await endpoint.invoke("processOffer", offer=offer))
        await endpoint.invoke("gatherCandidates")
        async with asyncio.timeout(ANSWER_WITHIN_S):
            await gathered.wait()
        self._calls.append((pipeline, endpoint))
        return with_candidates(answer, found)

    async def forget(self) -> None:
        for pipeline, _ in self._calls:
            await pipeline.release()
        self._calls.clear()

    async def arrived(self) -> list[Arrived]:
        found = []
        for _, endpoint in self._calls:
            stats = await endpoint.invoke("getStats", mediaType="VIDEO")
            at_s = asyncio.get_running_loop().time()
            assert isinstance(stats, dict)
            inbound = next(each for each in stats.values() if each["type"] == "inboundrtp")
            found.append(
                Arrived(at_s, int(inbound["packetsReceived"]), int(inbound["bytesReceived"]))
            )
        return found


def with_candidates(answer: str, candidates: list[str]) -> str:
    """The answer with its first section's candidates in it; the sections are bundled."""
    lines = "".join(f"a={each.removeprefix('a=')}\r\n" for each in candidates)
    return re.sub(r"(m=.*?\r\n(?:(?!m=).*?\r\n)*)", lambda found: found[1] + lines, answer, count=1)


@asynccontextmanager
async def embedded(processes: Processes, kbps: int) -> AsyncIterator[Embedded]:
    """Start the embedded server. Raises ProcessError."""
    server = await start_embedded_kurento(processes)
    async with KurentoClient.connect(server.url) as kurento:
        yield Embedded(kurento, server.child.pid, kbps)
