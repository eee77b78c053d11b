"""One probe from open to close: it joins, stays, leaves, and reports its evidence.

    new -> open -> joining -> joined -> left -> closed

A probe that cannot join takes a screenshot of its page and closes it, so that it loads neither the
server nor the generator any more. Pages are made by the caller: see `ProbeTab`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from farm.drivers.steps import step_name
from farm.errors import BrowserError, JoinError
from farm.hosts.step_run import StepDone, StepPage, StepRun, placed_name
from farm.model.driver import RoleSteps, Step
from farm.model.page_acts import CLOSED_INSTEAD
from farm.model.page_samples import EventKind, Joined, PageReport, ProbeEvent
from farm.model.trial_plan import ProbePlan
from farm.protocols import StepsWatched

Seen = PageReport | ProbeEvent

LOOK_AFTER_LEAVE_S = 2.5
"""Two polls: what is still open then was not closed by the `leave` steps."""


class ProbeTab(StepPage, Protocol):
    """A browser's page, as far as a probe needs it (`farm.browser.BrowserPage`)."""

    async def screenshot(self, path: Path) -> bool: ...

    async def close(self) -> None:
        """Idempotent; never raises, and returns within seconds whatever the page does."""


OpenPage = Callable[[ProbePlan, Callable[[Seen], None]], Awaitable[ProbeTab]]
"""Makes a page that hands its reports to the function given. Raises BrowserError."""


class ProbeLife:
    """Implements `protocols.Probe`: one page that acts as one user.

    `screenshots` is the directory for screenshots; `monotonic` is the host's clock. `secrets` are
    more variables of the probe, whose values are in no message of it. Where `steps_watched`, the
    page stays for a moment after its `leave` steps, so that what these left open is seen.
    """

    def __init__(
        self,
        steps: RoleSteps,
        open_page: OpenPage,
        screenshots: Path,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        secrets: Mapping[str, str] | None = None,
        steps_watched: StepsWatched = "no",
    ) -> None:
        self._steps = steps
        self._open_page = open_page
        self._screenshots = screenshots
        self._monotonic = monotonic
        self._secrets = dict(secrets or {})
        self._steps_watched = steps_watched
        self._plan: ProbePlan | None = None
        self._page: ProbeTab | None = None
        self._joining_s = 0.0
        self._is_in = False
        self._acting = asyncio.Lock()
        self._closed = False
        self._seen: asyncio.Queue[Seen | None] = asyncio.Queue()

    async def open(self, plan: ProbePlan) -> None:
        """Make the page, with our scripts in it. Raises BrowserError."""
        self._plan = plan
        known = replace(plan, variables={**plan.variables, **self._secrets})
        self._page = await self._open_page(known, self._seen.put_nowait)
        self._emit("opened", f"as {plan.role} of {plan.session}")

    async def join(self) -> None:
        """The driver's `join` steps. Raises JoinError, BrowserError."""
        self._joining_s = self._monotonic()
        self._emit("joining")
        await self._run("join", self._steps.join)

    async def joined(self) -> Joined:
        """The driver's `joined` steps. Raises JoinError, BrowserError."""
        plan, _page = self._opened()
        await self._run("joined", self._steps.joined)
        self._is_in = True
        join_s = self._monotonic() - self._joining_s
        self._emit("joined", f"after {join_s:.1f} s", join_s=join_s, step=self._last_step())
        return Joined(plan.probe, join_s)

    def _last_step(self) -> str:
        """The last of the steps by which a probe joins, with its place in the driver."""
        for part, steps in (("joined", self._steps.joined), ("join", self._steps.join)):
            if steps:
                return placed_name(part, len(steps), steps[-1])
        return ""

    async def after_join(self, number: int) -> None:
        """The driver's `after_join` steps of that number, in the hold; one after the other.

        Raises JoinError, after which the page goes on, or BrowserError.
        """
        plan, _page = self._opened()
        steps = self._steps.after_join[number]
        async with self._acting:
            began_s = self._monotonic()
            facts: dict[str, Any] = {"number": number, "place": steps.place}
            try:
                await self._steps_of(f"after_join {number + 1}", steps.steps)
            except JoinError as error:
                file = await self.screenshot(f"{plan.probe}-after-join-{number + 1}")
                facts |= {"reason": error.reason, "screenshot": file and file.name}
                facts["took_s"] = self._monotonic() - began_s
                self._emit("after_join", str(error), **facts)
                raise JoinError(error.reason, str(error), file) from error
            facts["took_s"] = self._monotonic() - began_s
            names = ", ".join(step_name(step) for step in steps.steps)
            self._emit("after_join", names, **facts)

    async def leave(self) -> None:
        """The driver's `leave` steps, then the page is closed. A failed step is only reported."""
        async with self._acting:  # steps of the hold end first
            if self._page is not None and self._is_in:
                try:
                    await self._steps_of("leave", self._steps.leave)
                    self._emit("left")
                    if self._steps_watched != "no":
                        await asyncio.sleep(LOOK_AFTER_LEAVE_S)
                except (JoinError, BrowserError) as error:
                    self._emit("left", f"{CLOSED_INSTEAD}: {error}")
            await self.close()

    async def screenshot(self, name: str) -> Path | None:
        """A screenshot of the page in `NAME.png`; `None` if the page cannot make one."""
        path = await self._picture(name)
        if path is not None:
            self._emit("screenshot", file=path.name)
        return path

    async def evidence(self) -> AsyncIterator[Seen]:
        """Reports and events as they come; ends after `close`. For one reader."""
        while (seen := await self._seen.get()) is not None:
            yield seen

    async def close(self) -> None:
        """Idempotent; nothing of the page is left."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._page is not None:
                await self._page.close()
        finally:
            self._seen.put_nowait(None)

    async def _run(self, part: str, steps: Sequence[Step]) -> None:
        """Run steps of joining: a failure is reported with a screenshot, and closes the page."""
        plan, _page = self._opened()
        try:
            await self._steps_of(part, steps)
        except JoinError as error:
            file = await self.screenshot(f"{plan.probe}-{error.reason}")
            self._failed(error.reason, str(error), file)
            await self.close()
            raise JoinError(error.reason, str(error), file) from error
        except BrowserError as error:
            self._failed("browser", str(error), None)
            await self.close()
            raise

    async def _steps_of(self, part: str, steps: Sequence[Step]) -> None:
        plan, page = self._opened()

        async def take_screenshot(name: str) -> None:
            await self.screenshot(f"{plan.probe}-{name}")

        def skipped(step: Step, line: str) -> None:
            self._emit("skipped", line, place=step.place)

        run = StepRun(
            page,
            take_screenshot,
            skipped,
            self._monotonic,
            self._secrets,
            None if self._steps_watched == "no" else self._done,
        )
        await run.run(part, steps, plan.variables)

    async def _done(self, done: StepDone) -> None:
        """Report a step that is over, with a picture of the page where these are asked for."""
        plan, _page = self._opened()
        picture = None
        if self._steps_watched == "pictured":
            picture = await self._picture(f"{plan.probe}-{done.part}-{done.number:02d}")
        error = done.error
        self._seen.put_nowait(
            ProbeEvent(
                plan.probe,
                "step",
                done.begun_s + done.took_s,
                done.name if error is None else f"{done.name}: {error}",
                {
                    "part": done.part,
                    "number": done.number,
                    "place": done.place,
                    "took_s": done.took_s,
                    "reason": None if error is None else error.reason,
                    "file": None if picture is None else picture.name,
                },
            )
        )

    async def _picture(self, name: str) -> Path | None:
        """A screenshot of the page in `NAME.png`; `None` if the page cannot make one."""
        if self._page is None or self._closed:
            return None
        self._screenshots.mkdir(parents=True, exist_ok=True)
        path = self._screenshots / f"{name}.png"
        return path if await self._page.screenshot(path) else None

    def _opened(self) -> tuple[ProbePlan, ProbeTab]:
        if self._plan is None or self._page is None:
            raise BrowserError("the probe has no page: open it first")
        return self._plan, self._page

    def _failed(self, reason: str, message: str, screenshot: Path | None) -> None:
        file = None if screenshot is None else screenshot.name
        self._emit("failed", message, reason=reason, screenshot=file)

    def _emit(self, kind: EventKind, message: str = "", **data: Any) -> None:
        plan, _page = self._opened()
        self._seen.put_nowait(ProbeEvent(plan.probe, kind, self._monotonic(), message, data))
