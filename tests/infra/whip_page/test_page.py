"""The page in a real browser, in front of end points that behave and others that do not."""

from __future__ import annotations

import pytest

from infra.embedded_kurento.webrtc import sdp
from infra.whip_page.server import make_app
from tests.infra.whip_page.awkward import STUN, TURN, Asked, Awkward
from tests.infra.whip_page.place import error, moves, place, state, value
from tests.pages.serving import serving

pytestmark = pytest.mark.live

WHIP, WHEP = "/live/s000-p000/whip", "/live/s000-p000/whep"


def statuses(asked: list[Asked]) -> list[tuple[str, int]]:
    return [(each.path.rpartition("/")[2], each.status) for each in asked]


async def test_it_publishes_plays_trickles_and_leaves() -> None:
    end_point = Awkward(token="t", ice_servers=(TURN, STUN))
    async with place(end_point, token="t") as here:
        publisher = await here.publisher()
        await state(publisher, "in_call")
        player = await here.player()
        await state(player, "in_call")
        await moves(player)
        servers = await value(player, "connections[0].getConfiguration().iceServers")
        for page in (player, publisher):
            await page.click("#leave")
            await state(page, "ended")
    assert statuses(end_point.asked("POST")) == [("whip", 201), ("whep", 201)]
    offers = [each.body for each in end_point.asked("POST")]
    assert ["a=sendonly" in each for each in offers] == [True, False]
    assert not any("a=candidate" in each for each in offers)
    patches = end_point.asked("PATCH")
    assert {each.status for each in patches} == {204}
    assert all("a=ice-ufrag:" in each.body for each in patches)
    assert any("a=candidate" in each.body for each in patches)
    assert [each.status for each in end_point.asked("DELETE")] == [200, 200]
    assert list(end_point.tree.objects) == []
    assert servers == [
        {"credential": 'c,"d', "urls": ["turn:127.0.0.1:1?transport=udp"], "username": "u"},
        {"credential": "", "urls": ["stun:127.0.0.1:1"], "username": ""},
    ]


async def test_who_publishes_plays_the_others_when_told_to() -> None:
    end_point = Awkward()
    async with place(end_point) as here:
        one = await here.page("publish=1&play=p001&session=s000&probe=p000")
        two = await here.page("publish=1&play=p000&session=s000&probe=p001")
        for page in (one, two):
            await state(page, "published")
        assert statuses(end_point.asked("POST")) == [("whip", 201)] * 2
        for page, partner in ((one, "p001"), (two, "p000")):
            await page.click("#play")
            await state(page, "in_call")
            await moves(page, f"from-{partner}")
        for page in (one, two):
            await page.click("#leave")
            await state(page, "ended")
    assert len(end_point.asked("DELETE")) == 4
    assert list(end_point.tree.objects) == []


async def test_codec_simulcast_and_bitrate_are_those_of_the_query() -> None:
    end_point = Awkward()
    async with place(end_point) as here:
        query = "codec=VP9&rids=q,h,f&max_bitrate=300"
        page = await here.page(f"publish=1&session=s000&probe=p000&{query}")
        await state(page, "in_call")
        kinds = "connections[0].getTransceivers().map(({sender}) => sender.track.kind)"
        assert await value(page, kinds) == ["audio", "video"]
    (offer,) = (each.body for each in end_point.asked("POST"))
    video = sdp.parse(offer).sections[1]
    assert video.rtpmaps[int(video.formats[0])].startswith("VP9/")
    assert not any(each.startswith("VP8/") for each in video.rtpmaps.values())
    assert "a=simulcast:send q;h;f" in offer


async def test_a_bitrate_is_the_most_that_is_sent() -> None:
    async with place(Awkward()) as here:
        page = await here.page("publish=1&session=s000&probe=p000&max_bitrate=300")
        await state(page, "in_call")
        script = "connections[0].getSenders()[1].getParameters().encodings"
        (encoding,) = await value(page, script)
    assert encoding["maxBitrate"] == 300_000


async def test_without_trickling_all_candidates_are_in_the_offer() -> None:
    end_point = Awkward(ice_servers=(STUN,))
    async with place(end_point, trickle=False) as here:
        page = await here.publisher()
        await state(page, "in_call")
        notice = await page.locator("#notice").inner_text()
    (asked,) = end_point.asked("POST")
    assert "a=candidate" in asked.body
    assert end_point.asked("PATCH") == []
    assert notice == "the end point named ICE servers, which are used with app.trickle: true alone"


async def test_a_server_that_refuses_candidates_is_told_of_and_media_connect_all_the_same() -> None:
    end_point = Awkward(trickles=False)
    async with place(end_point) as here:
        page = await here.publisher()
        await state(page, "in_call")
        notice = page.locator("#notice")
        await notice.filter(has_text="app.trickle: false").wait_for()
        assert "answered 405 Method Not Allowed" in await notice.inner_text()


async def test_a_redirect_is_followed_and_a_relative_location_is_relative_to_its_target() -> None:
    end_point = Awkward(redirects=True)
    async with place(end_point) as here:
        page = await here.publisher()
        await state(page, "in_call")
        await page.click("#leave")
        await state(page, "ended")
    assert [each.status for each in end_point.asked("POST")] == [307, 201]
    (left,) = end_point.asked("DELETE")
    assert (left.status, left.path.startswith("/moved/live/s000-p000/sessions/")) == (200, True)


async def test_a_player_that_comes_first_asks_again() -> None:
    end_point = Awkward(late=1)
    async with place(end_point) as here:
        player = await here.player()
        await player.locator("#status").filter(has_text="answered 404 Not Found").wait_for()
        await player.locator("#status").filter(has_text="nobody publishes stream").wait_for()
        await state(await here.publisher(), "in_call")
        await state(player, "in_call")
        await moves(player)
    asked = [each.status for each in end_point.asked("POST") if each.path == WHEP]
    assert (asked[:2], asked[-1], set(asked[1:-1])) == ([404, 409], 201, {409})


async def test_a_publisher_comes_back_after_retry_after() -> None:
    end_point = Awkward(busy=1)
    async with place(end_point) as here:
        await state(await here.publisher(), "in_call")
    assert statuses(end_point.asked("POST")) == [("whip", 503), ("whip", 201)]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        (None, "401 Unauthorized: expected a bearer token: no app.token was sent"),
        ("wrong", "401 Unauthorized: this token is not valid here: app.token was sent"),
    ],
)
async def test_a_token_that_is_missing_or_wrong_is_said(token: str | None, expected: str) -> None:
    async with place(Awkward(token="right"), token=token) as here:
        assert await error(await here.publisher()) == (
            f"WHIP end point {here.url[:-1]}{WHIP} answered {expected}"
        )


async def test_an_end_point_that_lets_no_page_in_is_said_unless_the_browser_does_not_care() -> None:
    end_point = Awkward(lets_pages_in=False)
    async with place(end_point) as here:
        said = await error(await here.publisher())
        assert said.startswith(f"WHIP POST {here.url[:-1]}{WHIP}: no answer that a page may read")
        assert "does not allow pages of other origins (CORS)" in said
    assert end_point.asked("POST") == []
    async with place(end_point, "--disable-web-security") as here:
        page = await here.publisher()
        await state(page, "in_call")
        await page.click("#leave")
        await state(page, "ended")
    assert [each.status for each in end_point.asked("DELETE")] == [200]


async def test_a_location_that_no_page_may_read_is_said() -> None:
    end_point = Awkward(exposes=False)
    async with place(end_point) as here:
        page = await here.publisher()
        await state(page, "in_call")
        assert "no Location that a page may read" in await page.locator("#notice").inner_text()
        await page.click("#leave")
        await state(page, "ended")
    assert end_point.asked("DELETE") == []


async def test_a_counter_offer_is_answered() -> None:
    end_point = Awkward(counters=True)
    async with place(end_point) as here:
        await state(await here.publisher(), "in_call")
        player = await here.player()
        await state(player, "in_call")
        await moves(player)
        await player.click("#leave")
        await state(player, "ended")
    assert statuses(end_point.asked("POST"))[-1] == ("whep", 406)
    answer = end_point.asked("PATCH")[-1]
    assert (answer.path, answer.status) == (f"{WHEP}/countered", 204)
    assert answer.body.count("a=recvonly") == 2
    assert statuses(end_point.asked("DELETE")) == [("countered", 200)]


async def test_who_leaves_before_a_slow_answer_leaves_nothing_there() -> None:
    end_point = Awkward(slow_s=2.0)
    async with place(end_point) as here:
        page = await here.publisher()
        await page.wait_for_function("window.connections.length === 1")
        await page.click("#leave")
        await state(page, "ended")
        await page.wait_for_timeout(3000)
    assert [each.status for each in end_point.asked("DELETE")] == [200]
    assert list(end_point.tree.objects) == []


async def test_an_end_that_is_refused_is_said() -> None:
    async with place(Awkward(refuses_delete=True)) as here:
        page = await here.publisher()
        await state(page, "in_call")
        await page.click("#leave")
        assert "answered 500 Internal Server Error: out of order" in await error(page)


async def test_link_headers_are_read_as_rfc_8288_writes_them() -> None:
    with serving(lambda: make_app({}, "page")[0]) as url:
        async with place(Awkward()) as here:
            page = await here.browser.new_page()
            await page.goto(f"{url}static/link.js")
            for header, expected in (
                (None, []),
                ('<https://a.example/>; rel="ice-server"', []),
                ("<stun:a.example>;rel=ice-server", [{"urls": "stun:a.example"}]),
                ('<stun:a.example>; REL="x Ice-Server"', [{"urls": "stun:a.example"}]),
                ('<stun:a.example>; title="rel=ice-server"', []),
                (
                    '<turns:a.example:5349?transport=tcp>; rel="ice-server"; username="a;b";'
                    ' credential="c>,<d"; credential-type="password" , <x:y>; rel=next',
                    [
                        {
                            "urls": "turns:a.example:5349?transport=tcp",
                            "username": "a;b",
                            "credential": "c>,<d",
                        }
                    ],
                ),
            ):
                script = "async (header) => (await import(location)).iceServers(header)"
                assert await page.evaluate(script, header) == expected, header
