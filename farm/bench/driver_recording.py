"""Records a driver: a person acts as each role in turn, in windows of one browser."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from farm.bench.app_page import check_app
from farm.bench.page_request import PageRequest
from farm.browser.browser import Browser
from farm.browser.chromiums import Chromiums, PlayedFiles
from farm.browser.recorded_action import ReceivedVideo, RecordedAction
from farm.browser.recorded_page import RecordedPage
from farm.drivers import parse_driver
from farm.drivers.recorded_driver import Part, RecordedDriver, RecordedRole
from farm.drivers.steps import step_for
from farm.errors import BadInput, FarmError
from farm.model.driver import Driver
from farm.model.experiment import Experiment, MediaSettings, RoomMedia, ScenarioKind
from farm.model.page_address import app_address, login_of
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import plan_trial
from farm.processes import Processes
from farm.protocols import HostKit

HELD_BACK_S = 0.8
"""The recorder tells a click only when it knows that it is no double click."""

VIDEO_WITHIN_S = 20.0


class Person(Protocol):
    """Who acts in the windows."""

    async def act(self, asked: str, role: str, pages: Mapping[str, RecordedPage]) -> None:
        """Do what is asked for, in the page of `role` above all; return when it is done."""

    async def names(self, typed: Sequence[Typed]) -> Mapping[str, str]:
        """The templates that are to stand for some of the texts that were typed."""

    def say(self, line: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Typed:
    """A text that was typed as a role into the field that has this label."""

    role: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a role's person is asked for in the course of a recording."""

    role: str
    after: str | None
    what: str


ASKED: Mapping[ScenarioKind, tuple[Asked, ...]] = {
    "one_to_one": (
        Asked("callee", None, "do what the one who is called does, until the page waits for calls"),
        Asked("caller", "callee", "call; answer in the other window if it asks, until both are in"),
    ),
    "group": (Asked("member", None, "join the room, until you are in it"),),
    "broadcast": (
        Asked("presenter", None, "start to present"),
        Asked("viewer", "presenter", "start to watch, until the video plays"),
    ),
}


@dataclass(slots=True)
class _Windows:
    """The recorded pages by role, the part in which each role is, and the actions so far."""

    pages: dict[str, RecordedPage] = field(default_factory=dict)
    part: dict[str, Part] = field(default_factory=dict)
    actions: dict[str, dict[Part, list[RecordedAction]]] = field(default_factory=dict)

    def note(self, role: str, action: RecordedAction, is_update: bool) -> None:
        of = self.actions[role]
        if is_update:
            latest = next((of[part] for part in reversed(list(of)) if of[part]), None)
            if latest is not None:
                latest[-1] = action
                return
        of.setdefault(self.part[role], []).append(action)

    def typed(self) -> list[Typed]:
        """What was typed, each text once, in the order of roles and parts."""
        found: dict[str, Typed] = {}
        for role, parts in self.actions.items():
            for action in (action for actions in parts.values() for action in actions):
                if action.name == "fill" and action.text.strip():
                    found.setdefault(action.text, Typed(role, action.label, action.text))
        return list(found.values())


async def record_driver(
    experiment: Experiment,
    page: str,
    goto: str,
    names: Mapping[str, str],
    person: Person,
    *,
    prepare: Callable[[MediaSettings], PlayedFiles],
    logs: Path,
    headed: bool,
) -> RecordedDriver:
    """Record the roles of the experiment's scenario at `page`.

    `goto` is that page's address as a template of `app.url`; `names` are those that are known
    before. `prepare` makes what the cameras show. Members of a room that is recorded are joined by
    others, which do what the first one did. Raises BadInput for a page that does not answer,
    JoinError, BrowserError.
    """
    url = experiment.app.url
    if url is None:
        raise BadInput("there is no page to record at: expected a URL")
    request = PageRequest(login=login_of(page))
    await check_app(page, accept_self_signed=experiment.app.accept_self_signed, request=request)
    async with Processes(logs) as processes:
        browsers = Chromiums(processes, prepare, headed=headed)
        kit = HostKit(
            app_url=url,
            accept_self_signed=experiment.app.accept_self_signed,
            driver=Driver("recorded", {}),
            media=experiment.media,
            probes=experiment.probes,
            poll_s=experiment.trial.poll_s,
            screenshots=logs,
        )
        try:
            await browsers.open(kit)
            recording = _Recording(
                experiment,
                await browsers.browser(),
                person,
                page=page,
                goto=goto,
                names=dict(names),
            )
            return await recording.record()
        finally:
            await browsers.close()


class _Recording:
    """One recording while it is made."""

    def __init__(
        self,
        experiment: Experiment,
        browser: Browser,
        person: Person,
        *,
        page: str,
        goto: str,
        names: dict[str, str],
    ) -> None:
        self._kind = experiment.scenario.kind
        self._goto, self._names, self._browser, self._person = goto, names, browser, person
        load = smallest_load(experiment.scenario)
        plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
        address = app_address(experiment.app.url or "")
        self._plans = [
            replace(probe, variables={**probe.variables, "app_url": address})
            for probe in plan.probes
        ]
        self._page = app_address(page)
        self._windows = _Windows()

    async def record(self) -> RecordedDriver:
        windows, media = self._windows, None
        for asked in ASKED[self._kind]:
            await self._open(asked.role)
            for role in windows.pages:
                windows.part[role] = "join" if role == asked.role else "joined"
            await self._act(f"{asked.role}: {asked.what}", asked.role)
        if self._kind == "group":
            await self._ask_names()
            await self._bring_partners()
        videos = {role: await self._video(role) for role in self._receivers()}
        if self._kind == "group" and videos.get("member") is not None:
            media = _room_media(videos["member"], len(self._plans) - 1)
        for role in windows.pages:
            windows.part[role] = "leave"
        last = ASKED[self._kind][-1].role
        await self._act("leave as a user does, in each window that needs it", last)
        for page in windows.pages.values():
            await page.stop()
        if self._kind != "group":
            await self._ask_names()
        return self._driver(videos, media)

    # ------------------------------------------------------------ windows

    async def _open(self, role: str) -> None:
        windows = self._windows
        plan = next(plan for plan in self._plans if plan.role == role)
        windows.actions[role], windows.part[role] = {}, "join"
        browser_page = await self._browser.page(plan, lambda _seen: None, drawn=True)
        page = RecordedPage(
            browser_page, lambda action, is_update: windows.note(role, action, is_update)
        )
        windows.pages[role] = page
        await page.open(self._page)

    async def _act(self, asked: str, role: str) -> None:
        await self._person.act(asked, role, self._windows.pages)
        await asyncio.sleep(HELD_BACK_S)

    async def _ask_names(self) -> None:
        typed = [each for each in self._windows.typed() if each.text not in self._names]
        self._names.update(await self._person.names(typed))

    async def _bring_partners(self) -> None:
        """Let further members do in their pages what the first one did."""
        text = self._driver({}, None).text()
        steps = parse_driver(text, "what was recorded", Path()).roles["member"].join
        typed_of = {template: typed for typed, template in self._names.items()}
        session = typed_of.get("{session}", "s000")
        for plan in self._plans[1:]:
            variables = {**plan.variables, "session": session}
            page = await self._browser.page(plan, lambda _seen: None, drawn=True)
            try:
                for step in steps:
                    await page.run(step_for(step, variables))
            except FarmError as error:
                self._person.say(f"another member could not join by the same steps: {error}")
                return
        self._person.say(f"{len(self._plans) - 1} more members joined by the same steps")

    # ------------------------------------------------------------ what came

    def _receivers(self) -> list[str]:
        return list(dict.fromkeys(plan.role for plan in self._plans if plan.receives))

    async def _video(self, role: str) -> ReceivedVideo | None:
        """Where the role's received video is shown; waits for it, in a room for all."""
        wanted = len(self._plans) - 1 if self._kind == "group" else 1
        page, found = self._windows.pages[role], None
        for _ in range(int(VIDEO_WITHIN_S)):
            found = await page.received_video()
            if found is not None and found.elements >= wanted:
                break
            await asyncio.sleep(1)
        if found is None:
            self._person.say(
                f"{role}: no <video> of its page shows a received video: joined is left to you"
            )
        return found

    def _driver(
        self, videos: Mapping[str, ReceivedVideo | None], media: RoomMedia | None
    ) -> RecordedDriver:
        roles = [
            RecordedRole(
                asked.role,
                asked.after,
                self._windows.actions[asked.role],
                videos.get(asked.role),
                of_each=media == "forwarded",
            )
            for asked in ASKED[self._kind]
        ]
        return RecordedDriver(self._goto, roles, self._names, media)


def _room_media(video: ReceivedVideo | None, partners: int) -> RoomMedia | None:
    """What the room's server seems to do, by the number of elements that show received videos."""
    if video is None or partners < 2:
        return None
    if video.elements == partners:
        return "forwarded"
    return "mixed" if video.elements == 1 else None
