"""Doctor and probes ask for the same pages, past any proxy: real requests of real browsers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from farm.cli.__main__ import main
from tests.farm_process import farm
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

READY = PASSED = 0
PAGES = Path(__file__).parent / "data/pages"
IN_CALL = "document.body.dataset.state === 'in call'"
CALLS = """
app: {{url: "{url}", driver: mine.yaml}}
media: {{size: 320x240, frame_rate: 10}}
trial: {{load: 2, settle: 2s, hold: 8s, window: 4s}}
"""


@dataclass
class Site:
    """A page that calls itself behind every address, and a proxy that refuses every request."""

    url: str
    proxy: str
    paths: list[str] = field(default_factory=list)
    proxied: list[str] = field(default_factory=list)


@asynccontextmanager
async def running_site() -> AsyncIterator[Site]:
    site = Site("", "")

    async def answer(request: web.Request) -> web.FileResponse:
        if request.path != "/favicon.ico":
            site.paths.append(request.path_qs)
        return web.FileResponse(PAGES / "call.html")

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        site.proxied.append((await reader.readline()).decode(errors="replace"))
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
        writer.close()

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as proxy:
        site.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        site.proxy = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
        yield site
    await runner.cleanup()


@pytest.mark.parametrize(
    ("url", "goto", "page"),
    [
        ("/lobby.html?calls=1#/room", "{app_url}", "/lobby.html?calls=1"),
        ("/base", "{app_url}room/{session}?calls=1", "/base/room/s000?calls=1"),
    ],
)
async def test_doctor_and_probes_open_the_same_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, goto: str, page: str
) -> None:
    (tmp_path / "mine.yaml").write_text(driver(goto))
    async with running_site() as site:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, site.proxy)
        monkeypatch.setenv("no_proxy", "<-loopback>")  # else Chromium goes past it to loopback
        calls = CALLS.format(url=site.url + url) + UNJUDGED
        file = tmp_path / "experiment.yaml"
        file.write_text(calls)
        assert await asyncio.to_thread(main, ["doctor", str(file)]) == READY
        assert site.paths == [page]
        with farm(tmp_path, "run", experiment=calls) as run:
            assert await asyncio.to_thread(run.wait) == PASSED, run.read_output()
        assert site.paths.count(page) >= 4  # by the doctor, by the run's own check, by two probes
        # While the trial goes on it is only asked whether anything answers.
        assert set(site.paths) <= {page, url.partition("#")[0]}
        assert [line for line in site.proxied if "127.0.0.1" in line] == []


def driver(goto: str) -> str:
    role = f'{{join: [{{goto: "{goto}"}}], joined: [{{wait_for: {{function: "{IN_CALL}"}}}}]}}'
    return f"format: 1\nroles:\n  callee: {role}\n  caller: {role}\n"
