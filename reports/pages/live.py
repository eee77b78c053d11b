"""Serves the live page of a run, and its metrics for Prometheus.

The page shows the current second, and below it the report as it was after the last trial that
ended. The report is drawn by a process of its own, at the lowest priority: probes come first.
"""

from __future__ import annotations

import asyncio
import json
import logging
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from farm.errors import BadInput
from farm.model.json_values import to_jsonable
from farm.model.trial_plan import TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Observer, Progress
from farm.recording.run_folder import RunFolder
from reports.pages.live_metrics import LiveMetrics

KEPT_S = 600
"""Seconds of progress kept for a page that is opened later."""

GOES_WITHIN_S = 10.0
"""Time that a drawing process has to stop before it is killed."""

_NO_STORE = {"Cache-Control": "no-store"}


class LiveRun:
    """Implements `protocols.Observer`: passes every call on to `beside`, and shows it live.

    `serving` opens the page; before and after that it only passes calls on.
    """

    def __init__(self, beside: Observer) -> None:
        self._beside = beside
        self._metrics = LiveMetrics()
        self._run: Path | None = None
        self._history: list[dict[str, Any]] = []
        self._listeners: set[asyncio.Queue[dict[str, Any]]] = set()
        self._drawing: asyncio.Task[None] | None = None
        self._drawn_again = False

    # ------------------------------------------------------------ the observer

    def note(self, text: str) -> None:
        self._beside.note(text)
        self._send("note", text=text)

    def run_folder(self, path: Path) -> None:
        self._beside.run_folder(path)
        self._run = path
        self._send("run", name=path.name)

    def trial_planned(self, plan: TrialPlan, purpose: str) -> None:
        self._beside.trial_planned(plan, purpose)
        self._send("planned", trial=plan.index, load=plan.load, purpose=purpose)

    def progress(self, progress: Progress) -> None:
        self._beside.progress(progress)
        self._metrics.progress(progress)
        self._send("progress", **to_jsonable(progress))

    def trial_ended(self, result: TrialResult) -> None:
        self._beside.trial_ended(result)
        self._metrics.trial_ended(result)
        reasons = result.verdict.reasons
        self._send(
            "ended",
            trial=result.index,
            load=result.load,
            verdict=result.verdict.outcome.value,
            reason=reasons[0].message if reasons else "",
            server_cpu_percent=result.server_cpu_percent,
        )
        self._draw()

    # ------------------------------------------------------------ the page

    def metrics_text(self) -> str:
        """The text of `/metrics` now."""
        return self._metrics.text().decode()

    @asynccontextmanager
    async def serving(self, host: str, port: int) -> AsyncIterator[str]:
        """Serve the page while the body runs, and yield its address.

        Raises BadInput if it cannot listen.
        """
        app = web.Application()
        app.router.add_get("/", self._page)
        app.router.add_get("/events", self._events)
        app.router.add_get("/metrics", self._prometheus)
        app.router.add_get("/report/{name}", self._report)
        runner = web.AppRunner(app, shutdown_timeout=1, access_log=None, logger=_log())
        await runner.setup()
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except (OSError, OverflowError) as error:
                raise BadInput(f"--live: {host}:{port}: cannot listen there: {error}") from error
            address = runner.addresses[0]
            named = f"[{address[0]}]" if ":" in address[0] else address[0]
            yield f"http://{named}:{address[1]}/"
        finally:
            if self._drawing is not None:
                self._drawing.cancel()
                with suppress(asyncio.CancelledError):
                    await self._drawing
            for listener in self._listeners:
                listener.put_nowait({"event": "over"})
            await runner.cleanup()

    async def _page(self, _: web.Request) -> web.Response:
        text = (files("reports.pages") / "templates" / "live.html").read_text(encoding="utf-8")
        return web.Response(text=text, content_type="text/html", headers=_NO_STORE)

    async def _prometheus(self, _: web.Request) -> web.Response:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return web.Response(body=self.metrics_text().encode(), headers={"Content-Type": kind})

    async def _report(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        file = None if self._run is None else await asyncio.to_thread(_file_of, self._run, name)
        if file is None:
            raise web.HTTPNotFound(text="No such file of the report, or no trial has ended yet.")
        return web.FileResponse(file, headers=_NO_STORE)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: the kept ones, then new ones as they come."""
        listener: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for event in self._history:
            listener.put_nowait(event)
        self._listeners.add(listener)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", **_NO_STORE})
        try:
            await response.prepare(request)
            while (event := await listener.get())["event"] != "over":
                await response.write(f"data: {json.dumps(event)}\n\n".encode())
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._listeners.discard(listener)
        return response

    def _send(self, kind: str, **facts: Any) -> None:
        """Send an event to all open pages, and keep it for later ones."""
        event = {"event": kind, **facts}
        self._history.append(event)
        seconds = [at for at, each in enumerate(self._history) if each["event"] == "progress"]
        if len(seconds) > KEPT_S:
            del self._history[seconds[0]]
        for listener in self._listeners:
            listener.put_nowait(event)

    def _draw(self) -> None:
        """Draw the report again, one at a time; a trial that ends meanwhile is drawn after it."""
        if self._run is None:
            return
        if self._drawing is not None and not self._drawing.done():
            self._drawn_again = True
            return
        self._drawing = asyncio.create_task(self._drawn(self._run), name="report")

    async def _drawn(self, run: Path) -> None:
        while True:
            self._drawn_again = False
            process = await asyncio.create_subprocess_exec(
                *("nice", "-n", "19", sys.executable, "-P", "-m", "farm.cli", "report", str(run)),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                if await process.wait() == 0:
                    self._send("report")
            finally:
                if process.returncode is None:
                    await _ended(process)
            if not self._drawn_again:
                return


def _log() -> logging.Logger:
    """A log without errors about malformed requests, which are answered with 400."""
    log = logging.getLogger(__name__)
    log.addFilter(_is_ours)
    return log


def _is_ours(record: logging.LogRecord) -> bool:
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


def _file_of(run: Path, name: str) -> Path | None:
    """The file `name` of the run's report; `None` for any other name.

    `name` comes from the network, percent-decoded: it may hold slashes, `..` and NUL, be too long
    for a file name, or name a symbolic link, which a report never has.
    """
    if name.startswith(".") or Path(name).name != name:
        return None
    report = RunFolder(run).report
    try:
        is_file = stat.S_ISREG((report / name).lstat().st_mode)
    except (OSError, ValueError):
        return None
    return report / name if is_file and not report.is_symlink() else None


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Stop a drawing process; on SIGTERM it removes what it has drawn so far."""
    process.terminate()
    try:
        async with asyncio.timeout(GOES_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
