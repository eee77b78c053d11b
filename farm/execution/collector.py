"""Collects evidence during a trial: records it, and reports progress once a second."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress

from farm.errors import GeneratorError, ServerError
from farm.execution.progress import ProgressMeter
from farm.execution.server_clock import SampledClock
from farm.execution.steady_state import SteadyState
from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostSample
from farm.model.page_samples import PageReport, ProbeEvent
from farm.model.server_samples import Gap
from farm.model.trial_evidence import Fault, FaultKind
from farm.model.trial_plan import TrialPlan
from farm.protocols import Clock, Host, Observer, Recorder, Server


async def all_closed(hosts: Iterable[Host]) -> None:
    """Close all hosts, even if one raises; then raise the first error."""
    ends = await asyncio.gather(*(host.close() for host in hosts), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error


@asynccontextmanager
async def closed_afterwards(hosts: Iterable[Host]) -> AsyncIterator[None]:
    """Close all hosts after the body; an error of the body takes precedence over one of closing."""
    try:
        yield
    except BaseException:
        with suppress(GeneratorError):
            await all_closed(hosts)
        raise
    await all_closed(hosts)


class Collector:
    """Receives evidence from hosts and server during one trial.

    `meter` and `settling` have the newest of it; `server_lost` is why sampling the server ended.
    """

    def __init__(
        self, plan: TrialPlan, clock: Clock, observer: Observer, recorder: Recorder
    ) -> None:
        self.meter = ProgressMeter(plan)
        self.settling = SteadyState()
        self.server_lost: str | None = None
        self._clock = clock
        self._observer = observer
        self._recorder = recorder

    @asynccontextmanager
    async def listening(
        self, hosts: Mapping[str, Host], server: Server, fault: asyncio.Future[Fault]
    ) -> AsyncIterator[None]:
        """Evidence is recorded while the body runs; at its end hosts are closed.

        `fault` is set when a host is lost or a page crashes, unless it was set before. What the
        body or a task raises comes out in an ExceptionGroup.
        """
        async with asyncio.TaskGroup() as tasks:
            for host in hosts.values():
                self._recorder.clock(await host.clock())
                tasks.create_task(self._record_host(host, fault))
            until_cancelled = [
                tasks.create_task(self._record_server(server)),
                tasks.create_task(self._report_progress()),
            ]
            async with closed_afterwards(hosts.values()):
                try:
                    yield
                finally:
                    for task in until_cancelled:
                        task.cancel()

    async def _record_host(self, host: Host, fault: asyncio.Future[Fault]) -> None:
        try:
            async for item in host.evidence():
                if isinstance(item, PageReport):
                    self._recorder.page_report(item)
                    self.meter.page_report(item)
                    self.settling.see(item)
                elif isinstance(item, HostSample):
                    self._recorder.host_sample(item)
                    self.meter.host_sample(item)
                else:
                    self._recorder.event(item)
                    if item.kind == "step":
                        self._observer.note(_step_line(item))
                    if item.kind == "crashed":
                        self._set_fault(fault, "browser_crashed", f"{item.probe}: {item.message}")
        except GeneratorError as error:
            self._set_fault(fault, "host_lost", str(error))

    def _set_fault(self, fault: asyncio.Future[Fault], what: FaultKind, message: str) -> None:
        if not fault.done():
            fault.set_result(Fault(what, self._clock.run_s(), message))

    async def _record_server(self, server: Server) -> None:
        """Record server samples; when sampling fails for good the trial goes on without them."""
        clock = SampledClock()
        try:
            async with aclosing(server.samples()) as samples:
                async for sample in samples:
                    if isinstance(sample, Gap):
                        self._recorder.gap(sample)
                    else:
                        self._recorder.server_sample(sample)
                        self.meter.server_sample(sample)
                        self._record_reading(clock.see(sample))
        except ServerError as error:
            self.server_lost = str(error)
            self._recorder.fault(Fault("sampling_lost", self._clock.run_s(), str(error)))
            self._observer.note(f"sampling of the server ended: {error}")
        finally:
            self._record_reading(clock.last())

    def _record_reading(self, reading: ClockReading | None) -> None:
        if reading is not None:
            self._recorder.clock(reading)

    async def _report_progress(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.run_s() + 1)
            self._observer.progress(self.meter.progress(self._clock.run_s()))


def _step_line(step: ProbeEvent) -> str:
    """`p001 join 2, click #call: 0.4 s`."""
    what = f"{step.data['part']} {step.data['number']}, {step.message}"
    return f"{step.probe} {what} ({step.data['took_s']:.1f} s)"
