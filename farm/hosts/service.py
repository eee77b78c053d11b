"""The host's side of a remote host: answers a `RemoteHost`'s questions with a `LocalHost`.

It runs on the machine of the probes, in a process of its own. After `silent_s` seconds without a
question the controller is gone: browsers end.
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
"""Time for which evidence is gathered before it is sent."""

SILENT_S = 20.0
"""After this time without a question the controller is gone: it asks for evidence always."""


class HostService:
    """Answers questions with a host that `make` makes of child processes of its own.

    `look` returns the machine's facts, given the experiment's Chromium and page. `files` is the
    directory for clips from the controller. `orphaned` is called when the controller is gone and
    all is closed. `code` returns the version of this farm. `temporary` is where the folder of its
    logs and profiles is made; `None`: where the system has such folders.
    """

    def __init__(
        self,
        make: Callable[[Processes], Host],
        look: Callable[[Path | None, str | None], Awaitable[HostLook]],
        files: Path,
        orphaned: Callable[[], None],
        silent_s: float = SILENT_S,
        *,
        code: Callable[[], str] = own_code,
        temporary: Path | None = None,
    ) -> None:
        self._make = make
        self._look = look
        self._files = files
        self._orphaned = orphaned
        self._silent_s = silent_s
        self._code = code
        self._temporary = temporary
        self._host: Host | None = None
        self._opened = AsyncExitStack()
        self._seen: asyncio.Queue[Evidence | RemoteScreenshot | None] = asyncio.Queue()
        self._pumping: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._asked_s = time.monotonic()
        self._unanswered = 0
        self._answers: dict[str, Callable[..., Awaitable[Any]]] = {
            "farm": self._farm,
            "look": self._facts,
            "lacks": self._lacks,
            "bring": self._bring,
            "open": self._open,
            "clock": self._clock,
            "start": self._start,
            "join": self._join,
            "joined": self._joined,
            "after_join": self._after_join,
            "leave": self._leave,
            "screenshot": self._screenshot,
            "evidence": self._evidence,
            "close": self._close,
        }

    async def answer(self, question: bytes) -> bytes:
        """Answer one `Question`; a FarmError becomes an answer, too."""
        self._unanswered += 1
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch_for_silence())
        asked = unpacked(question, Question)
        try:
            return packed(Reply(await self._answers[asked.what](*asked.given)))
        except FarmError as error:
            return packed(Reply(trouble=trouble_of(error)))
        finally:
            self._unanswered -= 1
            self._asked_s = time.monotonic()

    async def _watch_for_silence(self) -> None:
        """Close after `silent_s` without a question; a slow answer on its way is no silence."""
        while self._unanswered or time.monotonic() < self._asked_s + self._silent_s:
            await asyncio.sleep(self._silent_s / 20)
        try:
            await self._close()
        finally:
            self._orphaned()

    async def _farm(self) -> str:
        return self._code()

    async def _facts(self, chromium: Path | None, app_url: str | None) -> HostLook:
        return await self._look(chromium, app_url)

    async def _clock(self) -> float:
        return time.monotonic()

    # ------------------------------------------------------------ clips

    async def _lacks(self, name: str) -> bool:
        return not self._brought(name).exists()

    async def _bring(self, name: str, at: int, data: bytes, last: bool) -> None:
        """Write a piece of a file, from its byte `at` on; the `last` piece completes it."""
        whole = self._brought(name)
        self._files.mkdir(parents=True, exist_ok=True)
        partial = whole.with_name(f"{name}.{os.getpid()}")
        with partial.open("ab" if at else "wb") as file:
            file.write(data)
        if last:
            if name_of(partial.read_bytes(), Path(name).suffix) != name:
                partial.unlink()
                raise GeneratorError(f"{name} did not arrive complete")
            partial.rename(whole)

    def _brought(self, name: str) -> Path:
        """The path of a file named by `name_of`. Raises GeneratorError for another name."""
        if name in {"", ".."} or Path(name).name != name:
            raise GeneratorError(f"{name}: not the name of a file")
        return self._files / name

    # ------------------------------------------------------------ the host

    async def _open(self, kit: HostKit, brought: dict[str, str]) -> HostFacts:
        """Open the host; `brought` has the settings of `media:` that are files here, by name."""
        directory = Path(tempfile.mkdtemp(prefix="probe-farm-host-", dir=self._temporary))
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
                self._send_screenshot(screenshots / str(seen.data["file"]))
        self._seen.put_nowait(None)

    def _send_screenshot(self, file: Path) -> None:
        try:
            self._seen.put_nowait(RemoteScreenshot(file.name, file.read_bytes()))
        except OSError:
            return  # its event was sent and says that there was one

    async def _start(self, plan: ProbePlan) -> None:
        await self._running().start(plan)

    async def _join(self, probe: str) -> None:
        await self._running().join(probe)

    async def _joined(self, probe: str) -> Joined:
        return await self._running().joined(probe)

    async def _after_join(self, probe: str, number: int) -> None:
        await self._running().after_join(probe, number)

    async def _leave(self, probe: str) -> None:
        await self._running().leave(probe)

    async def _screenshot(self, probe: str, name: str) -> str | None:
        path = await self._running().screenshot(probe, name)
        return None if path is None else path.name

    async def _evidence(self, wait_s: float) -> EvidenceBatch:
        """Evidence of a moment; an empty batch if there is none within `wait_s`."""
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
        """Idempotent; afterwards nothing of ours runs but this service itself."""
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
