"""Asking whether the app is there."""

from __future__ import annotations

import asyncio
import socket

import pytest

from farm.cli.app_page import app_gone, check_app
from farm.errors import BadInput


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
        with pytest.raises(BadInput, match=rf"^app\.url: {url}: what answers .* no HTTP$"):
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
