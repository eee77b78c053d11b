"""`farm doctor EXPERIMENT --density`: estimates how many probes this machine carries.

Some light probes, then a full session, run the experiment's scenario with its video and flags
against the embedded server on this machine; the experiment's page and server are not used. The CPU
of browsers and controller is extrapolated to where a trial's detectors would fire.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from farm.bench.known_density import density_file, remember
from farm.bench.opening import open_bench
from farm.cli.options import stream_of
from farm.cli.stopping import run_to_end
from farm.drivers import with_room_media
from farm.errors import BadInput, BrowserError
from farm.experiment_file import load_experiment
from farm.files.text_file import text_of
from farm.hosts.sampler import usable_cores
from farm.hosts.threads import ThreadTimes, busiest_thread, read_threads
from farm.model.criteria import HOST_BUSY
from farm.model.experiment import (
    AppSettings,
    Experiment,
    Fidelity,
    HostSettings,
    NetworkSettings,
    OutputSettings,
)
from farm.model.server_settings import ServerSettings
from farm.model.verdict import Outcome
from farm.model.wording import counted
from farm.planning.load_steps import smallest_load
from farm.protocols import Clock, Observer
from farm.terminal import Terminal

FIDELITIES: tuple[Fidelity, ...] = ("light", "full")
SMALL = 2
"""Size of a session up to which two of light probes are measured, else one."""

SETTLE_S, HOLD_S, EVERY_S = 10.0, 15.0, 2.0
READINGS = 2
"""Fewest readings of CPU time: what was used is a difference."""

FAKE_DEVICES, PLAYWRIGHT = "--use-fake-device-for-media-stream", "playwright"
"""Words in the command lines of a browser, and of Playwright's driver."""


@dataclass(frozen=True, slots=True)
class CpuSpent:
    """CPU seconds so far, of the browsers' threads, and of this process with its driver."""

    threads: ThreadTimes
    controller_s: float


@dataclass(frozen=True, slots=True)
class Density:
    """How many `probes` of a fidelity a machine carries, with the figures behind that.

    `browser_probes` is how many one browser can carry before its busiest thread is too busy.
    """

    fidelity: Fidelity
    probes: int
    measured: int
    cores: int
    cores_each: float
    controller_each: float
    browser_probes: int
    verdict: Outcome

    def __str__(self) -> str:
        return (
            f"{counted(self.probes, f'{self.fidelity} probe')} on {counted(self.cores, 'core')}:"
            f" {self.cores_each:.3f} of a core each, {self.controller_each:.4f} of the controller"
            f" (measured with {self.measured}, the trial's verdict: {self.verdict.value});"
            f" at most {self.browser_probes} in a browser"
        )


def tell_density(options: argparse.Namespace) -> int:
    """Measure, and print the densities. Raises BadInput."""
    file: Path = options.experiment
    experiment, text = with_room_media(load_experiment(file)), text_of(file)
    if experiment.scenario.kind == "custom":
        raise BadInput(
            "scenario.kind: custom: density is measured with the pages of our demo app, which have "
            "no roles of yours: expected another scenario that is like it, such as group"
        )
    terminal = Terminal(stream_of(options.json))
    terminal.note("measuring light probes, then full ones: about two minutes")
    with terminal.watching():
        densities = run_to_end(measured(experiment, text, file.parent, terminal))
    if options.json:
        print(json.dumps([asdict(density) for density in densities], indent=2))
    else:
        print("\n".join(map(str, densities)))
        fidelity = experiment.probes.fidelity
        most = next(each.probes for each in densities if each.fidelity == fidelity)
        print(
            "\nTo place no more than that here:  probes: {density: measured}"
            f"  (or hosts: [{{here: true, probes: {most}}}])"
        )
    for density in densities:
        kind = replace(experiment, probes=replace(experiment.probes, fidelity=density.fidelity))
        remember(kind, density.probes, density.cores, density_file())
    return 0


async def measured(
    experiment: Experiment, text: str, beside: Path, observer: Observer
) -> Sequence[Density]:
    """Measure the density of each fidelity. Raises BadInput, GeneratorError, ServerError."""
    with tempfile.TemporaryDirectory(prefix="farm-density-") as folder:
        return [
            await _measured(_alone(experiment, fidelity, Path(folder)), text, beside, observer)
            for fidelity in FIDELITIES
        ]


async def _measured(experiment: Experiment, text: str, beside: Path, observer: Observer) -> Density:
    load = experiment.trial.load or 0
    async with (
        open_bench(experiment, observer=observer, text=text, beside=beside, checked=True) as bench,
        _reading(bench.clock) as readings,
    ):
        result = await bench.trial(load)
    if (start_s := result.phases.hold_s) is None or (end_s := result.phases.leave_s) is None:
        why = "; ".join(reason.message for reason in result.verdict.reasons)
        raise BrowserError(f"the measurement broke off: {why or 'no probe could join'}")
    before, after = first_and_last(readings, start_s, end_s)
    return reckoned(experiment, load, before, after, result.verdict.outcome)


def first_and_last(
    readings: Sequence[tuple[float, CpuSpent]], start_s: float, end_s: float
) -> tuple[CpuSpent, CpuSpent]:
    """The first and the last reading between two times. Raises BrowserError."""
    inside = [reading for at_s, reading in readings if start_s <= at_s <= end_s]
    if len(inside) < READINGS:
        raise BrowserError(
            f"this machine was too busy to be measured: {counted(len(inside), 'reading')} in"
            f" {end_s - start_s:.0f} s, of {READINGS} that are needed"
        )
    return inside[0], inside[-1]


def reckoned(
    experiment: Experiment, load: int, before: CpuSpent, after: CpuSpent, outcome: Outcome
) -> Density:
    """The CPU of `load` probes between two readings, extrapolated to the limits of `invalid`."""
    passed_s = after.threads.at_s - before.threads.at_s
    browsers = sum(
        cpu_s - before.threads.cpu_s.get(thread, cpu_s)
        for thread, cpu_s in after.threads.cpu_s.items()
    )
    each = browsers / passed_s / load
    controller = (after.controller_s - before.controller_s) / passed_s / load
    cores = usable_cores(experiment.hosts[0].cores)
    # Only a thread that all pages of a browser share gets busier with more pages.
    busiest = busiest_thread(before.threads, after.threads)
    thread = 0.0 if busiest is None else busiest[1] / 100 / min(load, experiment.probes.per_browser)
    return Density(
        fidelity=experiment.probes.fidelity,
        probes=int((experiment.invalid.host_cpu or HOST_BUSY) * cores / (each + controller)),
        measured=load,
        cores=cores,
        cores_each=round(each, 4),
        controller_each=round(controller, 4),
        browser_probes=int(experiment.invalid.thread_cpu / thread) if thread else load,
        verdict=outcome,
    )


def _alone(experiment: Experiment, fidelity: Fidelity, folder: Path) -> Experiment:
    """The experiment with its probes on this machine, against the embedded server."""
    here = next((host for host in experiment.hosts if host.here), HostSettings())
    smallest = smallest_load(experiment.scenario)
    return replace(
        experiment,
        scenario=replace(
            experiment.scenario,
            record=False,
            audio_only=0,
            last_n=None,
            presenters=1,
            presenters_receive="each_other",
            sessions=1,
        ),
        app=AppSettings(),
        inventory=None,
        server=ServerSettings(),
        hosts=(replace(here, probes=None),),
        probes=replace(experiment.probes, fidelity=fidelity, witnesses=0, density=None),
        network=NetworkSettings(),
        trial=replace(
            experiment.trial,
            load=2 * smallest if fidelity == "light" and smallest == SMALL else smallest,
            settle_s=SETTLE_S,
            hold_s=HOLD_S,
            sessions_per_second=1.0,
        ),
        output=OutputSettings(directory=folder, name=f"density-{fidelity}"),
    )


@asynccontextmanager
async def _reading(clock: Clock) -> AsyncIterator[list[tuple[float, CpuSpent]]]:
    """A list of readings, with run time, that grows while the body runs."""
    readings: list[tuple[float, CpuSpent]] = []

    async def read_repeatedly() -> None:
        while True:
            readings.append((clock.run_s(), await asyncio.to_thread(_spent)))
            await asyncio.sleep(EVERY_S)

    task = asyncio.create_task(read_repeatedly())
    try:
        yield readings
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _spent() -> CpuSpent:
    own = psutil.Process(os.getpid())
    browsers, controller = [], own.cpu_times()
    seconds = controller.user + controller.system
    for child in own.children():
        with suppress(psutil.Error):
            if FAKE_DEVICES in child.cmdline():
                browsers.append(child.pid)
            elif PLAYWRIGHT in " ".join(child.cmdline()):
                times = child.cpu_times()
                seconds += times.user + times.system
    return CpuSpent(read_threads(browsers), seconds)
