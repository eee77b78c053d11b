"""Executes a list of a driver's steps in a page: one by one, repeated, or skipped.

A failure names the step by its place in the driver, its part, number and name, outermost first.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from farm.drivers.steps import step_for, step_name, unsaved
from farm.errors import JoinError
from farm.model.driver import IfVisible, Repeat, Screenshot, Step, WaitFor
from farm.model.wording import counted, within_limit
from farm.planning.partners import PARTNERS

LOOK_WITHIN_S = 0.1
"""How long a `repeat: {until: ...}` looks at its condition before each turn."""


class StepPage(Protocol):
    """A page in which steps are executed (`farm.browser.BrowserPage`)."""

    def begins(self, step: str) -> None:
        """Note the step that is executed from now on, as messages name it."""

    async def run(self, step: Step) -> Mapping[str, str] | None:
        """Execute a step without steps of its own; returns the values that it saved, by variable.

        Raises JoinError, BrowserError.
        """

    async def holds(self, condition: WaitFor) -> bool:
        """Whether it is true, or becomes so within its time. Raises JoinError, BrowserError."""

    async def late(self, step: Step, what: str) -> JoinError:
        """The error for steps that took too long together; `what` says so."""


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step of a part of a role that is over, with all steps inside of it; `error` if it failed.

    `begun_s` is by the host's clock, `place` is `FILE:LINE` of the driver.
    """

    part: str
    number: int
    name: str
    place: str
    begun_s: float
    took_s: float
    error: JoinError | None = None


@dataclass(frozen=True, slots=True)
class StepRun:
    """Executes steps of one part of a role (`join`, `leave`, ...) with a probe's variables.

    `take_screenshot` takes a picture of a name, `skipped` is told of steps that are skipped,
    `monotonic` is the host's clock. `secrets` are more variables, whose values are in no name; what
    steps save is added to them. `done` is told of each step that is over, not of those inside of
    others.
    """

    page: StepPage
    take_screenshot: Callable[[str], Awaitable[object]]
    skipped: Callable[[Step, str], None]
    monotonic: Callable[[], float]
    secrets: dict[str, str]
    done: Callable[[StepDone], Awaitable[object]] | None = None

    async def run(self, part: str, steps: Sequence[Step], variables: Mapping[str, str]) -> None:
        """Raises JoinError for the first that fails, BrowserError after a crash."""
        try:
            for number, step in enumerate(steps, start=1):
                await self._watched(part, number, step, variables)
        except _StepError as error:
            message = f"{_named(error.step, error.name)}: {error.cause}"
            raise JoinError(error.cause.reason, message) from error

    async def _watched(
        self, part: str, number: int, step: Step, variables: Mapping[str, str]
    ) -> None:
        """Execute a step, and tell `done` of it."""
        if self.done is None:
            await self._numbered(part, number, step, variables)
            return
        name, begun_s = step_name(step_for(step, variables)), self.monotonic()

        def over(error: JoinError | None = None) -> StepDone:
            took_s = self.monotonic() - begun_s
            return StepDone(part, number, name, step.place, begun_s, took_s, error)

        try:
            await self._numbered(part, number, step, variables)
        except _StepError as error:
            await self.done(over(error.cause))
            raise
        await self.done(over())

    async def _all(self, part: str, steps: Sequence[Step], variables: Mapping[str, str]) -> None:
        for number, step in enumerate(steps, start=1):
            await self._numbered(part, number, step, variables)

    async def _numbered(
        self, part: str, number: int, template: Step, variables: Mapping[str, str]
    ) -> None:
        shown = step_for(template, variables)
        name = _numbered_name(part, number, shown)
        self.page.begins(_named(shown, name))
        try:
            if isinstance(shown, Screenshot):
                await self.take_screenshot(shown.name)
            else:
                await self._one(self._filled(template, variables), name, variables)
        except JoinError as error:
            raise _StepError(shown, name, error) from error

    def _filled(self, template: Step, variables: Mapping[str, str]) -> Step:
        """The step with all of its values. Raises JoinError for one that no step has saved."""
        known = {**variables, **self.secrets}
        for name in unsaved(template, known):
            missing = f"{{{name}}}: no http step has saved it: the one that does was skipped"
            raise JoinError("request", missing)
        return step_for(template, known)

    async def _one(self, step: Step, name: str, variables: Mapping[str, str]) -> None:
        match step:
            case IfVisible(selector, steps):
                condition = WaitFor(selector, where=step.where, within_s=step.within_s)
                if await self.page.holds(condition):
                    await self._all(f"{name},", steps, variables)
                else:
                    late = f"not visible within {step.within_s:g} s"
                    self.skipped(step, f"{name}: {late}, {counted(len(steps), 'step')} skipped")
            case Repeat():
                await self._repeat(step, name, variables)
            case _:
                self.secrets.update(await self.page.run(step) or {})

    async def _repeat(self, step: Repeat, name: str, variables: Mapping[str, str]) -> None:
        ends_s = self.monotonic() + step.within_s
        for turn, own in enumerate(_turns(step, variables.get(PARTNERS, ""))):
            known = {**variables, "turn": str(turn), **own}
            if step.until is not None and await self._holds(step, step.until, known):
                return
            if self.monotonic() >= ends_s:
                late = f"not {within_limit(step.within_s)}, after {counted(turn, 'turn')}"
                self.page.begins(_named(step, name))
                raise await self.page.late(step, late)
            await self._all(f"{name}, turn {turn + 1},", step.steps, known)

    async def _holds(self, step: Repeat, until: WaitFor, variables: Mapping[str, str]) -> bool:
        now = replace(until, where=step.where, within_s=LOOK_WITHIN_S)
        condition = self._filled(now, variables)
        return isinstance(condition, WaitFor) and await self.page.holds(condition)


class _StepError(Exception):
    """The innermost step that failed, with the names of those around it."""

    def __init__(self, step: Step, name: str, cause: JoinError) -> None:
        super().__init__(name)
        self.step = step
        self.name = name
        self.cause = cause


def placed_name(part: str, number: int, step: Step) -> str:
    """A step as messages name it: `mine.yaml:6: join step 2, click #start`."""
    return _named(step, _numbered_name(part, number, step))


def _numbered_name(part: str, number: int, step: Step) -> str:
    return f"{part} step {number}, {step_name(step)}"


def _named(step: Step, name: str) -> str:
    """The step with its place in the driver, where it has one."""
    return f"{step.place}: {name}" if step.place else name


def _turns(step: Repeat, partners: str) -> Iterator[Mapping[str, str]]:
    """The variables of each turn, beside its number; `until` ends them."""
    if step.each_partner:
        yield from ({"partner": name} for name in partners.split())
    elif step.times is not None:
        if not step.times.isdecimal():
            raise JoinError("page_error", "what it names is no whole number of turns")
        yield from ({} for _ in range(int(step.times)))
    else:
        while True:
            yield {}
