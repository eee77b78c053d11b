"""Real Chromium, real media, through the embedded server; nothing leaves the machine."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright

from farm.browser.chromium_program import find_chromium
from infra.embedded_kurento.server import Server
from tests.fake_camera_flags import ALLOWED, FLAGS

pytestmark = pytest.mark.live

Client = Any
Connect = Callable[[], Awaitable[Client]]

PEER_SCRIPT = Path(__file__).with_name("peer.js")
LOOPBACK = Path(__file__).parents[2] / "data" / "kurento" / "loopback.jsonl"
EVENTS = [
    "IceCandidateFound",
    "IceComponentStateChanged",
    "NewCandidatePairSelected",
    "ConnectionStateChanged",
    "MediaStateChanged",
    "MediaFlowInStateChanged",
    "MediaFlowOutStateChanged",
    "MediaTranscodingStateChanged",
    "Error",
]
PATIENCE_S = 60.0


class Peer:
    """A page and its endpoint."""

    def __init__(self, page: Page, client: Client, endpoint: str) -> None:
        self.page = page
        self.client = client
        self.endpoint = endpoint

    async def join(self, send: bool = True) -> None:
        """The page offers, the endpoint answers, candidates go both ways."""
        offer = await self.page.evaluate("send => peer.offer({send})", send)
        answer = await self.client.invoke(self.endpoint, "processOffer", offer=offer)
        await self.page.evaluate("sdp => peer.answered(sdp)", answer)
        await self.exchange_candidates()

    async def exchange_candidates(self) -> None:
        await self.client.invoke(self.endpoint, "gatherCandidates")
        found = [
            event["data"]["candidate"]
            for event in self.client.events
            if event["type"] == "IceCandidateFound" and event["object"] == self.endpoint
        ]
        await self.page.evaluate("candidates => peer.add(candidates)", found)
        for candidate in await self.page.evaluate("peer.gathered()"):
            await self.client.invoke(self.endpoint, "addIceCandidate", candidate=candidate)

    async def stat(self, type: str, name: str, kind: str | None = None) -> float:
        """The sum of one figure over the page's stats of a type; 0 where there are none."""
        return sum(
            each.get(name, 0)
            for each in await self.page.evaluate("peer.stats()")
            if each["type"] == type and kind in {None, each.get("kind")}
        )

    async def frames(self) -> float:
        return await self.stat("inbound-rtp", "framesDecoded", "video")

    async def until_more(self, type: str, name: str, by: float, kind: str | None = None) -> None:
        """Wait until a figure has grown."""
        before = await self.stat(type, name, kind)
        async with asyncio.timeout(PATIENCE_S):
            while await self.stat(type, name, kind) < before + by:
                await asyncio.sleep(0.1)

    async def sees(self, frames: int = 20) -> None:
        """Wait until so many more pictures were decoded."""
        await self.until_more("inbound-rtp", "framesDecoded", frames, "video")

    async def hears(self, packets: int = 40) -> None:
        await self.until_more("inbound-rtp", "packetsReceived", packets, "audio")

    async def server_stats(self, media_type: str, type: str) -> dict[str, Any]:
        stats = await self.client.invoke(self.endpoint, "getStats", mediaType=media_type)
        found: dict[str, Any] = next(each for each in stats.values() if each["type"] == type)
        return found

    def flows_out(self) -> dict[str, str]:
        """What was last told of each kind."""
        return {
            each["mediaType"]: each["state"] for each in self.events("MediaFlowOutStateChanged")
        }

    def events(self, type: str) -> list[dict[str, Any]]:
        return [
            event["data"]
            for event in self.client.events
            if event["type"] == type and event["object"] == self.endpoint
        ]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_chromium(None), args=[*FLAGS, ALLOWED]
        )
        yield browser
        await browser.close()


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """An empty page on loopback: cameras need a secure context."""

    async def empty(_: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>probe</title>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/", empty)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    await runner.cleanup()


NewPeer = Callable[..., Awaitable[Peer]]


@pytest.fixture
async def new_peer(browser: Browser, origin: str) -> NewPeer:
    """A page in a context of its own, and an endpoint with all its events subscribed."""

    async def make(client: Client, pipeline: str, loss_percent: float = 0) -> Peer:
        context = await browser.new_context(permissions=["camera", "microphone"])
        page = await context.new_page()
        await page.goto(origin)
        await page.evaluate(PEER_SCRIPT.read_text(encoding="utf-8"))
        if loss_percent:
            devtools = await context.new_cdp_session(page)
            conditions = {
                "offline": False,
                "latency": 5,
                "downloadThroughput": -1,
                "uploadThroughput": -1,
                "packetLoss": loss_percent,
            }
            await devtools.send("Network.enable")
            await devtools.send("Network.emulateNetworkConditions", conditions)
        endpoint = await client.create("WebRtcEndpoint", mediaPipeline=pipeline)
        for event in EVENTS:
            await client.value("subscribe", object=endpoint, type=event)
        return Peer(page, client, endpoint)

    return make


async def test_a_browser_sees_and_hears_itself(client: Client, new_peer: NewPeer) -> None:
    peer = await new_peer(client, await client.create("MediaPipeline"))
    await client.invoke(peer.endpoint, "connect", sink=peer.endpoint)

    await peer.join()
    await peer.sees()
    await peer.hears()
    await client.until("MediaStateChanged")

    assert [each["state"] for each in peer.events("IceComponentStateChanged")][:5] == [
        "GATHERING",
        "GATHERING",
        "CONNECTING",
        "CONNECTED",
        "READY",
    ]
    assert [each["newState"] for each in peer.events("ConnectionStateChanged")] == ["CONNECTED"]
    transcoding = peer.events("MediaTranscodingStateChanged")
    assert {each["mediaType"]: each["state"] for each in transcoding} == {
        "AUDIO": "NOT_TRANSCODING",
        "VIDEO": "NOT_TRANSCODING",
    }
    for direction in ("In", "Out"):
        flows = peer.events(f"MediaFlow{direction}StateChanged")[:2]  # a stall may add some
        assert sorted(each["mediaType"] for each in flows) == ["AUDIO", "VIDEO"]
        assert {each["state"] for each in flows} == {"FLOWING"}
    assert await client.invoke(peer.endpoint, "getConnectionState") == "CONNECTED"
    assert await client.invoke(peer.endpoint, "isMediaFlowingIn", mediaType="VIDEO")
    inbound = await peer.server_stats("VIDEO", "inboundrtp")
    outbound = await peer.server_stats("VIDEO", "outboundrtp")
    assert inbound["packetsLost"] <= 0
    assert outbound["packetsSent"] > 20
    assert same_members_as_recorded(peer, [inbound, outbound])
    assert peer.events("Error") == []


def same_members_as_recorded(peer: Peer, stats: list[dict[str, Any]]) -> bool:
    """Every event and stats entry has the members, and their types, of a recorded one."""
    lines = [json.loads(line) for line in LOOPBACK.read_text(encoding="utf-8").splitlines()]
    recorded: dict[str, dict[str, str]] = {}
    for _, _, message in lines:
        if message.get("method") == "onEvent":
            event = message["params"]["value"]
            recorded[event["type"]] = members(event["data"])
        elif '"inboundrtp"' in json.dumps(message):
            for entry in message["result"]["value"].values():
                recorded[entry["type"]] = members(entry)
    for event in peer.client.events:
        if event["type"] in recorded:
            assert members(event["data"]) == recorded[event["type"]]
    for entry in stats:
        assert members(entry) == recorded[entry["type"]]
    return {"NewCandidatePairSelected", "inboundrtp", "outboundrtp"} <= recorded.keys()


def members(value: dict[str, Any]) -> dict[str, str]:
    return {key: type(each).__name__ for key, each in value.items()}


async def test_two_browsers_call_each_other_over_a_lossy_line(
    client: Client, new_peer: NewPeer
) -> None:
    """What one loses is asked for and sent again, on both ways; pictures go on."""
    pipeline = await client.create("MediaPipeline")
    lossy, other = await new_peer(client, pipeline, 5), await new_peer(client, pipeline)
    await client.invoke(lossy.endpoint, "connect", sink=other.endpoint)
    await client.invoke(other.endpoint, "connect", sink=lossy.endpoint)

    await asyncio.gather(lossy.join(), other.join())
    await lossy.until_more("outbound-rtp", "retransmittedPacketsSent", 3, "video")
    await lossy.until_more("inbound-rtp", "nackCount", 3, "video")
    await asyncio.gather(lossy.sees(40), other.sees(40), lossy.hears(), other.hears())

    uplink = await lossy.server_stats("VIDEO", "inboundrtp")
    downlink = await lossy.server_stats("VIDEO", "outboundrtp")
    assert uplink["nackCount"] > 0
    assert downlink["nackCount"] > 0
    passed_on = await other.stat("inbound-rtp", "nackCount", "video")
    assert passed_on < uplink["nackCount"], "what came again in time is no loss to receivers"


async def test_the_limit_of_a_receiver_reaches_the_sender(
    client: Client, new_peer: NewPeer
) -> None:
    pipeline = await client.create("MediaPipeline")
    presenter, viewer = await new_peer(client, pipeline), await new_peer(client, pipeline)
    await client.invoke(viewer.endpoint, "setMaxVideoSendBandwidth", maxVideoSendBandwidth=200)
    await client.invoke(presenter.endpoint, "connect", sink=viewer.endpoint)

    await presenter.join()
    await viewer.join(send=False)
    await viewer.sees()
    async with asyncio.timeout(PATIENCE_S):
        while not 0 < await presenter.stat("candidate-pair", "availableOutgoingBitrate") <= 200000:
            await asyncio.sleep(0.1)
    await viewer.sees()

    assert await presenter.stat("candidate-pair", "availableOutgoingBitrate") <= 200000
    assert (await presenter.server_stats("VIDEO", "inboundrtp"))["remb"] <= 200000


async def test_kinds_of_media_are_cut_and_joined_again(client: Client, new_peer: NewPeer) -> None:
    pipeline = await client.create("MediaPipeline")
    presenter, viewer = await new_peer(client, pipeline), await new_peer(client, pipeline)
    await client.invoke(presenter.endpoint, "connect", sink=viewer.endpoint)
    await presenter.join()
    await viewer.join(send=False)
    await viewer.sees()

    await client.invoke(presenter.endpoint, "disconnect", sink=viewer.endpoint, mediaType="VIDEO")
    async with asyncio.timeout(PATIENCE_S):
        while not any(
            each["mediaType"] == "VIDEO" and each["state"] == "NOT_FLOWING"
            for each in viewer.events("MediaFlowInStateChanged")
        ):
            await asyncio.sleep(0.05)
    frames = await viewer.frames()
    await viewer.hears()
    assert await viewer.frames() == frames

    await client.invoke(presenter.endpoint, "connect", sink=viewer.endpoint, mediaType="VIDEO")
    await viewer.sees()
    assert await viewer.stat("inbound-rtp", "keyFramesDecoded", "video") >= 2


async def test_who_vanishes_disturbs_nobody_and_leaves_nothing(
    connect: Connect, new_peer: NewPeer, server: Server
) -> None:
    """One client's page and socket go in mid-call; another client's call goes on."""
    staying, leaving = await connect(), await connect()
    quiet = await new_peer(staying, await staying.create("MediaPipeline"))
    gone = await new_peer(leaving, await leaving.create("MediaPipeline"))
    for peer in (quiet, gone):
        await peer.client.invoke(peer.endpoint, "connect", sink=peer.endpoint)
        await peer.join()
        await peer.sees(5)

    await gone.page.context.close()
    async with asyncio.timeout(PATIENCE_S):
        while gone.flows_out() != {"AUDIO": "NOT_FLOWING", "VIDEO": "NOT_FLOWING"}:
            await asyncio.sleep(0.05)
    await leaving.socket.close()
    await quiet.sees()
    await quiet.hears()

    async with asyncio.timeout(PATIENCE_S):
        while len(server.tree.objects) > 3:
            await asyncio.sleep(0.05)
    assert set(server.tree.objects) == {
        "manager_ServerManager",
        quiet.endpoint,
        quiet.endpoint.partition("/")[0],
    }


async def test_the_server_offers_and_the_browser_answers(client: Client, new_peer: NewPeer) -> None:
    peer = await new_peer(client, await client.create("MediaPipeline"))
    await client.invoke(peer.endpoint, "connect", sink=peer.endpoint)

    offer = await client.invoke(peer.endpoint, "generateOffer")
    answer = await peer.page.evaluate("sdp => peer.accept(sdp)", offer)
    await client.invoke(peer.endpoint, "processAnswer", answer=answer)
    await peer.exchange_candidates()

    await peer.sees(10)
    await peer.hears()


async def test_a_browser_that_hangs_up_frees_its_sockets(client: Client, new_peer: NewPeer) -> None:
    """At once, before anybody releases the endpoint."""
    peer = await new_peer(client, await client.create("MediaPipeline"))
    await client.invoke(peer.endpoint, "connect", sink=peer.endpoint)
    await peer.join()
    await peer.sees(5)
    ours = psutil.Process()
    before = len(ours.net_connections("udp"))

    await peer.page.evaluate("peer.connection.close()")
    await client.until("ConnectionStateChanged", 2)

    assert peer.events("ConnectionStateChanged")[-1]["newState"] == "DISCONNECTED"
    async with asyncio.timeout(PATIENCE_S):
        while len(ours.net_connections("udp")) > before - 1:
            await asyncio.sleep(0.05)
    assert await client.invoke(peer.endpoint, "getConnectionState") == "DISCONNECTED"
    assert await client.invoke(peer.endpoint, "getICECandidatePairs") == []
