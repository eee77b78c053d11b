"""Asking whether the app is there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from farm.bench.app_page import app_gone, check_app, check_pages
from farm.bench.first_pages import first_pages
from farm.errors import BadInput
from farm.experiment_file import parse_experiment
from farm.model.experiment import Experiment


async def test_an_app_that_answers_is_fine(call_app: str) -> None:
    await check_app(f"{call_app}call", accept_self_signed=False)


async def test_the_environments_proxy_is_not_asked(
    call_app: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    await check_app(f"{call_app}call", accept_self_signed=False)


async def test_what_is_wrong_is_said_in_a_line(call_app: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    for url, complaint in (
        (f"{call_app}nothing", "answered 404 Not Found"),
        (nowhere, "nothing answers there (.*refused.*)"),
        ("ftp://example/", "must be http://host/ or https://host/"),
        ("localhost:8443", "must be http://host/ or https://host/"),
    ):
        with pytest.raises(BadInput, match=rf"^app\.url: {url}.*{complaint}"):
            await check_app(url, accept_self_signed=False)
    with pytest.raises(BadInput, match=r"no answer within 0\.2 s"):
        await check_app(f"{call_app}never", accept_self_signed=False, within_s=0.2)


async def test_what_speaks_no_http_is_no_app() -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-somebody\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(BadInput, match=rf"^app\.url: {url}: the answer is not valid HTTP:"):
            await check_app(url, accept_self_signed=False)


async def test_a_certificate_of_ones_own_must_be_accepted(self_signed_app: str) -> None:
    await check_app(self_signed_app, accept_self_signed=True)
    with pytest.raises(BadInput, match=r"certificate refused, .*app\.accept_self_signed: true"):
        await check_app(self_signed_app, accept_self_signed=False)


async def test_an_app_that_goes_away_is_noticed() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{unused.getsockname()[1]}/"
    async with asyncio.timeout(60):
        why = await app_gone(nowhere, accept_self_signed=False)
    assert why.startswith(f"the application is gone: app.url: {nowhere}: nothing answers there")


async def test_an_app_that_answers_with_an_error_is_there(call_app: str) -> None:
    looking = app_gone(f"{call_app}nothing", accept_self_signed=False, every_s=0.01)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(looking, 0.3)


PAGE = "<p>a page</p>"
SHOWN_BY_CHROMIUM = {
    "a long header": f"X-Long: {'x' * 100_000}\r\nContent-Length: {len(PAGE)}\r\n\r\n{PAGE}",
    "many headers": "".join(f"X-{at}: a\r\n" for at in range(500)) + f"\r\n{PAGE}",
    "an encoding of its own": "Content-Encoding: br\r\n\r\nbytes",
}


@asynccontextmanager
async def answering(text: str) -> AsyncIterator[str]:
    """A server that says `text` to whoever asks, whatever for; its address."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text.encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


@pytest.mark.parametrize("what", SHOWN_BY_CHROMIUM)
async def test_a_page_that_chromium_shows_is_there(what: str) -> None:
    said = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{SHOWN_BY_CHROMIUM[what]}"
    async with answering(said) as url:
        assert await check_app(url, accept_self_signed=False) == url


async def test_an_app_that_answers_oddly_is_there() -> None:
    async with answering("SSH-2.0-somebody\r\n") as url:
        looking = app_gone(url, accept_self_signed=False, every_s=0.01)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(looking, 0.3)


@dataclass
class Asked:
    """A server, and what it was asked for."""

    url: str
    paths: list[str] = field(default_factory=list)


@pytest.fixture
async def asked() -> AsyncIterator[Asked]:
    """`/hop` leads to `/lobby.html`, `/cookie` to itself until its cookie comes back, `/round` to
    itself for ever; `/slow` answers after 0.3 s; `/down/20` leads on so many times; `/secret` is
    for `me` with `pass word`."""
    found = Asked("")

    async def answer(request: web.Request) -> web.Response:
        found.paths.append(request.path_qs)
        if request.path == "/hop":
            raise web.HTTPFound("/lobby.html?hopped=1#room")
        if request.path.startswith("/down/") and (steps := int(request.path[6:])):
            raise web.HTTPFound(f"/down/{steps - 1}")
        if request.path == "/slow":
            await asyncio.sleep(0.3)
        if request.path == "/round":
            raise web.HTTPFound("/round")
        if request.path == "/cookie" and "seen" not in request.cookies:
            again = web.HTTPFound("/cookie")
            again.set_cookie("seen", "1")
            raise again
        login = "Basic bWU6cGFzcyB3b3Jk"  # me:pass word
        if request.path == "/secret" and request.headers.get("Authorization") != login:
            raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="x"'})
        if request.path == "/gone" or request.headers["User-Agent"].startswith("Python"):
            raise web.HTTPForbidden
        return web.Response(text="a page", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield found
    await runner.cleanup()


def experiment_at(url: str, tmp_path: Path, callee: str, caller: str) -> Experiment:
    driver = tmp_path / "mine.yaml"
    driver.write_text(
        "format: 1\nroles:\n"
        f"  callee: {{join: [{{accept_dialog: true}}, {{goto: '{callee}'}}]}}\n"
        f"  caller: {{join: [{{goto: '{caller}'}}, {{goto: '{{app_url}}later'}}]}}\n"
    )
    return parse_experiment(f'app: {{url: "{url}", driver: {driver}}}', "an experiment")


async def test_the_pages_that_probes_open_are_asked_for(asked: Asked, tmp_path: Path) -> None:
    for url, callee, caller, paths in (
        ("/lobby.html?tenant=7#/room", "{app_url}", "{app_url}", ["/lobby.html?tenant=7"]),
        ("", "{app_url}", "{app_url}", ["/"]),
        ("/base", "{app_url}", "{app_url}call?s={session}", ["/base", "/base/call?s=s000"]),
        ("/gone", "{app_url}/{probe}", "{app_url}/{probe}", ["/gone/p000", "/gone/p001"]),
        ("/a%20b/%2F?x=%26y", "{app_url}", "{app_url}", ["/a%20b/%2F?x=%26y"]),
        ("/a b/%2f/é?x=%2F|y'é#r", "{app_url}", "{app_url}", ["/a%20b/%2f/%C3%A9?x=%2F|y'%C3%A9"]),
        ("/gone", "about:blank", "data:,x", ["/gone"]),
    ):
        asked.paths.clear()
        experiment = experiment_at(asked.url + url, tmp_path, callee, caller)
        if url == "/gone" and "about" in callee:
            with pytest.raises(BadInput, match=f"^app.url: {asked.url}/gone answered 403"):
                await check_pages(experiment)
        else:
            await check_pages(experiment)
        assert asked.paths == paths


async def test_it_is_known_where_pages_lead_to(asked: Asked, tmp_path: Path) -> None:
    experiment = experiment_at(f"{asked.url}/hop", tmp_path, "{app_url}", "{app_url}cookie")
    pages = first_pages(experiment).pages
    assert [page.url for page in pages] == [f"{asked.url}/hop", f"{asked.url}/hop/cookie"]
    experiment = experiment_at(f"{asked.url}/é/#/r", tmp_path, "{app_url}", "{app_url}")
    assert await check_pages(experiment) == (f"{asked.url}/é/#/r",)
    experiment = experiment_at(f"{asked.url}/", tmp_path, "{app_url}hop", "{app_url}cookie")
    assert await check_pages(experiment) == (
        f"{asked.url}/lobby.html?hopped=1",
        f"{asked.url}/cookie",
    )
    experiment = experiment_at(f"{asked.url}/round", tmp_path, "{app_url}", "{app_url}")
    step = r"goto of .*/mine\.yaml:3$"
    with pytest.raises(BadInput, match=rf"/round: too many redirects; {step}"):
        await check_pages(experiment)


@pytest.mark.parametrize(("within", "answers"), [("100ms", False), ("5s", True)])
async def test_a_slow_page_has_as_long_as_the_step_that_opens_it(
    asked: Asked, tmp_path: Path, within: str, answers: bool
) -> None:
    driver = tmp_path / "mine.yaml"
    first, other = (
        f"{{join: [{{goto: '{{app_url}}', within: {each}}}]}}" for each in ("50ms", within)
    )
    driver.write_text(f"format: 1\nroles:\n  callee: {first}\n  caller: {other}\n")
    url = f"{asked.url}/slow"
    experiment = parse_experiment(f'app: {{url: "{url}", driver: {driver}}}', "an experiment")
    if answers:
        assert await check_pages(experiment, least_s=0.05) == (url,)
        return
    late = rf"no answer within 0\.1 s; goto of {driver}:4 \(longer with its `within`\)$"
    with pytest.raises(BadInput, match=late):
        await check_pages(experiment, least_s=0.05)


async def test_a_login_in_the_address_is_given_to_its_origin_alone(
    asked: Asked, tmp_path: Path
) -> None:
    with_login = asked.url.replace("://", "://me:pass%20word@")
    experiment = experiment_at(f"{with_login}/secret", tmp_path, "{app_url}", "{app_url}")
    assert await check_pages(experiment) == (f"{asked.url}/secret",)
    elsewhere = asked.url.replace("127.0.0.1", "localhost")
    page = f"{elsewhere}/secret"
    experiment = experiment_at(f"{with_login}/", tmp_path, page, page)
    alone = f"the login of app.url is sent to {asked.url} alone"
    with pytest.raises(
        BadInput, match=f"^app.url: {page} answered 401 Unauthorized; {alone}; goto of "
    ):
        await check_pages(experiment)


async def test_as_many_redirects_are_followed_as_browsers_follow(asked: Asked) -> None:
    led_to = await check_app(f"{asked.url}/down/20", accept_self_signed=False)
    assert led_to == f"{asked.url}/down/0"
    with pytest.raises(BadInput, match="too many redirects"):
        await check_app(f"{asked.url}/down/21", accept_self_signed=False)
