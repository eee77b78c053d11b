"""The page of one probe: it executes a driver's steps, and reports polls and events as they come.

A page sends its messages through one binding of Playwright's, which costs 0.4 % of a core a probe:
a bare DevTools binding is not visible to scripts that run before the page's own.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from playwright.async_api import ConsoleMessage, Dialog, Frame, Page, WebError
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError

from farm.browser.answered_dialog import AnsweredDialog, DialogCount
from farm.browser.bank_file import give_bank
from farm.browser.channel_labels import ChannelLabels
from farm.browser.dialogs import Dialogs
from farm.browser.emulation import emulation
from farm.browser.forced_capture import ForcedCapture
from farm.browser.http_request import saved_values
from farm.browser.join_trouble import JoinTrouble
from farm.browser.media_trouble import MediaTrouble
from farm.browser.page_loads import PageLoads
from farm.browser.page_report import PageMessages
from farm.browser.page_script import BANK_BINDING, BINDING, page_script
from farm.browser.playwright_trouble import CLOSE_WITHIN_S, bounded
from farm.browser.screenshot import take_screenshot
from farm.browser.step_actions import execute
from farm.browser.step_failures import ANSWER_WITHIN_S, StepFailures
from farm.browser.tabs import Tabs, frame_name
from farm.errors import BrowserError, JoinError
from farm.model.driver import (
    AcceptDialog,
    ChannelAnswers,
    DismissDialog,
    Http,
    Pause,
    Step,
    WaitFor,
)
from farm.model.experiment import Fidelity
from farm.model.mask import Mask
from farm.model.page_samples import MOST_CONSOLE_LINES, EventKind, PageReport, ProbeEvent
from farm.model.trial_plan import ProbePlan

Sink = Callable[[PageReport | ProbeEvent], None]

LONGEST_LINE = 500


class BrowserPage:
    """One page in a context of its own, and the tabs that it opens.

    Their events go to `sink` as they come, and every `poll_s` one report of all of them. `mask`
    replaces secrets in all that is said of it; `label_key` is that of `ChannelLabels`.
    """

    def __init__(
        self,
        plan: ProbePlan,
        sink: Sink,
        page: Page,
        poll_s: float,
        on_close: Callable[[BrowserPage], None],
        *,
        mask: Mask,
        label_key: bytes,
    ) -> None:
        self._plan = plan
        self._variables = dict(plan.variables)
        self._sink = sink
        self._context = page.context
        self._tabs = Tabs(page, self._tab_opened, self._tab_closed)
        self._poll_s = poll_s
        self._on_close = on_close
        self._mask = mask
        self._messages = PageMessages(plan.probe, poll_s, mask, ChannelLabels(mask, label_key))
        self._trouble = JoinTrouble()
        self._media = MediaTrouble()
        self._dialogs = Dialogs(mask, self._dialog_answered)
        self._dialog_count = DialogCount()
        self._loads = PageLoads(self._trouble, self._report, mask)
        self._failures = StepFailures(self._tabs, self._trouble, self._media, self._loads, mask)
        self._console_lines = 0
        self._crash: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def tabs(self) -> Tabs:
        return self._tabs

    async def prepare(
        self,
        banks: Mapping[str, Path],
        forced: ForcedCapture | None = None,
        answers: Sequence[ChannelAnswers] = (),
        *,
        drawn: bool = False,
    ) -> None:
        """Set hooks and network conditions before anything is loaded; with banks it is light.

        `forced` is what its getUserMedia gives; `None`: what the page asks for. `answers` are the
        data channels on which round trips are measured. `drawn`: videos are shown, for a person.
        """
        context = self._context
        await context.expose_binding(
            BINDING,
            lambda source, text: self._on_message(source["page"], source["frame"], str(text)),
        )
        if banks:
            await context.expose_binding(
                BANK_BINDING,
                lambda source, name, codec: give_bank(banks, source["frame"], name, codec),
            )
        # Scripts run in the order in which they were added: the bindings are there before ours.
        fidelity: Fidelity = "light" if banks else "full"
        phase = self._plan.poll_phase
        script = page_script(self._poll_s, phase, fidelity, forced, answers, drawn=drawn)
        await context.add_init_script(script)
        context.on("console", self._on_console)
        context.on("weberror", self._on_page_error)
        context.on("dialog", self._on_dialog)
        await self._condition(self._tabs.own)

    def begins(self, step: str) -> None:
        """Note the step that is executed from now on, as messages name it."""
        self._trouble.step = step

    async def run(self, step: Step) -> Mapping[str, str] | None:
        """Execute one step, its templates filled in; the values that it saved, by variable.

        Raises JoinError with its reason and what the page shows, or BrowserError after a crash.
        """
        self._check_alive()
        if isinstance(step, AcceptDialog | DismissDialog):
            self._dialogs.set(step)
            return None
        self._loads.begin(step, self._tabs.own)
        try:
            # Playwright keeps the time; ours is for a Playwright that does not answer any more.
            async with asyncio.timeout(_lasts_at_most_s(step) + CLOSE_WITHIN_S):
                if isinstance(step, Http):
                    return await self._request(step)
                await execute(step, self._tabs, self._variables)
                return None
        except (PlaywrightError, TimeoutError) as error:
            failure = await self._failures.of_error(step, error)
            self._check_alive()
            raise failure from error
        finally:
            self._loads.end()

    async def holds(self, condition: WaitFor) -> bool:
        """Whether a condition is true, or becomes so within its time.

        Raises JoinError for one that cannot be evaluated, or BrowserError after a crash.
        """
        self._check_alive()
        self._loads.begin(condition, self._tabs.own)
        try:
            async with asyncio.timeout(condition.within_s + CLOSE_WITHIN_S):
                await execute(condition, self._tabs, self._variables)
        except (PlaywrightTimeoutError, TimeoutError):
            self._check_alive()
            return False
        except PlaywrightError as error:
            failure = await self._failures.of_error(condition, error)
            self._check_alive()
            raise failure from error
        finally:
            self._loads.end()
        return True

    async def late(self, step: Step, what: str) -> JoinError:
        """The error for a step of several that took too long; `what` says so."""
        return await self._failures.late(step, what)

    async def _request(self, step: Http) -> Mapping[str, str]:
        """Make the request of an `http` step; what it saves is a secret from now on."""
        saved = await saved_values(self._context.request, step, self._mask)
        self._mask.add(saved.values())
        self._variables.update(saved)
        return saved

    async def screenshot(self, path: Path) -> bool:
        """Take a screenshot of the tab that has the call, to `path`; False if that fails."""
        tab = self._tabs.of_call(self._messages.in_call)
        return self._crash is None and await take_screenshot(tab, path)

    async def close(self) -> None:
        """Close the page; one that takes too long ends with its browser. Idempotent."""
        self._on_close(self)
        async with bounded(CLOSE_WITHIN_S):
            await self._context.close()
        for task in self._tasks:
            task.cancel()

    def crash(self, why: str) -> None:
        """Mark the page as crashed: from now on every step fails. The first reason counts."""
        if self._crash is None:
            self._crash = why
            self._report("crashed", why)

    def _check_alive(self) -> None:
        """Raises BrowserError; a browser's end shows on its connection before its exit status."""
        if self._crash is not None:
            raise BrowserError(f"{self._plan.probe}: {self._crash}")
        browser = self._context.browser
        if browser is None or not browser.is_connected():
            raise BrowserError(f"{self._plan.probe}: its browser is gone")

    async def _condition(self, tab: Page) -> None:
        """Set network conditions, which each tab has for itself, and watch what becomes of it."""
        self._loads.watch(tab, self._tabs.number(tab))
        tab.on("framedetached", lambda frame: self._frame_removed(tab, frame))
        tab.on("crash", lambda _page: self.crash("the page's renderer crashed"))
        if self._plan.line is not None:
            devtools = await self._context.new_cdp_session(tab)
            conditions = emulation(self._plan.line)
            await devtools.send("Network.emulateNetworkConditions", conditions)

    def _tab_opened(self, tab: Page) -> None:
        self._start(self._condition(tab))

    def _tab_closed(self, tab: Page) -> None:
        report = self._messages.closed(self._tabs.number(tab), time.monotonic())
        if report is not None:
            self._sink(report)

    def _frame_removed(self, tab: Page, frame: Frame) -> None:
        place = self._tabs.removed(tab, frame)
        report = None if place is None else self._messages.removed(place, time.monotonic())
        if report is not None:
            self._sink(report)

    def _on_message(self, tab: Page, frame: Frame, text: str) -> None:
        if tab.is_closed() or frame.is_detached():
            return  # a late message, after which no report is to wait for it
        place = self._tabs.place(tab, frame)
        evidence = self._messages.read(text, place, time.monotonic(), time.time())
        if evidence is None:
            return
        if isinstance(evidence, PageReport):
            self._media.polled(evidence)
        elif evidence.kind == "socket_closed":
            self._trouble.socket_closed(evidence)
        elif evidence.kind == "candidate_error":
            self._media.candidate_error(evidence)
        elif evidence.kind == "connection":
            where = {"tab": place[0], "frame": self._mask(frame_name(frame))}
            evidence = replace(evidence, data={**evidence.data, **where})
        self._sink(evidence)

    def _on_console(self, message: ConsoleMessage) -> None:
        icon = message.location["url"].endswith("/favicon.ico")  # browsers ask, few pages have it
        if message.type not in ("error", "warning") or icon:
            return
        self._console_lines += 1
        line = self._trouble.console = self._mask(_console_text(message))
        if self._console_lines <= MOST_CONSOLE_LINES:
            self._report("console", line[:LONGEST_LINE], level=message.type)

    def _on_page_error(self, uncaught: WebError) -> None:
        line = self._trouble.uncaught = self._mask(uncaught.error.message)
        self._report("page_error", line[:LONGEST_LINE])

    def _on_dialog(self, dialog: Dialog) -> None:
        self._start(self._dialogs.answer(dialog))

    def _dialog_answered(self, dialog: AnsweredDialog) -> None:
        self._trouble.dialog_answered(dialog)
        if self._dialog_count.is_recorded(dialog):
            self._report(
                "dialog",
                f"{dialog.name} was {dialog.answer}",
                **asdict(dialog),
                step=self._trouble.step,
                after_step_s=self._loads.after_step_s(),
            )

    def _start(self, work: Awaitable[None]) -> None:
        """Do it in a task of its own; errors of a tab that closes meanwhile are ignored."""

        async def outlived() -> None:
            async with bounded(ANSWER_WITHIN_S):
                await work

        task = asyncio.create_task(outlived())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _report(self, kind: EventKind, message: str, **data: Any) -> None:
        self._sink(ProbeEvent(self._plan.probe, kind, time.monotonic(), message, data))


def _lasts_at_most_s(step: Step) -> float:
    return step.for_s if isinstance(step, Pause) else step.within_s


def _console_text(message: ConsoleMessage) -> str:
    """What the console shows; of a resource that failed also which, without query and fragment."""
    url = re.split("[?#]", message.location["url"], maxsplit=1)[0]
    of_resource = message.text.startswith("Failed to load resource") and url
    return f"{message.text} ({url})" if of_resource else message.text
