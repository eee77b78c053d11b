"""Fixtures and settings of all tests."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import ssl
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from aiohttp import web
from hypothesis import settings

from farm.browser import Browser, BrowserPage
from farm.browser.chromiums import Chromiums
from farm.cli.serve import self_signed
from farm.model.driver import Driver, Evaluate, Goto
from farm.model.experiment import MediaSettings, ProbeSettings
from farm.model.page_samples import PageReport, ProbeEvent
from farm.model.trial_plan import ProbePlan
from farm.processes import Processes
from farm.protocols import HostKit
from tests.second_try import SecondTry, read_flaky

# How long an example takes says more about the machine than about the code.
settings.register_profile("farm", deadline=None)
settings.load_profile("farm")

# Shells let background jobs ignore these signals, and children of tests would inherit that: Ctrl-C
# is part of what is tested.
for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, usual)

# `make test` lets users other than root capture packets; children of tests do not inherit that.
PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 47, 4
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)

T = TypeVar("T")

TESTS = Path(__file__).parent
PAGES = TESTS / "data/pages"


def pytest_configure(config: pytest.Config) -> None:
    reasons = read_flaky(TESTS / "flaky.toml", TESTS.parent)
    config.pluginmanager.register(SecondTry(reasons), "second try")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Live tests first, each by itself; then the quick ones of a module together, up to the end."""
    items.sort(key=lambda item: item.get_closest_marker("live") is None)
    for item in items:
        if item.get_closest_marker("live") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


@pytest.fixture
async def call_app() -> AsyncIterator[str]:
    """The address (with a slash at its end) of an app whose page `call` calls itself.

    `call?calls=1` makes a call at once, `call?frame=URL` holds a frame, `call?policy=POLICY` says
    what it may load; `opener` opens it in tabs and frames; the call of `unreachable` does not
    connect; `ws/CODE` is a socket that the app closes with that code, `never` an address that does
    not answer.
    """

    async def page(request: web.Request) -> web.FileResponse:
        policy = request.query.get("policy", "")
        return web.FileResponse(
            PAGES / "call.html", headers={"Content-Security-Policy": policy} if policy else None
        )

    async def unreachable(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "unreachable.html")

    async def opener(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "opener.html")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        await opened.close(code=int(request.match_info["code"]), message=b"room full")
        return opened

    async def never(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    app = web.Application()
    app.router.add_get("/call", page)
    app.router.add_get("/opener", opener)
    app.router.add_get("/unreachable", unreachable)
    app.router.add_get("/ws/{code}", socket)
    app.router.add_get("/never", never)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    yield f"http://{host}:{port}/"
    await runner.cleanup()


@pytest.fixture
async def self_signed_app(tmp_path: Path) -> AsyncIterator[str]:
    """The address of an app with a certificate of its own; its page shows its socket's messages."""
    certificate, key = self_signed(tmp_path, ["127.0.0.1"])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "socket.html")

    async def socket(request: web.Request) -> web.WebSocketResponse:
        opened = web.WebSocketResponse()
        await opened.prepare(request)
        await opened.send_str("hello")
        async for _message in opened:
            pass
        return opened

    app = web.Application()
    app.router.add_get("/", page)
    app.router.add_get("/ws", socket)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    host, port = runner.addresses[0][:2]
    yield f"https://{host}:{port}/"
    await runner.cleanup()


class Witness:
    """Takes reports and events of a page, and lets a test wait for one."""

    def __init__(self) -> None:
        self.seen: list[PageReport | ProbeEvent] = []
        self._more = asyncio.Event()

    def __call__(self, seen: PageReport | ProbeEvent) -> None:
        self.seen.append(seen)
        self._more.set()

    @property
    def reports(self) -> list[PageReport]:
        return [seen for seen in self.seen if isinstance(seen, PageReport)]

    def events(self, kind: str) -> list[ProbeEvent]:
        return [seen for seen in self.seen if isinstance(seen, ProbeEvent) and seen.kind == kind]

    async def until(self, condition: Callable[[], T]) -> T:
        """The value of `condition()`, once that is true."""
        async with asyncio.timeout(60):
            while not (answer := condition()):
                self._more.clear()
                await self._more.wait()
        return answer

    async def report(
        self, right: Callable[[PageReport], object] = lambda _report: True
    ) -> PageReport:
        """The next report for which `wanted` is true."""
        already = len(self.seen)

        def found() -> PageReport | None:
            later = (seen for seen in self.seen[already:] if isinstance(seen, PageReport))
            return next((report for report in later if right(report)), None)

        report = await self.until(found)
        assert report is not None
        return report


@dataclass
class ProbePage:
    """A page of a probe in a real browser, with its reports and events."""

    page: BrowserPage
    witness: Witness
    browser: Browser

    async def goto(self, url: str) -> None:
        await self.page.run(Goto(url))

    async def do(self, script: str) -> None:
        """Run JavaScript in the page; an error of it fails the test."""
        await self.page.run(Evaluate(script, "test.js"))


@pytest.fixture
def accept_self_signed() -> bool:
    """To be overridden by a test's parameter of that name."""
    return False


@pytest.fixture
def kit(call_app: str, tmp_path: Path, accept_self_signed: bool) -> HostKit:
    """The settings of a test's browsers."""
    return HostKit(
        app_url=call_app,
        accept_self_signed=accept_self_signed,
        driver=Driver("test", {}),
        media=MediaSettings(),
        probes=ProbeSettings(),
        poll_s=1.0,
        screenshots=tmp_path / "screenshots",
    )


@pytest.fixture
async def chromiums(kit: HostKit, tmp_path: Path) -> AsyncIterator[Chromiums]:
    """The browsers of a test; their cameras show Chromium's own test picture."""
    async with Processes(tmp_path / "logs") as processes:
        source = Chromiums(processes, lambda _media: GreenPicture())
        await source.open(kit)
        yield source
        await source.close()


@dataclass
class GreenPicture:
    """No clip."""

    video: Path | None = None
    audio: Path | None = None
    light_banks: Mapping[str, Path] = field(default_factory=dict)


@pytest.fixture
async def new_page(chromiums: Chromiums, call_app: str) -> Callable[..., Awaitable[ProbePage]]:
    """Makes pages of probes, all in one browser; keywords change the probe's plan."""
    browsers: list[Browser] = []

    async def make(**changes: Any) -> ProbePage:
        if not browsers:
            browsers.append(await chromiums.browser())
        plan = ProbePlan(
            probe="p000",
            session="s000",
            role="caller",
            host="here",
            poll_phase=0.0,
            variables={"app_url": call_app, "probe": "p000"},
            sends=("audio", "video"),
            receives=("audio", "video"),
        )
        witness = Witness()
        page = await browsers[0].page(replace(plan, **changes), witness)
        return ProbePage(page, witness, browsers[0])

    return make
