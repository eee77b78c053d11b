"""A host far away, as the controller has it: questions on a line, and what came of them."""

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
"""So long without an answer and a host is lost."""

LOOK_WITHIN_S = 60.0
OPEN_WITHIN_S = 120.0
"""A clip of a user's own may have to be made there first."""

CLOSE_WITHIN_S = 20.0
CLOCK_LOOKS = 8
PIECE_BYTES = 4 << 20


class RemoteHost:
    """Implements `protocols.Host` with what answers at the other end of a line.

    A host that is lost is so for good: `evidence` says so, and a probe there can do nothing more.
    `silent_s` is how long evidence may not come before that. `app_late_s` asks our demo app, where
    it runs on the controller, how late it was; its answers go into the host's samples. Files are
    brought there in pieces of `piece_bytes`.
    """

    def __init__(
        self,
        name: str,
        line: Callable[[], Awaitable[RpcChannel]],
        clock: Clock,
        app_late_s: Callable[[], Awaitable[float | None]] | None = None,
        silent_s: float = SILENT_S,
        *,
        piece_bytes: int = PIECE_BYTES,
    ) -> None:
        self._name = name
        self._draw_line = line
        self._line: RpcChannel | None = None
        self._time = clock
        self._silent_s = silent_s
        self._app_late_s = app_late_s
        self._piece_bytes = piece_bytes
        self._late: asyncio.Future[float | None] | None = None
        self._screenshots = Path()
        self._reading: ClockReading | None = None
        self._lost: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._heard = asyncio.Event()
        self._listened = False
        self._closed = False

    @property
    def name(self) -> str:
        return self._name

    async def look(self, chromium: Path | None, app_url: str | None) -> HostLook:
        """What the machine is and has, of a Chromium and a page that it is to have.

        Raises BadInput if its farm is another, GeneratorError.
        """
        there: str = await self._ask("farm", within_s=LOOK_WITHIN_S)
        if there != own_code():
            raise BadInput(
                f"host {self._name} has farm {there}, this machine {own_code()}: "
                "install the same on both"
            )
        look: HostLook = await self._ask("look", chromium, app_url, within_s=LOOK_WITHIN_S)
        return look

    async def open(self, kit: HostKit) -> HostFacts:
        """Files brought there, Chromium ready, clock read. Raises BadInput, GeneratorError."""
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

    async def leave(self, probe: str) -> None:
        with suppress(GeneratorError):
            await self._ask("leave", probe)

    async def screenshot(self, probe: str, name: str) -> Path | None:
        """The file is there a moment later, with the evidence."""
        try:
            file: str | None = await self._ask("screenshot", probe, name)
        except GeneratorError:
            return None
        return None if file is None else self._screenshots / file

    async def evidence(self) -> AsyncIterator[Evidence]:
        """All that is seen over there, a moment later; ends at `close`. Raises HostLost."""
        self._listened = True
        try:
            while True:
                batch = await self._batch()
                for seen in batch.seen:
                    if isinstance(seen, RemoteScreenshot):
                        await asyncio.to_thread(self._keep, seen)
                    elif isinstance(seen, HostSample):
                        yield replace(seen, app_late_s=self._heard_of_app())
                    else:
                        yield seen
                if batch.ended:
                    return
        finally:
            self._heard.set()

    async def _batch(self) -> EvidenceBatch:
        """Whatever has come within a second; a host that is silent for long is lost."""
        try:
            batch: EvidenceBatch = await self._ask("evidence", 1.0, within_s=self._silent_s)
        except BrowserError as error:
            raise HostLost(str(error)) from error
        return batch

    def _heard_of_app(self) -> float | None:
        """What our demo app said since the last sample; it is asked for the next one."""
        if self._app_late_s is None or (self._late is not None and not self._late.done()):
            return None
        said = None if self._late is None else self._late.result()
        self._late = asyncio.ensure_future(self._app_late_s())
        return said

    def _keep(self, picture: RemoteScreenshot) -> None:
        """A disk that is full is the recorder's to tell."""
        with suppress(OSError):
            self._screenshots.mkdir(parents=True, exist_ok=True)
            with beside(self._screenshots / Path(picture.file).name) as to:
                to.write_bytes(picture.png)

    async def clock(self) -> ClockReading:
        """Its monotonic clock as run time: the quickest of some questions tells it best.

        A lost host's clock is what it was when it was read last.
        """
        try:
            readings = [await self._look_at_clock() for _ in range(CLOCK_LOOKS)]
        except GeneratorError:
            if self._reading is None:
                raise
            return self._reading
        self._reading = min(readings, key=lambda reading: reading.error_s)
        return self._reading

    async def _look_at_clock(self) -> ClockReading:
        asked_s = self._time.run_s()
        there_s: float = await self._ask("clock", within_s=self._silent_s)
        answered_s = self._time.run_s()
        half_s = (answered_s - asked_s) / 2
        return ClockReading(self._name, asked_s + half_s - there_s, half_s, answered_s)

    async def close(self) -> None:
        """Idempotent; what ran over there has ended, or ends by itself where it is not heard."""
        if self._closed:
            return
        self._closed = True
        try:
            if self._line is not None and not self._lost.done():
                with suppress(GeneratorError):
                    await self._ask("close", within_s=CLOSE_WITHIN_S)
                if self._listened:
                    with suppress(TimeoutError):
                        async with asyncio.timeout(self._silent_s):
                            await self._heard.wait()
        finally:
            self._lose("it was closed")
            if self._late is not None:
                self._late.cancel()
            if self._line is not None:
                await self._line.cut()

    # ------------------------------------------------------------ asking

    async def _ask(self, what: str, *given: Any, within_s: float | None = None) -> Any:
        """The answer. Raises what was raised over there, BrowserError when the host is lost.

        Without `within_s` the host itself says when a thing takes too long.
        """
        if self._lost.done():
            raise BrowserError(self._lost.result())
        try:
            if self._line is None:
                self._line = await self._draw_line()
            asking = asyncio.ensure_future(self._line.ask(packed(Question(what, given))))
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
        """The file's name over there."""
        data = await asyncio.to_thread(path.read_bytes)
        name = name_of(data, path.suffix)
        if await self._ask("lacks", name, within_s=self._silent_s):
            for at in range(0, len(data), self._piece_bytes):
                piece = data[at : at + self._piece_bytes]
                last = at + self._piece_bytes >= len(data)
                await self._ask("bring", name, at, piece, last, within_s=OPEN_WITHIN_S)
        return name
