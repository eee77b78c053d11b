"""Whether browsers would let a page use an end point: asked before anything is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from aiohttp import web

from farm.bench.whip_end_point import (
    check_end_point,
    end_point_answers,
    end_point_gone,
    page_settings,
    whip_addresses,
)
from farm.errors import BadInput
from farm.model.experiment import AppSettings, Experiment, ProbeSettings, Scenario
from farm.model.server_settings import ServerSettings
from tests.pages.serving import serving

ALLOWED = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "Content-Type, AUTHORIZATION",
}


def answering(headers: Mapping[str, str], status: int = 204) -> Callable[[], web.Application]:
    async def answer(request: web.Request) -> web.Response:
        assert request.headers["Access-Control-Request-Method"] == "POST"
        return web.Response(status=status, headers=headers)

    def make() -> web.Application:
        app = web.Application()
        app.router.add_options("/s000/{way}", answer)
        return app

    return make


def experiment(url: str, **changes: object) -> Experiment:
    app = AppSettings(
        run="whip", publish=f"{url}{{session}}/whip", play=f"{url}{{session}}/whep", token="env:T"
    )
    return replace(
        Experiment(
            scenario=Scenario(kind="broadcast"), app=app, server=ServerSettings(kurento=None)
        ),
        **changes,  # type: ignore[arg-type]
    )


async def test_an_end_point_that_lets_pages_in_is_good() -> None:
    with serving(answering(ALLOWED)) as url:
        asked = await check_end_point(experiment(url))
    assert asked == (f"{url}s000/whip", f"{url}s000/whep")


@pytest.mark.parametrize(
    ("headers", "status", "why"),
    [
        (ALLOWED, 405, "OPTIONS answered 405 Method Not Allowed"),
        (ALLOWED | {"Location": "/"}, 307, "OPTIONS answered 307 Temporary Redirect"),
        ({}, 200, "Access-Control-Allow-Origin: none"),
        (
            ALLOWED | {"Access-Control-Allow-Origin": "https://a.example"},
            200,
            "Access-Control-Allow-Origin: https://a.example",
        ),
        (
            ALLOWED | {"Access-Control-Allow-Headers": "*"},
            200,
            "Access-Control-Allow-Headers lacks authorization",
        ),
        (
            ALLOWED | {"Access-Control-Allow-Headers": "Authorization"},
            200,
            "Access-Control-Allow-Headers lacks content-type",
        ),
    ],
)
async def test_what_a_browser_would_refuse_is_said_with_what_to_do(
    headers: Mapping[str, str], status: int, why: str
) -> None:
    with serving(answering(headers, status)) as url:
        with pytest.raises(BadInput) as refused:
            await check_end_point(experiment(url))
        assert str(refused.value) == (
            f"app.publish: {url}s000/whip: browsers let no page use it: {why}; allow pages of"
            " other origins there (CORS), or set probes.flags: [--disable-web-security]"
        )
        careless = ProbeSettings(flags=("--disable-web-security",))
        assert await check_end_point(experiment(url, probes=careless))


async def test_where_nothing_answers_the_setting_is_named_and_the_end_point_is_gone() -> None:
    with serving(answering(ALLOWED)) as url:
        assert await end_point_answers(experiment(url))
    lost = experiment(url)
    with pytest.raises(BadInput, match=f"^app.publish: {url}: nothing answers there .conn"):
        await check_end_point(lost)
    assert not await end_point_answers(lost)
    assert (await end_point_gone(lost)).startswith("the end point is gone: app.publish: ")


async def test_without_addresses_the_embedded_server_is_the_end_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = AppSettings(run="whip", token="env:T")
    server = ServerSettings(kurento="ws://127.0.0.1:8888/kurento")
    own = Experiment(scenario=Scenario(kind="broadcast"), app=app, server=server)

    assert await check_end_point(own) == ()
    assert whip_addresses(own).play == "http://127.0.0.1:8888/live/{probe}/whep"
    monkeypatch.setenv("T", "secret")
    assert page_settings(own)["token"] == "secret"
    monkeypatch.delenv("T")
    with pytest.raises(BadInput, match=r"^app.token: T is not set in the environment"):
        page_settings(own)
