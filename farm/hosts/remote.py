"""A remote host on the controller's side: sends questions, returns the answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from farm.errors import BadInput, BrowserError, GeneratorError, HostLost
from farm.hosts.code_version import own_code
from farm.hosts.rpc import (
    EvidenceBatch,
    Question,
    RemoteScreenshot,
    Reply,
    RpcChannel,
    name_of,
    packed,
    raised,
    unpacked,
)
from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostFacts, HostLook, HostSample
from farm.model.page_samples import Joined
from farm.model.trial_plan import ProbePlan
from farm.protocols import Clock, Evidence, HostKit
from farm.recording.durable_file import beside

SILENT_S = 10.0
"""After this time without an answer a host is lost."""

FACTS_WITHIN_S = 60.0
OPEN_WITHIN_S = 120.0
"""Includes converting a user's own clip there."""

CLOSE_WITHIN_S = 20.0
CLOCK_READINGS = 8
PIECE_BYTES = 4 << 20


class RemoteHost:
    """Implements `protocols.Host` with a `HostService` at the other end of a channel.

    A lost host stays lost: `evidence` raises HostLost, and calls for its probes fail. `connect`
    opens the channel. `silent_s` is how long evidence may be missing before the host is lost.
    `app_late_s` asks our demo app, if it runs on the controller, how late its loop was; its answers
    go into the host's samples. Files are sent in pieces of `piece_bytes`.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Awaitable[RpcChannel]],
        clock: Clock,
        app_late_s: Callable[[], Awaitable[float | None]] | None = None,
        silent_s: float = SILENT_S,
        *,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._name = name
        self._connect = connect
        self._channel: RpcChannel | None = None
        self._time = clock
        self._silent_s = silent_s
        self._app_late_s = app_late_s
        self._piece_bytes = piece_bytes
        self._late: asyncio.Future[float | None] | None = None
        self._screenshots = Path()
        self._reading: ClockReading | None = None
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._evidence_ended = asyncio.Event()
        self._listened = False
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    async def look(self, chromium: Path | None, app_url: str | None) -> HostLook:
        """Facts of the machine, its Chromium, and whether it reaches the page under test.

        Raises BadInput if its farm is of another version, GeneratorError.
        """
        there: str = await self._ask("farm", within_s=FACTS_WITHIN_S)
        if there != own_code():
            raise BadInput(
                f"host {self._name} has farm {there}, this machine {own_code()}: "
                "install the same on both"
            )
        look: HostLook = await self._ask("look", chromium, app_url, within_s=FACTS_WITHIN_S)
        return look

    async def open(self, kit: HostKit) -> HostFacts:
        """Send files, start Chromium, read the clock. Raises BadInput, GeneratorError."""
        self._screenshots = kit.screenshots
        brought = {}
        for key in ("video", "audio"):
            path = Path(getattr(kit.media, key))
            if path.is_absolute():
                brought[key] = await self._bring(path)
        facts: HostFacts = await self._ask("open", kit, brought, within_s=OPEN_WITHIN_S)
        await self.clock()
        return facts

    async def start(self, plan: ProbePlan) -> None:
        await self._ask("start", plan)

    async def join(self, probe: str) -> None:
        await self._ask("join", probe)

    async def joined(self, probe: str) -> Joined:
        joined: Joined = await self._ask("joined", probe)
        return joined

    async def after_join(self, probe: str, number: int) -> None:
        await self._ask("after_join", probe, number)

    async def leave(self, probe: str) -> None:
        with suppress(GeneratorError):
            await self._ask("leave", probe)

    async def screenshot(self, probe: str, name: str) -> Path | None:
        """Take a screenshot; its file arrives a moment later, with the evidence."""
        try:
            file: str | None = await self._ask("screenshot", probe, name)
        except GeneratorError:
            return None
        return None if file is None else self._screenshots / file

    async def evidence(self) -> AsyncIterator[Evidence]:
        """The remote host's evidence, a moment later; ends at `close`. Raises HostLost."""
        self._listened = True
        try:
            while True:
                batch = await self._batch()
                for seen in batch.seen:
                    if isinstance(seen, RemoteScreenshot):
                        await asyncio.to_thread(self._keep, seen)
                    elif isinstance(seen, HostSample):
                        yield replace(seen, app_late_s=self._latest_app_late_s())
                    else:
                        yield seen
                if batch.ended:
                    return
        finally:
            self._evidence_ended.set()

    async def _batch(self) -> EvidenceBatch:
        """Evidence of up to a second; a host without an answer for `silent_s` is lost."""
        try:
            batch: EvidenceBatch = await self._ask("evidence", 1.0, within_s=self._silent_s)
        except BrowserError as error:
            raise HostLost(str(error)) from error
        return batch

    def _latest_app_late_s(self) -> float | None:
        """How late the demo app was since the last sample; asks again for the next one."""
        if self._app_late_s is None or (self._late is not None and not self._late.done()):
            return None
        late_s = None if self._late is None else self._late.result()
        self._late = asyncio.ensure_future(self._app_late_s())
        return late_s

    def _keep(self, screenshot: RemoteScreenshot) -> None:
        """Write the screenshot; a full disk is reported by the recorder."""
        with suppress(OSError):
            self._screenshots.mkdir(parents=True, exist_ok=True)
            with beside(self._screenshots / Path(screenshot.file).name) as to:
                to.write_bytes(screenshot.png)

    async def clock(self) -> ClockReading:
        """Its monotonic clock as run time, from the quickest of several questions.

        For a lost host, the last reading.
        """
        try:
            readings = [await self._read_clock() for _ in range(CLOCK_READINGS)]
        except GeneratorError:
            if self._reading is None:
                raise
            return self._reading
        self._reading = min(readings, key=lambda reading: reading.error_s)
        return self._reading

    async def _read_clock(self) -> ClockReading:
        asked_s = self._time.run_s()
        there_s: float = await self._ask("clock", within_s=self._silent_s)
        answered_s = self._time.run_s()
        half_s = (answered_s - asked_s) / 2
        return ClockReading(self._name, asked_s + half_s - there_s, half_s, answered_s)

    async def close(self) -> None:
        """Idempotent; ends what runs there, which ends by itself if it cannot be reached."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._channel is not None and not self._lost.done():
                with suppress(GeneratorError):
                    await self._ask("close", within_s=CLOSE_WITHIN_S)
                if self._listened:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._silent_s):
                            await self._evidence_ended.wait()
        finally:
            self._lose("it was closed")
            if self._late is not None:
                self._late.cancel()
            if self._channel is not None:
                await self._channel.cut()

    # ------------------------------------------------------------ asking

    async def _ask(self, what: str, *given: Any, within_s: float | None = None) -> Any:
        """The answer. Raises the remote error, or BrowserError when the host is lost.

        Without `within_s` the remote host enforces its own time limits.
        """
        if self._lost.done():
            raise BrowserError(self._lost.result())
        try:
            if self._channel is None:
                self._channel = await self._connect()
            asking = asyncio.ensure_future(self._channel.ask(packed(Question(what, given))))
            waiting: set[asyncio.Future[Any]] = {asking, self._lost}
            try:
                await asyncio.wait(waiting, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
                if not asking.done():
                    raise HostLost(f"did not answer within {within_s or 0:g} s")
                answer = unpacked(asking.result(), Reply)
            finally:
                asking.cancel()
        except HostLost as error:
            self._lose(str(error))
            raise BrowserError(self._lost.result()) from error
        if answer.trouble is not None:
            raise raised(answer.trouble, self._name, self._screenshots)
        return answer.value

    def _lose(self, why: str) -> None:
        if not self._lost.done():
            self._lost.set_result(f"host {self._name} is lost: {why}")

    async def _bring(self, path: Path) -> str:
        """Send the file unless the host has it; its name there."""
        data = await asyncio.to_thread(path.read_bytes)
        name = name_of(data, path.suffix)
        if await self._ask("lacks", name, within_s=self._silent_s):
            for at in range(0, len(data), self._piece_bytes):
                piece = data[at : at + self._piece_bytes]
                last = at + self._piece_bytes >= len(data)
                await self._ask("bring", name, at, piece, last, within_s=OPEN_WITHIN_S)
        return name
