"""Chromium under Playwright: browsers of many pages, pages that execute a driver's steps.

The farm starts Chromium itself (farm.browser.chromiums), so that it knows its pid, gives it cores
and ends it whatever happens; Playwright only talks to it. A page speaks through one binding:
measured at 0.4 % of a core a probe, for frames of every kind, where a bare DevTools binding is not
visible to scripts that run before the page's own.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from playwright.async_api import Browser as Connection
from playwright.async_api import (
    BrowserContext,
    ConsoleMessage,
    Dialog,
    Frame,
    Page,
    Playwright,
    ViewportSize,
    async_playwright,
)
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.browser.emulation import emulation
from farm.browser.join_trouble import MESSAGE_PLACES, JoinTrouble
from farm.browser.page_report import PageMessages
from farm.browser.page_script import (
    BANK_BINDING,
    BINDING,
    REVEAL_MEDIA,
    TAKE_INPUT,
    page_script,
)
from farm.driver import AcceptDialog, Click, Evaluate, Fill, Goto, Select, Step, WaitFor
from farm.errors import BrowserError, JoinError
from farm.experiment import Fidelity
from farm.observations import EventKind, PageReport, ProbeEvent
from farm.processes import Child
from farm.protocols import HostKit
from farm.trial import ProbePlan

Sink = Callable[[PageReport | ProbeEvent], None]

BOOT_WITHIN_S = 30.0
BOOT_SETTING = "BOOT_WITHIN_S of farm/browser/automation.py"
STEP_WITHIN_S = 15.0
STEP_SETTING = "STEP_WITHIN_S of farm/browser/automation.py"
CLOSE_WITHIN_S = 5.0
ANSWER_WITHIN_S = 5.0
PICTURE_WITHIN_S = 10.0
POLLING_MS = 100
MOST_CONSOLE_LINES = 100
LONGEST_LINE = 500
VIEWPORT: ViewportSize = {"width": 1280, "height": 720}

SHOWN = """(places) => {
    for (const place of places) {
        for (const element of document.querySelectorAll(place)) {
            const text = element.innerText.trim();
            if (text && element.checkVisibility()) return [place, text];
        }
    }
    return null;
}"""
"""The first visible message of the page in one of `places`."""

PATIENT = """() => {
    try {
        const value = (%s);
        return typeof value === "function" ? value() : value;
    } catch {
        return false;
    }
}"""
"""A condition that may name what the page's scripts have not defined yet."""


class Automation:
    """Playwright, by which all browsers of a host are spoken to. It outlives a Ctrl-C."""

    def __init__(self, playwright: Playwright) -> None:
        self._playwright = playwright

    @classmethod
    async def start(cls, directory: Path) -> Automation:
        """Its driver keeps its files in `directory`. Raises BrowserError."""
        try:
            async with asyncio.timeout(BOOT_WITHIN_S):
                with _temporary_files_in(directory):
                    return cls(await async_playwright().start())
        except Exception as error:  # a driver that cannot run at all ends in a bare Exception
            raise BrowserError(
                f"Playwright does not start: {_line(error)} (farm doctor says what is missing)"
            ) from error

    async def connect(
        self, child: Child[Any], devtools_url: str, kit: HostKit, banks: Mapping[str, Path]
    ) -> Browser:
        """The browser that runs as `child`, which stays the caller's. Raises BrowserError.

        Without any of the `banks` of prepared frames (by codec) all its probes are full ones.
        """
        try:
            async with asyncio.timeout(BOOT_WITHIN_S):
                connection = await self._playwright.chromium.connect_over_cdp(
                    devtools_url,
                    is_local=True,  # it may read our files itself
                )
        except (TimeoutError, PlaywrightError) as error:
            raise BrowserError(f"{child.name} does not answer: {_line(error)}") from error
        return Browser(child, connection, kit, banks)

    async def stop(self) -> None:
        async with _bounded(CLOSE_WITHIN_S):
            await self._playwright.stop()


class Browser:
    """One Chromium process with up to `probes.per_browser` pages, a context each."""

    def __init__(
        self, child: Child[Any], connection: Connection, kit: HostKit, banks: Mapping[str, Path]
    ) -> None:
        self._child = child
        self._connection = connection
        self._kit = kit
        self._banks = banks
        self._pages: set[BrowserPage] = set()
        self._watch = asyncio.create_task(self._tell_of_death())

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def alive(self) -> bool:
        return self._child.alive

    async def page(self, plan: ProbePlan, sink: Sink) -> BrowserPage:
        """An empty page with our hooks in it. Raises BrowserError."""
        context: BrowserContext | None = None
        try:
            async with asyncio.timeout(BOOT_WITHIN_S):
                banks = self._banks if plan.fidelity == "light" else {}
                context = await self._connection.new_context(
                    viewport=VIEWPORT,
                    ignore_https_errors=self._kit.accept_self_signed,
                    # A page's policy may forbid workers but its own; a light probe needs one.
                    bypass_csp=bool(banks),
                )
                page = BrowserPage(plan, sink, await context.new_page(), self._pages.discard)
                await page.prepare(self._kit.poll_s, banks)
        except BaseException as error:
            if context is not None:
                async with _bounded(CLOSE_WITHIN_S):
                    await context.close()
            if isinstance(error, TimeoutError | PlaywrightError):
                late = f"no page within {BOOT_WITHIN_S:g} s ({BOOT_SETTING})"
                why = late if isinstance(error, TimeoutError) else _line(error)
                raise BrowserError(f"{plan.probe}: {self._child.name}: {why}") from error
            raise
        self._pages.add(page)
        return page

    async def close(self) -> None:
        """End it and all its pages. Idempotent. Raises ProcessError if it cannot be killed."""
        self._watch.cancel()
        async with _bounded(CLOSE_WITHIN_S):
            await self._connection.close()
        await self._child.stop()

    async def _tell_of_death(self) -> None:
        status = await self._child.died()
        for page in tuple(self._pages):
            page.crash(f"{self._child.name} ended with status {status}")


class BrowserPage:
    """One page in a context of its own. What it says goes to `sink` as it comes."""

    def __init__(
        self,
        plan: ProbePlan,
        sink: Sink,
        page: Page,
        on_close: Callable[[BrowserPage], None],
    ) -> None:
        self._plan = plan
        self._sink = sink
        self._page = page
        self._on_close = on_close
        self._messages = PageMessages(plan.probe)
        self._trouble = JoinTrouble()
        self._accepts_dialogs = False
        self._console_lines = 0
        self._crash: str | None = None
        self._answers: set[asyncio.Task[None]] = set()

    async def prepare(self, poll_s: float, banks: Mapping[str, Path]) -> None:
        """Hooks in and conditions set, before anything is loaded; with banks it is light."""
        context, page = self._page.context, self._page
        await context.expose_binding(BINDING, lambda _source, text: self._hear(text))
        if banks:
            await context.expose_binding(
                BANK_BINDING,
                lambda source, name, codec: _give(banks, source["frame"], name, codec),
            )
        # Scripts run in the order in which they were added: what ours calls is there by then.
        fidelity: Fidelity = "light" if banks else "full"
        await context.add_init_script(page_script(poll_s, self._plan.poll_phase, fidelity))
        page.on("console", self._on_console)
        page.on("pageerror", self._on_page_error)
        page.on("dialog", self._on_dialog)
        page.on("crash", lambda _page: self.crash("the page's renderer crashed"))
        if self._plan.line is not None:
            devtools = await context.new_cdp_session(page)
            conditions = emulation(self._plan.line)
            await devtools.send("Network.emulateNetworkConditions", conditions)

    async def run(self, step: Step) -> None:
        """Execute one step, its templates filled in.

        Raises JoinError with its reason and what the page shows, or BrowserError after a crash.
        """
        self._check_alive()
        waits = isinstance(step, WaitFor)
        within_s = step.within_s if isinstance(step, WaitFor) else STEP_WITHIN_S
        try:
            # Playwright keeps the time; ours is for a Playwright that does not answer any more.
            async with asyncio.timeout(within_s + CLOSE_WITHIN_S):
                await self._execute(step, within_s * 1000)
        except (PlaywrightError, TimeoutError) as error:
            shown, thrown = await self._shown(), await self._thrown_by(step)
            self._check_alive()
            if isinstance(error, PlaywrightTimeoutError | TimeoutError):
                late = f"not within {within_s:g} s ({'within' if waits else STEP_SETTING}){thrown}"
                reason, message = self._trouble.explain(late, shown)
            else:
                reason = "navigation" if isinstance(step, Goto) else "page_error"
                message = self._trouble.describe(_line(error), shown)
            raise JoinError(reason, message) from error

    async def picture(self, path: Path) -> bool:
        """A picture of the page as a person would see it, its media shown; False if it cannot.

        It comes to `path` whole: a report of the run may be drawn meanwhile.
        """
        if self._crash is None:
            async with _bounded(PICTURE_WITHIN_S):
                part = path.with_suffix(".part")
                await self._page.screenshot(path=part, type="png", style=REVEAL_MEDIA)
                part.replace(path)
                return True
        return False

    async def close(self) -> None:
        """The page is gone, or is left to its browser's end after a few seconds. Idempotent."""
        self._on_close(self)
        async with _bounded(CLOSE_WITHIN_S):
            await self._page.context.close()
        for answer in self._answers:
            answer.cancel()

    def crash(self, why: str) -> None:
        """From now on nothing works here. The first reason counts."""
        if self._crash is None:
            self._crash = why
            self._say("crashed", why)

    async def _execute(self, step: Step, within_ms: float) -> None:
        page = self._page
        match step:
            case Goto(url):
                response = await page.goto(url, timeout=within_ms)
                if response is not None and not response.ok:
                    raise PlaywrightError(f"{url} answered {response.status}")
            case Fill(selector, text):
                await page.locator(selector).first.fill(text, timeout=within_ms)
            case Select(selector, option):
                await page.locator(selector).first.select_option(option, timeout=within_ms)
            case Click(selector):
                await page.locator(selector).first.click(timeout=within_ms)
            case AcceptDialog():
                self._accepts_dialogs = True
            case WaitFor(selector=str(selector)):
                await page.locator(selector).first.wait_for(state="visible", timeout=within_ms)
            case WaitFor(function=str(function)):
                await page.wait_for_function(
                    PATIENT % function, timeout=within_ms, polling=POLLING_MS
                )
            case Evaluate(script):
                async with asyncio.timeout(within_ms / 1000):
                    await page.evaluate(script, dict(self._plan.variables))

    async def _shown(self) -> tuple[str, str] | None:
        """Where the page shows a message, and that message."""
        async with _bounded(ANSWER_WITHIN_S):
            shown = await self._page.evaluate(SHOWN, list(MESSAGE_PLACES))
            return (str(shown[0]), str(shown[1])) if shown else None
        return None

    async def _thrown_by(self, step: Step) -> str:
        """What a condition that never came true throws, if it throws: likely a slip of the pen."""
        if isinstance(step, WaitFor) and step.function is not None:
            try:
                async with asyncio.timeout(ANSWER_WITHIN_S):
                    await self._page.evaluate(step.function)
            except PlaywrightError as error:
                return f", it throws {_line(error)}"
            except TimeoutError:
                pass
        return ""

    def _check_alive(self) -> None:
        """Raises BrowserError; a browser's end shows on its connection before it is waited for."""
        if self._crash is not None:
            raise BrowserError(f"{self._plan.probe}: {self._crash}")
        browser = self._page.context.browser
        if browser is None or not browser.is_connected():
            raise BrowserError(f"{self._plan.probe}: its browser is gone")

    def _hear(self, text: object) -> None:
        said = self._messages.read(str(text), time.monotonic(), time.time())
        if said is None:
            return
        if isinstance(said, ProbeEvent) and said.kind == "socket_closed":
            self._trouble.socket_closed(said)
        self._sink(said)

    def _on_console(self, message: ConsoleMessage) -> None:
        icon = message.location["url"].endswith("/favicon.ico")  # browsers ask, few pages have it
        if message.type not in ("error", "warning") or icon:
            return
        self._trouble.console = message.text
        self._console_lines += 1
        if self._console_lines <= MOST_CONSOLE_LINES:
            self._say("console", message.text[:LONGEST_LINE], level=message.type)

    def _on_page_error(self, error: PlaywrightError) -> None:
        self._trouble.uncaught = error.message
        self._say("page_error", error.message[:LONGEST_LINE])

    def _on_dialog(self, dialog: Dialog) -> None:
        accept = self._accepts_dialogs
        if not accept:
            self._trouble.dialog = f"{dialog.type} {dialog.message!r}, no accept_dialog before it"
        task = asyncio.create_task(_answer(dialog, accept))
        self._answers.add(task)
        task.add_done_callback(self._answers.discard)

    def _say(self, kind: EventKind, message: str, **data: Any) -> None:
        self._sink(ProbeEvent(self._plan.probe, kind, time.monotonic(), message, data))


async def _give(banks: Mapping[str, Path], frame: Frame, name: str, codec: str) -> None:
    """Into the file input that a global of the frame holds; the page's promise fails with it."""
    found = await frame.evaluate_handle(TAKE_INPUT, name)
    given = found.as_element()
    if given is None:
        raise BrowserError("the page asked for prepared frames and went on")
    if codec not in banks:
        raise BrowserError(f"there are none of {codec}")
    await given.set_input_files(banks[codec])
    await found.dispose()


async def _answer(dialog: Dialog, accept: bool) -> None:
    with suppress(PlaywrightError):
        await (dialog.accept() if accept else dialog.dismiss())


@asynccontextmanager
async def _bounded(within_s: float) -> AsyncIterator[None]:
    """For what may fail in a browser that is dying: no error, and an end after `within_s`."""
    with suppress(TimeoutError, PlaywrightError):
        async with asyncio.timeout(within_s):
            yield


def _line(error: BaseException) -> str:
    """The first line of Playwright's message, without its method; the rest is its call log."""
    line = str(error).strip().partition("\n")[0]
    return re.sub(r"^[A-Z]\w+\.\w+: ", "", line)[:300] or type(error).__name__


@contextmanager
def _temporary_files_in(directory: Path) -> Iterator[None]:
    """Playwright's driver takes its temporary directory from our environment and nowhere else."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(directory)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
