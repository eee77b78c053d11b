"""The server of the page: its files, its settings, its process."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from infra.whip_page import SETTINGS_VARIABLE
from infra.whip_page.server import make_app
from tests.pages.serving import serving

ROOT = Path(__file__).parents[3]


async def test_only_who_knows_its_folder_reads_the_settings() -> None:
    settings = {"publish": "http://h/{session}", "token": "secret"}
    paths: list[str] = []

    def make() -> web.Application:
        app, path = make_app(settings)
        paths.append(path)
        return app

    with serving(make) as url:
        async with aiohttp.ClientSession() as http:

            async def status(path: str) -> int:
                async with http.get(f"{url[:-1]}{path}") as answer:
                    return answer.status

            (path,) = paths
            assert len(path) > 20
            async with http.get(f"{url[:-1]}{path}settings.json") as answer:
                assert (await answer.json(), answer.headers["Cache-Control"]) == (
                    settings,
                    "no-store",
                )
            for there in (path, f"{path}health", "/static/main.js", "/static/camera.js"):
                assert await status(there) == 200, there
            for hidden in ("/", "/settings.json", "/guess/settings.json", "/static/own.js"):
                assert await status(hidden) == 404, hidden


async def start(environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    others = {name: value for name, value in os.environ.items() if name != SETTINGS_VARIABLE}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "infra.whip_page"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**others, **environment, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
async def test_it_says_where_it_is_and_ends_at_sigterm() -> None:
    page = await start({SETTINGS_VARIABLE: '{"token": "secret"}'})
    assert page.stdout is not None
    ready = json.loads(await page.stdout.readline())
    async with aiohttp.ClientSession() as http, http.get(f"{ready['url']}settings.json") as answer:
        assert await answer.json() == {"token": "secret"}
    page.send_signal(signal.SIGTERM)
    assert await page.wait() == 0


@pytest.mark.slow
async def test_without_settings_it_ends_with_one_line() -> None:
    page = await start({})
    _, said = await page.communicate()
    assert (page.returncode, said.decode().count("\n")) == (2, 1)
    assert said.decode().startswith("WHIP_PAGE_SETTINGS: ")
