"""A host far away, its own side: a `LocalHost` there, and who answers for it on the line.

It is made on the machine that runs the probes, in a process of its own, and asked by a
`RemoteHost`. When nobody has asked for `deaf_s` seconds the controller is gone: browsers end.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from farm.errors import BrowserError, FarmError, GeneratorError
from farm.hosts.code_version import own_code
from farm.hosts.rpc import (
    EvidenceBatch,
    Question,
    RemoteScreenshot,
    Reply,
    name_of,
    packed,
    trouble_of,
    unpacked,
)
from farm.model.host_samples import HostFacts, HostLook
from farm.model.page_samples import Joined, ProbeEvent
from farm.model.trial_plan import ProbePlan
from farm.processes import Processes
from farm.protocols import Evidence, Host, HostKit

BATCH_S = 0.5
"""How long evidence is gathered before it is sent."""

DEAF_S = 20.0
"""The controller asks for evidence all the time; so long without a question and it is gone."""


class HostService:
    """Answers questions with a host that `make` makes of child processes of its own.

    `look` tells what the machine is and has, given the Chromium and the page that are asked for.
    `files` is where clips from the controller are kept.
    `orphaned` is called when the controller is gone and all is closed. `code` says which farm this
    is.
    """

    def __init__(
        self,
        make: Callable[[Processes], Host],
        look: Callable[[Path | None, str | None], Awaitable[HostLook]],
        files: Path,
        orphaned: Callable[[], None],
        deaf_s: float = DEAF_S,
        *,
        code: Callable[[], str] = own_code,
    ) -> None:
        self._make = make
        self._look = look
        self._files = files
        self._orphaned = orphaned
        self._deaf_s = deaf_s
        self._code = code
        self._host: Host | None = None
        self._opened = AsyncExitStack()
        self._seen: asyncio.Queue[Evidence | RemoteScreenshot | None] = asyncio.Queue()
        self._pumping: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._heard_s = time.monotonic()
        self._unanswered = 0
        self._answers: dict[str, Callable[..., Awaitable[Any]]] = {
            "farm": self._farm,
            "look": self._looked,
            "lacks": self._lacks,
            "bring": self._bring,
            "open": self._open,
            "clock": self._clock,
            "start": self._start,
            "join": self._join,
            "joined": self._joined,
            "leave": self._leave,
            "screenshot": self._screenshot,
            "evidence": self._evidence,
            "close": self._close,
        }

    async def answer(self, question: bytes) -> bytes:
        """One `Question`, answered; errors raised on purpose are answers, too."""
        self._unanswered += 1
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())
        asked = unpacked(question, Question)
        try:
            return packed(Reply(await self._answers[asked.what](*asked.given)))
        except FarmError as error:
            return packed(Reply(trouble=trouble_of(error)))
        finally:
            self._unanswered -= 1
            self._heard_s = time.monotonic()

    async def _listen(self) -> None:
        """What takes its time, such as a clip that is made first, is no silence."""
        while self._unanswered or time.monotonic() < self._heard_s + self._deaf_s:
            await asyncio.sleep(self._deaf_s / 20)
        try:
            await self._close()
        finally:
            self._orphaned()

    async def _farm(self) -> str:
        return self._code()

    async def _looked(self, chromium: Path | None, app_url: str | None) -> HostLook:
        return await self._look(chromium, app_url)

    async def _clock(self) -> float:
        return time.monotonic()

    # ------------------------------------------------------------ clips

    async def _lacks(self, name: str) -> bool:
        return not self._brought(name).exists()

    async def _bring(self, name: str, at: int, data: bytes, last: bool) -> None:
        """A piece of a file, from its byte `at` on; it is there when the last one has come."""
        whole = self._brought(name)
        self._files.mkdir(parents=True, exist_ok=True)
        coming = whole.with_name(f"{name}.{os.getpid()}")
        with coming.open("ab" if at else "wb") as file:
            file.write(data)
        if last:
            if name_of(coming.read_bytes(), Path(name).suffix) != name:
                coming.unlink()
                raise GeneratorError(f"{name} did not come whole")
            coming.rename(whole)

    def _brought(self, name: str) -> Path:
        """Where a file of that name, which `name_of` made, is kept. Raises GeneratorError."""
        if name in {"", ".."} or Path(name).name != name:
            raise GeneratorError(f"{name}: not the name of a file")
        return self._files / name

    # ------------------------------------------------------------ the host

    async def _open(self, kit: HostKit, brought: dict[str, str]) -> HostFacts:
        """`brought` says which settings of `media:` are files here, by their names."""
        directory = Path(tempfile.mkdtemp(prefix="probe-farm-host-"))
        try:
            processes = await self._opened.enter_async_context(Processes(directory / "logs"))
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise
        processes.take_over(directory)
        self._host = self._make(processes)
        self._opened.push_async_callback(self._host.close)
        media = kit.media
        if "video" in brought:
            media = replace(media, video=str(self._files / brought["video"]))
        if "audio" in brought:
            media = replace(media, audio=str(self._files / brought["audio"]))
        here = replace(kit, media=media, screenshots=directory / "screenshots")
        facts = await self._host.open(here)
        self._pumping = asyncio.create_task(self._pump(self._host, here.screenshots))
        return facts

    async def _pump(self, host: Host, screenshots: Path) -> None:
        async for seen in host.evidence():
            self._seen.put_nowait(seen)
            if isinstance(seen, ProbeEvent) and seen.kind == "screenshot":
                self._show(screenshots / str(seen.data["file"]))
        self._seen.put_nowait(None)

    def _show(self, picture: Path) -> None:
        try:
            self._seen.put_nowait(RemoteScreenshot(picture.name, picture.read_bytes()))
        except OSError:
            return  # the event is there and says that there was one

    async def _start(self, plan: ProbePlan) -> None:
        await self._running().start(plan)

    async def _join(self, probe: str) -> None:
        await self._running().join(probe)

    async def _joined(self, probe: str) -> Joined:
        return await self._running().joined(probe)

    async def _leave(self, probe: str) -> None:
        await self._running().leave(probe)

    async def _screenshot(self, probe: str, name: str) -> str | None:
        path = await self._running().screenshot(probe, name)
        return None if path is None else path.name

    async def _evidence(self, wait_s: float) -> EvidenceBatch:
        """What was seen, gathered for a moment; an empty batch after `wait_s` of silence."""
        try:
            async with asyncio.timeout(wait_s):
                seen = [await self._seen.get()]
        except TimeoutError:
            return EvidenceBatch((), ended=False)
        if seen[0] is not None:
            await asyncio.sleep(min(BATCH_S, wait_s))
        while not self._seen.empty():
            seen.append(self._seen.get_nowait())
        return EvidenceBatch(tuple(each for each in seen if each is not None), ended=None in seen)

    async def _close(self) -> None:
        """Idempotent; nothing of ours runs afterwards, only this service itself."""
        pumping, self._pumping = self._pumping, None
        opened, self._opened = self._opened, AsyncExitStack()
        try:
            if self._host is not None:
                await self._host.close()
            if pumping is not None:
                await pumping
        finally:
            await opened.aclose()

    def _running(self) -> Host:
        if self._host is None:
            raise BrowserError("the host is not open")
        return self._host
