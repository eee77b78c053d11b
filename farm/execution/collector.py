"""What comes in while a trial goes on: evidence into the record, a line a second to the user."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress

from farm.errors import GeneratorError, ServerError
from farm.execution.progress import ProgressMeter
from farm.execution.server_clock import SampledClock
from farm.execution.steady_state import SettleMeter
from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostSample
from farm.model.page_samples import PageReport
from farm.model.server_samples import Gap
from farm.model.trial_evidence import Fault, FaultKind
from farm.model.trial_plan import TrialPlan
from farm.protocols import Clock, Host, Observer, Recorder, Server


async def all_closed(hosts: Iterable[Host]) -> None:
    """Each is, also when one of them cannot be: then what the first of these raised is raised."""
    ends = await asyncio.gather(*(host.close() for host in hosts), return_exceptions=True)
    for error in ends:
        if error is not None:
            raise error


@asynccontextmanager
async def closed_afterwards(hosts: Iterable[Host]) -> AsyncIterator[None]:
    """Close all hosts after the body; what the body raises counts for more than what that does."""
    try:
        yield
    except BaseException:
        with suppress(GeneratorError):
            await all_closed(hosts)
        raise
    await all_closed(hosts)


class Collector:
    """Listens to hosts and server during one trial.

    `meter` and `settling` know the newest of it; `server_lost` says why the server could not be
    sampled any more.
    """

    def __init__(
        self, plan: TrialPlan, clock: Clock, observer: Observer, recorder: Recorder
    ) -> None:
        self.meter = ProgressMeter(plan)
        self.settling = SettleMeter()
        self.server_lost: str | None = None
        self._clock = clock
        self._observer = observer
        self._recorder = recorder

    @asynccontextmanager
    async def listening(
        self, hosts: Mapping[str, Host], server: Server, fault: asyncio.Future[Fault]
    ) -> AsyncIterator[None]:
        """Evidence flows into the record while the body runs; at its end hosts are closed.

        `fault` is set when a host is lost or a page crashes, unless something came before. What the
        body or a task raises comes out in an ExceptionGroup.
        """
        async with asyncio.TaskGroup() as tasks:
            for host in hosts.values():
                self._recorder.clock(await host.clock())
                tasks.create_task(self._hear_host(host, fault))
            endless = [
                tasks.create_task(self._hear_server(server)),
                tasks.create_task(self._tell_progress()),
            ]
            async with closed_afterwards(hosts.values()):
                try:
                    yield
                finally:
                    for task in endless:
                        task.cancel()

    async def _hear_host(self, host: Host, fault: asyncio.Future[Fault]) -> None:
        try:
            async for seen in host.evidence():
                if isinstance(seen, PageReport):
                    self._recorder.page_report(seen)
                    self.meter.page_report(seen)
                    self.settling.see(seen)
                elif isinstance(seen, HostSample):
                    self._recorder.host_sample(seen)
                    self.meter.host_sample(seen)
                else:
                    self._recorder.event(seen)
                    if seen.kind == "crashed":
                        self._strike(fault, "browser_crashed", f"{seen.probe}: {seen.message}")
        except GeneratorError as error:
            self._strike(fault, "host_lost", str(error))

    def _strike(self, fault: asyncio.Future[Fault], what: FaultKind, message: str) -> None:
        if not fault.done():
            fault.set_result(Fault(what, self._clock.run_s(), message))

    async def _hear_server(self, server: Server) -> None:
        """Server figures; when they are gone for good the trial goes on without them."""
        clock = SampledClock()
        try:
            async with aclosing(server.samples()) as samples:
                async for sample in samples:
                    if isinstance(sample, Gap):
                        self._recorder.gap(sample)
                    else:
                        self._recorder.server_sample(sample)
                        self.meter.server_sample(sample)
                        self._note(clock.see(sample))
        except ServerError as error:
            self.server_lost = str(error)
            self._recorder.fault(Fault("sampling_lost", self._clock.run_s(), str(error)))
            self._observer.note(f"server figures end here: {error}")
        finally:
            self._note(clock.last())

    def _note(self, reading: ClockReading | None) -> None:
        if reading is not None:
            self._recorder.clock(reading)

    async def _tell_progress(self) -> None:
        while True:
            await self._clock.sleep_until(self._clock.run_s() + 1)
            self._observer.progress(self.meter.progress(self._clock.run_s()))
