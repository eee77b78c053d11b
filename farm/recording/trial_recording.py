"""Records one trial as it goes on: a `protocols.Recorder` whose calls do not block.

Samples go to disk in a thread of their own, in parts every 5 s, and become one file a table when
the trial ends; events are lines, appended and flushed at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

from farm.errors import RecordingError
from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostSample
from farm.model.janus_samples import JanusSample
from farm.model.json_values import to_text
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.page_samples import PageReport, ProbeEvent
from farm.model.server_samples import Gap, ResetReport, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.trial_plan import Phase, TrialPlan
from farm.model.trial_result import TrialResult
from farm.protocols import Clock
from farm.recording.durable_file import (
    Replace,
    folder_beside,
    recording_error,
    replace_file,
    sync_folder,
    write_text,
)
from farm.recording.events import EventLine, PhaseMark, TrialEvent
from farm.recording.json_lines import JsonLines
from farm.recording.run_folder import TrialFolder
from farm.recording.tables import TrialTables, UnwrittenRows

PART_S = 5.0
"""The time between two parts: a crash loses at most the samples of so many seconds."""

MOST_PARTS_WAITING = 12
"""Parts that may wait for the disk, a minute's; more would only fill memory."""


class TrialRecording:
    """Implements `protocols.Recorder`: calls return at once and raise errors of earlier writing.

    These are NoSpace when the disk is full, RecordingError when it cannot be written or is more
    than a minute behind.
    """

    def __init__(
        self,
        folder: TrialFolder,
        plan: TrialPlan,
        clock: Clock,
        on_reading: Callable[[ClockReading], None],
        *,
        replace: Replace = replace_file,
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._on_reading = on_reading
        self._clock = clock
        self._replace = replace
        self._batch = UnwrittenRows()
        self._part_due_s = clock.run_s() + PART_S
        self._writing: list[Future[None]] = []
        self._failure: RecordingError | None = None

    @property
    def folder(self) -> TrialFolder:
        return self._folder

    @property
    def screenshots(self) -> Path:
        """The folder of screenshots of the trial's pages; it exists."""
        return self._folder.screenshots

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._make_folder)
        # What opens a file comes last: where `__aenter__` fails `__aexit__` is not called.
        self._tables = TrialTables(self._folder, self._plan, self._replace)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._events = JsonLines(self._folder.events)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._submit_batch()
            self._submit(self._tables.compact)
            for writing in self._writing:
                # Shielded: a Ctrl-C that ends the wait must not cancel the last part.
                await asyncio.shield(asyncio.wrap_future(writing))
        finally:
            self._thread.shutdown(wait=False)
            self._events.close()
        if self._failure is not None and error is None:
            raise self._failure

    # ------------------------------------------------------------ the recorder's calls

    def page_report(self, report: PageReport) -> None:
        self._batch.reports.append(report)
        self._write_when_due()

    def host_sample(self, sample: HostSample) -> None:
        self._batch.host_samples.append(sample)
        self._write_when_due()

    def server_sample(self, sample: ServerSample) -> None:
        """The output of `top` goes to `server/top.txt`, the figures into the table."""
        self._batch.server_samples.append(sample)
        self._write_when_due()

    def kurento_sample(self, sample: KurentoSample) -> None:
        self._batch.kurento_samples.append(sample)
        self._write_when_due()

    def janus_sample(self, sample: JanusSample) -> None:
        self._batch.janus_samples.append(sample)
        self._write_when_due()

    def event(self, event: ProbeEvent) -> None:
        self._append_event(event)

    def gap(self, gap: Gap) -> None:
        self._append_event(gap)

    def phase(self, phase: Phase, run_s: float) -> None:
        self._append_event(PhaseMark(phase, run_s))

    def join(self, outcome: JoinOutcome) -> None:
        self._append_event(outcome)

    def reset(self, report: ResetReport) -> None:
        self._append_event(report)

    def fault(self, fault: Fault) -> None:
        self._append_event(fault)

    def topology(self, topology: KurentoTopology) -> None:
        self._append_event(topology)

    def clock(self, reading: ClockReading) -> None:
        self._on_reading(reading)

    def write_result(self, result: TrialResult) -> None:
        """Write the verdict and its reasons, once; also after `__aexit__`."""
        if self._folder.result.exists():
            raise RecordingError(f"{self._folder.result} exists; a result is never rewritten")
        write_text(self._folder.result, to_text(result), self._replace)

    # ------------------------------------------------------------ writing

    def _append_event(self, seen: TrialEvent) -> None:
        self._events.append(EventLine.of(seen, self._clock.run_s()))

    def _write_when_due(self) -> None:
        if self._failure is not None:
            raise self._failure
        now_s = self._clock.run_s()
        if now_s >= self._part_due_s:
            self._part_due_s = now_s + PART_S
            self._submit_batch()

    def _submit_batch(self) -> None:
        batch, self._batch = self._batch, UnwrittenRows()
        for written in [writing for writing in self._writing if writing.done()]:
            written.result()
            self._writing.remove(written)
        if len(self._writing) >= MOST_PARTS_WAITING:
            self._failure = RecordingError(
                f"{self._folder.path} is on a disk that is a minute behind what the trial records"
            )
            raise self._failure
        self._submit(lambda: self._tables.write(batch))

    def _submit(self, job: Callable[[], None]) -> None:
        self._writing.append(self._thread.submit(self._unless_failed, job))

    def _unless_failed(self, job: Callable[[], None]) -> None:
        if self._failure is None:
            try:
                job()
            except RecordingError as error:
                self._failure = error

    def _make_folder(self) -> None:
        path = self._folder.path
        try:
            if path.exists():
                _set_aside(self._folder)
            # In one step: readers of a run under way find no trial without its plan.
            with folder_beside(path) as made:
                folder = TrialFolder(made)
                folder.screenshots.mkdir()
                folder.server.mkdir()
                write_text(folder.plan, to_text(self._plan), self._replace)
            sync_folder(path.parent)
        except OSError as error:
            raise recording_error(path, error) from error


def _set_aside(folder: TrialFolder) -> None:
    """Rename the folder of an attempt without a result, so that the trial can be repeated."""
    if folder.result.exists():
        raise RecordingError(f"{folder.path} exists already and has its result")
    number = 1
    while (aside := folder.path.with_name(f"{folder.path.name}-unfinished-{number}")).exists():
        number += 1
    folder.path.rename(aside)
