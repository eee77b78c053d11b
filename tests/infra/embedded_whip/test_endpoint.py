"""What the end point answers: RFC 9725, draft-ietf-wish-whep-04."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import aiohttp
import pytest

from infra.embedded_kurento.server import Server
from infra.embedded_kurento.webrtc import sdp
from infra.embedded_whip.streams import Streams
from tests.infra.embedded_whip.offers import fragment, offer

SDP = {"Content-Type": "application/sdp"}
FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
CANDIDATE = "a=candidate:1387637174 1 udp 2122260223 127.0.0.1 61764 typ host generation 0"
TCP = "a=candidate:473322822 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active"


class Joined:
    """The answer to a POST."""

    def __init__(self, response: aiohttp.ClientResponse, text: str, url: str) -> None:
        self.status, self.headers, self.text = response.status, response.headers, text
        self.session = urljoin(url, response.headers.get("Location", ""))
        self.etag = response.headers.get("ETag", "")


async def join(
    http: aiohttp.ClientSession, url: str, body: str, headers: dict[str, str] = SDP
) -> Joined:
    async with http.post(url, data=body.encode(), headers=headers) as response:
        return Joined(response, await response.text(), url)


async def status(http: aiohttp.ClientSession, method: str, url: str, **more: Any) -> int:
    async with http.request(method, url, **more) as response:
        return response.status


async def test_a_publisher_and_a_player_join_and_leave(
    http: aiohttp.ClientSession, live: str, server: Server, streams: Streams
) -> None:
    publisher = await join(http, f"{live}s000/whip", offer("sendonly"))
    player = await join(http, f"{live}s000/whep", offer("recvonly"))

    for joined, direction in ((publisher, "recvonly"), (player, "sendonly")):
        assert joined.status == 201
        assert joined.headers["Content-Type"].startswith("application/sdp")
        assert joined.etag.startswith('"')
        assert 'rel="ice-server"' in joined.headers["Link"]
        first, second = sdp.parse(joined.text).sections
        assert {first.direction, second.direction} == {direction}
        assert [each.split()[4] for each in first.candidates] == ["127.0.0.1"]
        assert not second.candidates
        assert joined.text.count("a=end-of-candidates") == 1
        assert await status(http, "GET", joined.session) == 204
    assert "a=msid:" not in publisher.text
    assert player.text.count("a=msid:s000 ") == 2
    assert len(list(server.tree.of_type("WebRtcEndpoint"))) == 2

    for joined in (publisher, player):
        assert await status(http, "DELETE", joined.session, headers={"If-Match": '"old"'}) == 200
        assert await status(http, "DELETE", joined.session) == 404
    assert streams.by_name == {}
    assert list(server.tree.objects) == ["manager_ServerManager"]


async def test_a_player_that_comes_first_is_told_when_to_come_again(
    http: aiohttp.ClientSession, live: str, streams: Streams
) -> None:
    early = await join(http, f"{live}s000/whep", offer("recvonly"))

    assert (early.status, early.headers["Retry-After"]) == (409, "1")
    assert early.headers["Content-Type"].startswith("application/problem+json")
    assert "nobody publishes stream s000 yet" in early.text
    assert streams.by_name == {}


async def test_a_stream_has_one_publisher(http: aiohttp.ClientSession, live: str) -> None:
    first = await join(http, f"{live}s000/whip", offer("sendonly"))
    player = await join(http, f"{live}s000/whep", offer("recvonly"))

    assert (await join(http, f"{live}s000/whip", offer("sendonly"))).status == 409
    assert (await join(http, f"{live}s001/whip", offer("sendonly"))).status == 201

    assert await status(http, "DELETE", first.session) == 200
    assert await status(http, "GET", player.session) == 204
    assert (await join(http, f"{live}s000/whip", offer("sendonly"))).status == 201


@pytest.mark.parametrize(
    ("way", "body", "headers", "expected", "detail"),
    [
        ("whip", "{}", {"Content-Type": "application/json"}, 415, "application/json"),
        ("whip", "no sdp", SDP, 400, "not an SDP offer"),
        ("whip", "v=0\r\n", SDP, 422, "has no media"),
        ("whip", offer("recvonly"), SDP, 422, "recvonly: expected sendonly or sendrecv"),
        ("whep", offer("sendonly"), SDP, 422, "sendonly: expected recvonly or sendrecv"),
        ("whip", offer("sendonly", ("audio", "application")), SDP, 422, "section of application"),
        ("whip", offer("sendonly", ("video", "video")), SDP, 422, "2 sections of video"),
        ("whip", offer("sendonly", bundle=False), SDP, 422, "one BUNDLE"),
        ("whip", offer("sendonly").replace("VP8", "XYZ"), SDP, 422, "a codec known here"),
        ("whip", offer("sendonly").replace("a=ice-pwd", "a=x-pwd"), SDP, 422, "answered"),
    ],
)
async def test_what_cannot_be_answered_in_full_is_refused_and_leaves_nothing(
    http: aiohttp.ClientSession,
    live: str,
    server: Server,
    streams: Streams,
    way: str,
    body: str,
    headers: dict[str, str],
    expected: int,
    detail: str,
) -> None:
    if way == "whep":
        await join(http, f"{live}s000/whip", offer("sendonly"))
    before = len(server.tree.objects)

    refused = await join(http, f"{live}s000/{way}", body, headers)

    assert (refused.status, detail in refused.text) == (expected, True), refused.text
    assert len(server.tree.objects) == before
    if expected == 415:
        assert refused.headers["Accept-Post"] == "application/sdp"


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        ({"If-Match": "ETAG"}, fragment("EsAw", CANDIDATE, TCP), 204),
        ({"If-Match": "*"}, fragment("EsAw", "a=end-of-candidates"), 204),
        ({}, fragment("EsAw", CANDIDATE), 428),
        ({"If-Match": '"another"'}, fragment("EsAw", CANDIDATE), 412),
        ({"If-Match": "*"}, fragment("ysXw", CANDIDATE), 422),
        ({"If-Match": "ETAG"}, "a=mid:0\r\n" + CANDIDATE, 400),
        ({"If-Match": "ETAG"}, "not sdp", 400),
        ({"If-Match": "ETAG", "Content-Type": "application/sdp"}, fragment(), 415),
    ],
)
async def test_candidates_are_trickled_to_the_session_of_the_entity_tag(
    http: aiohttp.ClientSession, live: str, headers: dict[str, str], body: str, expected: int
) -> None:
    joined = await join(http, f"{live}s000/whip", offer("sendonly"))
    given = FRAGMENT | {
        name: joined.etag if value == "ETAG" else value for name, value in headers.items()
    }

    async with http.patch(joined.session, data=body, headers=given) as answer:
        assert answer.status == expected, await answer.text()
        assert "ETag" not in answer.headers
        if expected == 415:
            assert answer.headers["Accept-Patch"] == FRAGMENT["Content-Type"]


async def test_only_a_preflight_needs_no_token(live: str, http: aiohttp.ClientSession) -> None:
    joined = await join(http, f"{live}s000/whip", offer("sendonly"))
    async with aiohttp.ClientSession() as stranger:
        refused = await join(stranger, f"{live}s001/whip", offer("sendonly"))
        assert (refused.status, refused.headers["WWW-Authenticate"]) == (401, "Bearer")
        wrong = SDP | {"Authorization": "Bearer another"}
        refused = await join(stranger, f"{live}s001/whip", offer("sendonly"), wrong)
        assert (refused.status, "invalid_token" in refused.headers["WWW-Authenticate"]) == (
            401,
            True,
        )
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        for method in ("GET", "PATCH", "DELETE"):
            assert await status(stranger, method, joined.session) == 401
        assert await status(stranger, "OPTIONS", joined.session) == 200
    assert await status(http, "GET", joined.session) == 204


async def test_methods_and_headers(http: aiohttp.ClientSession, live: str) -> None:
    async with http.options(f"{live}s000/whip") as answer:
        assert (answer.status, answer.headers["Accept-Post"]) == (200, "application/sdp")
        assert "POST" in answer.headers["Access-Control-Allow-Methods"]
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "Location" in answer.headers["Access-Control-Expose-Headers"]
        assert "Link" not in answer.headers  # RFC 9725 4.6: not to a preflight
    async with http.head(f"{live}s000/whep") as answer:
        assert (answer.status, answer.content_type) == (200, "application/sdp")
    assert await status(http, "GET", f"{live}s000/whip") == 204
    for method in ("PUT", "PATCH", "DELETE"):
        assert await status(http, method, f"{live}s000/whip") == 405
    assert await status(http, "DELETE", f"{live}s000/sessions/none") == 404
