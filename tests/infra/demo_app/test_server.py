"""Whole sessions over real sockets: pages on one side, a scripted media server on the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from infra.demo_app.kurento.server import KurentoServer
from infra.demo_app.server import App
from tests.infra.demo_app.fake_kurento import FakeKurento

OFFER = "v=0\r\nm=audio 9 X\r\na=sendrecv\r\nm=video 9 X\r\na=sendrecv\r\n"


class Page:
    """A page's end of the signalling socket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, id: str, **rest: Any) -> None:
        await self.socket.send_str(json.dumps({"id": id, **rest}))

    async def hear(self, id: str) -> dict[str, Any]:
        """Return the next message of that kind; those before it are passed over."""
        async with asyncio.timeout(60):
            while (said := await self.socket.receive_json())["id"] != id:
                pass
            return dict(said)

    async def hear_nothing_but(self, *ids: str) -> None:
        await self.say("nonsense")
        async with asyncio.timeout(60):
            while (said := await self.socket.receive_json())["id"] != "error":
                assert said["id"] in ids


class Running:
    """The app on a port, and a way to open pages on it."""

    def __init__(self, url: str, app: App, http: aiohttp.ClientSession) -> None:
        self.url, self.app, self.http = url, app, http

    async def page(self) -> Page:
        page = Page(await self.http.ws_connect(self.url + "ws"))
        assert await page.hear("welcome") == {"id": "welcome", "offers": False}
        return page

    async def signed_in(self, *names: str, session: str = "") -> list[Page]:
        pages = [await self.page() for _ in names]
        for page, name in zip(pages, names, strict=True):
            await page.say("register", name=name, session=session)
            assert (await page.hear("registerResponse"))["response"] == "accepted"
        return pages

    async def in_call(self, **options: Any) -> tuple[Page, Page]:
        caller, callee = await self.signed_in("Ada", "Bob", session="s001")
        await caller.say("call", to="Bob", sdpOffer=OFFER, **options)
        await callee.hear("incomingCall")
        await callee.say("incomingCallResponse", callResponse="accept", sdpOffer=OFFER)
        await asyncio.gather(caller.hear("callResponse"), callee.hear("startCommunication"))
        return caller, callee


@asynccontextmanager
async def serving(
    kurento_url: str, answer_within_s: float = 15.0, mix: Mapping[str, int] | None = None
) -> AsyncIterator[Running]:
    connect = partial(
        KurentoServer, kurento_url, "/var/tmp/farm", mix=mix, answer_within_s=answer_within_s
    )
    app = App(connect)
    runner = web.AppRunner(app.routes(), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with aiohttp.ClientSession() as http:
        try:
            yield Running(f"http://127.0.0.1:{runner.addresses[0][1]}/", app, http)
        finally:
            await app.close()
            await runner.cleanup()


@pytest.fixture
async def running(kurento: FakeKurento) -> AsyncIterator[Running]:
    async with serving(kurento.url) as running:
        yield running


async def candidates(page: Page) -> dict[str, Any]:
    return dict((await page.hear("iceCandidate"))["candidate"])


def shorn(calls: list[str]) -> list[str]:
    """The calls that build and take down, without candidates and sessions."""
    return [each for each in calls if "addIceCandidate" not in each and each != "closeSession"]


async def test_a_call_connects_each_endpoint_to_the_other_and_trickles(
    kurento: FakeKurento, running: Running
) -> None:
    caller, callee = await running.signed_in("Ada", "Bob")
    await caller.say("call", to="Bob", sdpOffer=OFFER)
    early = {"candidate": "before there is an endpoint", "sdpMid": "0", "sdpMLineIndex": 0}
    await caller.say("onIceCandidate", candidate=early)
    assert (await callee.hear("incomingCall"))["from"] == "Ada"
    await callee.say("incomingCallResponse", callResponse="accept", sdpOffer=OFFER)

    assert (await caller.hear("callResponse"))["sdpAnswer"].startswith("v=0")
    assert (await callee.hear("startCommunication"))["sdpAnswer"].startswith("v=0")
    assert set(await candidates(caller)) == {"candidate", "sdpMid", "sdpMLineIndex"}
    assert (await candidates(callee))["sdpMid"] == "0"
    await callee.say("onIceCandidate", candidate=early)
    await kurento.until("WebRtcEndpoint-1.addIceCandidate")
    await kurento.until("WebRtcEndpoint-2.addIceCandidate")

    one, two = "WebRtcEndpoint-1", "WebRtcEndpoint-2"
    assert {f"{one}.connect {two}", f"{two}.connect {one}"} <= set(kurento.calls)
    for endpoint in (one, two):
        log = [each for each in kurento.calls if each.startswith(endpoint)]
        subscribed = log.index(f"{endpoint} subscribe IceCandidateFound")
        answered = log.index(f"{endpoint}.processOffer")
        gathered = log.index(f"{endpoint}.gatherCandidates")
        assert subscribed < answered < gathered < log.index(f"{endpoint}.addIceCandidate")


async def test_hanging_up_releases_endpoints_before_their_pipeline_and_tells_the_other(
    kurento: FakeKurento, running: Running
) -> None:
    caller, callee = await running.in_call()
    await caller.say("stop")
    assert (await callee.hear("stopCommunication"))["message"] == "The other side has left."
    await kurento.until("release MediaPipeline-1")
    assert sorted(kurento.calls[-3:-1]) == ["release WebRtcEndpoint-1", "release WebRtcEndpoint-2"]
    assert kurento.objects == {}


async def test_a_recorded_call_makes_the_calls_that_a_real_server_was_recorded_with(
    kurento: FakeKurento, running: Running
) -> None:
    caller, callee = await running.in_call(record=True)
    directory = "file:///var/tmp/farm"
    made = [each for each in kurento.calls if each.startswith("create RecorderEndpoint")]
    assert sorted(each.split(" ", 2)[2] for each in made) == [
        f"{directory}/s001-callee.webm WEBM",
        f"{directory}/s001-caller.webm WEBM",
    ]
    pairs = [each for each in kurento.calls if ".connect RecorderEndpoint" in each]
    assert len(pairs) == 2

    for endpoint in ("WebRtcEndpoint-1", "WebRtcEndpoint-2"):
        flow = {"state": "FLOWING", "padName": "default"}
        await kurento.happen(endpoint, "MediaFlowOutStateChanged", mediaType="AUDIO", **flow)
        assert not any(each.endswith(".record") for each in kurento.calls[-1:])
        await kurento.happen(endpoint, "MediaFlowOutStateChanged", mediaType="VIDEO", **flow)
    await kurento.until("RecorderEndpoint-1.record")
    await kurento.until("RecorderEndpoint-2.record")

    await callee.socket.close()
    await caller.hear("stopCommunication")
    await kurento.until("release MediaPipeline-1")
    down = kurento.calls[kurento.calls.index("RecorderEndpoint-2.record") + 1 :]
    kinds = [each.split("-")[0] + each.partition(".")[2] for each in down if "record" not in each]
    assert kinds.index("RecorderEndpointstopAndWait") == 0
    releases = [each for each in down if each.startswith("release")]
    assert [each.split("-")[0] for each in releases] == [
        "release RecorderEndpoint",
        "release RecorderEndpoint",
        "release WebRtcEndpoint",
        "release WebRtcEndpoint",
        "release MediaPipeline",
    ]


async def test_a_recording_that_fails_is_told_and_the_call_goes_on(
    kurento: FakeKurento, running: Running
) -> None:
    kurento.refuse["RecorderEndpoint-1.record"] = 40001
    caller, callee = await running.in_call(record=True)
    owner = next(each for each in kurento.calls if each.endswith(".connect RecorderEndpoint-1"))
    for kind in ("AUDIO", "VIDEO"):
        await kurento.happen(
            owner.split(".")[0], "MediaFlowOutStateChanged", mediaType=kind, state="FLOWING"
        )
    heard = [asyncio.ensure_future(page.hear("notice")) for page in (caller, callee)]
    (first,), (second,) = await asyncio.wait(heard, return_when=asyncio.FIRST_COMPLETED)
    assert "not recorded: refused on purpose" in first.result()["message"]
    second.cancel()
    await caller.hear_nothing_but("iceCandidate")


async def test_bandwidth_limits_are_set_before_the_offer_is_processed(
    kurento: FakeKurento, running: Running
) -> None:
    page = await running.page()
    limits = {"maxVideoSendBandwidth": 200, "minVideoRecvBandwidth": 50}
    await page.say("joinRoom", room="r", name="n", sdpOffer=OFFER, properties=limits)
    await page.hear("joinRoomResponse")
    log = [each for each in kurento.calls if each.startswith("WebRtcEndpoint-1.")]
    assert log[:2] == [
        "WebRtcEndpoint-1.setMaxVideoSendBandwidth 200",
        "WebRtcEndpoint-1.setMinVideoRecvBandwidth 50",
    ]
    assert "WebRtcEndpoint-1.processOffer" in log[2:]


async def test_a_room_is_built_and_taken_down_as_a_real_server_was_recorded_with(
    kurento: FakeKurento, running: Running
) -> None:
    pages = [await running.page() for _ in range(3)]
    for number, page in enumerate(pages):
        await page.say("joinRoom", room="r", name=f"n{number}", members=3, sdpOffer=OFFER)
        await page.hear("joinRoomResponse")
    assert (await pages[0].hear("participants"))["names"] == ["n0", "n1"]
    late = await running.page()
    await late.say("joinRoom", room="r", name="late", members=3, sdpOffer=OFFER)
    assert (await late.hear("joinRoomResponse"))["message"] == "Room r is full (3 of 3)."

    assert shorn(kurento.calls)[:9] == [
        "create MediaPipeline-1",
        "create Composite-1",
        "create WebRtcEndpoint-1",
        "create HubPort-1",
        "WebRtcEndpoint-1.connect HubPort-1",
        "HubPort-1.connect WebRtcEndpoint-1",
        "WebRtcEndpoint-1 subscribe IceCandidateFound",
        "WebRtcEndpoint-1.processOffer",
        "WebRtcEndpoint-1.gatherCandidates",
    ]
    await pages[1].say("stop")
    await kurento.until("release WebRtcEndpoint-2")
    assert shorn(kurento.calls)[-2:] == ["release HubPort-2", "release WebRtcEndpoint-2"]
    assert "Composite-1" in kurento.objects

    await pages[0].socket.close()
    await pages[2].socket.close()
    await kurento.until("release MediaPipeline-1")
    assert shorn(kurento.calls)[-4:] == [
        "release HubPort-3",
        "release WebRtcEndpoint-3",
        "release Composite-1",
        "release MediaPipeline-1",
    ]


async def test_a_room_is_mixed_as_large_and_as_fast_as_asked_for(kurento: FakeKurento) -> None:
    mix = {"width": 1920, "height": 1080, "framerate": 25}
    async with serving(kurento.url, mix=mix) as running:
        page = await running.page()
        await page.say("joinRoom", room="r", name="Ada", members=2, sdpOffer=OFFER)
        await page.hear("joinRoomResponse")
    assert "create Composite-1 width=1920 height=1080 framerate=25" in kurento.calls


async def test_a_broadcast_waits_starts_stops_and_starts_again(
    kurento: FakeKurento, running: Running
) -> None:
    viewer, presenter = await running.page(), await running.page()
    await viewer.say("viewer", room="r", sdpOffer=OFFER)
    assert (await viewer.hear("viewerResponse"))["response"] == "waiting"
    for round in (1, 2):
        await presenter.say("presenter", room="r", name="Ann", sdpOffer=OFFER)
        assert (await presenter.hear("presenterResponse"))["response"] == "accepted"
        assert (await viewer.hear("presenterArrived"))["presenter"] == "Ann"
        await viewer.say("viewer", room="r", sdpOffer=OFFER)
        assert (await viewer.hear("viewerResponse"))["response"] == "accepted"
        source, sink = f"WebRtcEndpoint-{2 * round - 1}", f"WebRtcEndpoint-{2 * round}"
        assert f"{source}.connect {sink}" in kurento.calls
        assert f"{sink}.connect {source}" not in kurento.calls
        await presenter.say("stop")
        await viewer.hear("presenterGone")
        await kurento.until(f"release MediaPipeline-{round}")
    assert kurento.objects == {}


async def test_a_viewer_who_leaves_and_returns_while_being_seated_leaves_nothing_behind(
    kurento: FakeKurento, running: Running
) -> None:
    presenter, viewer = await running.page(), await running.page()
    await presenter.say("presenter", room="r", name="Ann", sdpOffer=OFFER)
    await presenter.hear("viewers")
    held = kurento.hold["WebRtcEndpoint-2.processOffer"] = asyncio.Event()
    await viewer.say("viewer", room="r", sdpOffer=OFFER)
    await kurento.until("WebRtcEndpoint-2.processOffer")
    await viewer.say("stop")
    await viewer.say("viewer", room="r", sdpOffer=OFFER)
    held.set()
    await kurento.until("WebRtcEndpoint-3.gatherCandidates")
    assert set(kurento.objects) == {"MediaPipeline-1", "WebRtcEndpoint-1", "WebRtcEndpoint-3"}
    await viewer.socket.close()
    await kurento.until("release WebRtcEndpoint-3")


async def test_whoever_leaves_while_the_stage_is_built_leaves_nothing_behind(
    kurento: FakeKurento, running: Running
) -> None:
    steps = ("create MediaPipeline", "create Composite", "create WebRtcEndpoint", "create HubPort")
    for number, step in enumerate(steps, start=1):
        for id, scenario in (("joinRoom", "room"), ("presenter", "broadcast")):
            if scenario == "broadcast" and step in ("create Composite", "create HubPort"):
                continue
            held = kurento.hold[step] = asyncio.Event()
            page = await running.page()
            made = kurento.count(step)
            await page.say(id, room="r", name=f"n{number}", sdpOffer=OFFER)
            while kurento.count(step) == made:
                await asyncio.sleep(0.005)
            await page.socket.close()
            other = await running.page()  # by now the app has heard of the close
            held.set()
            async with asyncio.timeout(60):
                while kurento.objects or kurento.count("create M") > kurento.count("release M"):
                    await asyncio.sleep(0.005)
            await other.socket.close()


async def test_one_session_in_trouble_does_not_hold_up_another(
    kurento: FakeKurento, running: Running
) -> None:
    kurento.hold["create WebRtcEndpoint-1"] = asyncio.Event()
    stuck, fine = await running.page(), await running.page()
    await stuck.say("joinRoom", room="a", name="stuck", sdpOffer=OFFER)
    await kurento.until("create WebRtcEndpoint-1")
    await fine.say("joinRoom", room="b", name="fine", sdpOffer=OFFER)
    assert (await fine.hear("joinRoomResponse"))["response"] == "accepted"
    kurento.hold["create WebRtcEndpoint-1"].set()
    assert (await stuck.hear("joinRoomResponse"))["response"] == "accepted"


async def test_a_member_that_the_server_refuses_is_told_why_and_the_room_goes_on(
    kurento: FakeKurento, running: Running
) -> None:
    kurento.refuse["WebRtcEndpoint-2.processOffer"] = 40201
    first, second = await running.page(), await running.page()
    await first.say("joinRoom", room="r", name="first", sdpOffer=OFFER)
    await first.hear("joinRoomResponse")
    await second.say("joinRoom", room="r", name="second", sdpOffer=OFFER)
    refused = await second.hear("joinRoomResponse")
    assert refused["message"] == "The media server refused: refused on purpose (40201 X)"
    await kurento.until("release WebRtcEndpoint-2")
    assert set(kurento.objects) == {
        "MediaPipeline-1",
        "Composite-1",
        "HubPort-1",
        "WebRtcEndpoint-1",
    }


async def test_a_candidate_that_the_server_refuses_costs_nobody_a_seat(
    kurento: FakeKurento, running: Running
) -> None:
    kurento.hold["WebRtcEndpoint-1.processOffer"] = asyncio.Event()
    kurento.refuse["WebRtcEndpoint-1.addIceCandidate"] = 40401
    page = await running.page()
    await page.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
    await kurento.until("WebRtcEndpoint-1.processOffer")
    early = {"candidate": "of a name that is not found", "sdpMid": "0", "sdpMLineIndex": 0}
    for _ in range(2):
        await page.say("onIceCandidate", candidate=early)
    await page.hear_nothing_but("participants")
    kurento.hold["WebRtcEndpoint-1.processOffer"].set()
    assert (await page.hear("joinRoomResponse"))["response"] == "accepted"
    await kurento.until("WebRtcEndpoint-1.addIceCandidate", times=2)
    await page.hear_nothing_but("iceCandidate")
    assert "WebRtcEndpoint-1" in kurento.objects


async def test_a_media_server_that_never_answers_is_not_said_to_have_refused(
    kurento: FakeKurento,
) -> None:
    held = kurento.hold["WebRtcEndpoint-1.processOffer"] = asyncio.Event()
    async with serving(kurento.url, answer_within_s=0.2) as running:
        page = await running.page()
        await page.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
        said = (await page.hear("joinRoomResponse"))["message"]
        await kurento.until("release MediaPipeline-1")
        held.set()
    assert said.startswith("The media server does not answer. Try again")
    assert "no answer to invoke processOffer" in said


async def test_without_a_media_server_a_join_says_so_and_works_once_there_is_one(
    kurento: FakeKurento, running: Running
) -> None:
    await kurento.die()
    page = await running.page()
    for _ in range(2):
        await page.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
        refused = await page.hear("joinRoomResponse")
        assert refused["response"] == "rejected"
        assert refused["message"].startswith("The media server does not answer. Try again")
    await kurento.start()
    await page.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
    assert (await page.hear("joinRoomResponse"))["response"] == "accepted"


async def test_a_server_that_dies_in_mid_call_is_told_and_survived(
    kurento: FakeKurento, running: Running
) -> None:
    caller, callee = await running.in_call()
    member = await running.page()
    await member.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
    await member.hear("joinRoomResponse")
    await kurento.die()
    for page in (caller, callee, member):
        assert "media server is gone" in (await page.hear("serverGone"))["message"]

    await kurento.start()
    await caller.say("call", to="Bob", sdpOffer=OFFER)
    await callee.hear("incomingCall")
    await callee.say("incomingCallResponse", callResponse="accept", sdpOffer=OFFER)
    await caller.hear("callResponse")
    await member.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
    assert (await member.hear("joinRoomResponse"))["response"] == "accepted"
    assert sum(each.startswith("MediaPipeline") for each in kurento.objects) == 2


async def test_stopping_the_app_releases_everything_before_the_session_is_closed(
    kurento: FakeKurento,
) -> None:
    async with serving(kurento.url) as running:
        caller, _ = await running.in_call()
        page = await running.page()
        await page.say("joinRoom", room="r", name="n", sdpOffer=OFFER)
        await page.hear("joinRoomResponse")
        await running.app.close()
        closed = await caller.socket.receive()
        while closed.type is aiohttp.WSMsgType.TEXT:
            closed = await caller.socket.receive()
        assert (closed.type, closed.data) == (aiohttp.WSMsgType.CLOSE, 1001)
    assert kurento.objects == {}
    assert kurento.calls[-1] == "closeSession"


async def test_nonsense_from_a_page_is_answered_and_harms_nobody(running: Running) -> None:
    page = await running.page()
    await page.socket.send_str("{")
    assert (await page.hear("error"))["message"] == "a message must be JSON"
    await page.say("register", name="Ada")
    assert (await page.hear("registerResponse"))["response"] == "accepted"


async def test_pages_and_what_they_load_are_served(running: Running) -> None:
    for path, type in (
        ("", "text/html"),
        ("one_to_one", "text/html"),
        ("group", "text/html"),
        ("broadcast", "text/html"),
        ("static/app.css", "text/css"),
        ("static/peer.js", "text/javascript"),
    ):
        async with running.http.get(running.url + path) as response:
            assert (response.status, response.content_type) == (200, type)
    async with running.http.get(running.url + "static/../server.py") as response:
        assert response.status == 404
