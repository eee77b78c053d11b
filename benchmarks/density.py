"""The CPU cost of a probe: one browser a user, full probes that share one, light probes that do.

    python -m benchmarks.density [--server embedded] [--seconds 20]

All use the same page, clip and server, which sends each page its own media back; video at the
server is limited to 500 kbit/s for all kinds, Opus goes both ways. The CPU time of whole process
trees is counted; the browsers of each kind have one core, this process has the others. Needs root,
for a network namespace of its own. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from benchmarks import own_network
from benchmarks.echo_app import echo_app
from benchmarks.echo_servers import Arrived, EchoServer, VideoCodec, embedded, janus
from benchmarks.echo_trial import EchoResult, Setting, echo_experiment, echo_trial, video_bps
from benchmarks.process_cpu import cores_between, cpu_sampling
from farm.browser.chromium_program import chromium_command, find_chromium, sandbox_works
from farm.hosts.wiring import clip_cache
from farm.media import prepare
from farm.model.criteria import HOST_BUSY
from farm.model.experiment import Fidelity
from farm.model.run_clock import RunClock
from farm.model.setting import Size
from farm.model.verdict import OTHER_PROGRAMS
from farm.planning.trial_planning import camera_size
from farm.processes import Processes

JANUS_BPS = 540_000
"""The bitrate to which Janus limits a page: some 500 kbit/s of it are video."""

JANUS_CODECS: dict[str, VideoCodec] = {
    "janus": "vp8",
    "janus-h264": "h264",
    "janus-simulcast": "vp8",
}
SIMULCAST = "janus-simulcast"
SIMULCAST_LAYERS, SIMULCAST_BPS, SIMULCAST_CAMERA = 3, 1_600_000, Size(960, 540)
"""Chromium sends three layers from that size on; at that rate the largest is limited by it."""

EMBEDDED_KBPS = 500
BUSY_CODES = frozenset({"host_cpu", OTHER_PROGRAMS})
"""Reasons that depend on other programs of this machine."""

TOGETHER, TRIES = 20, 3
SETTLE_S = 10.0


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one probe of a kind."""

    kind: str
    probes: int
    cores: float
    controller: float
    video_bps: float
    audio_played: bool

    def __str__(self) -> str:
        played = "played" if self.audio_played else "not played"
        return (
            f"{self.kind}: {self.probes} probes, {self.cores:.3f} cores each, controller"
            f" {self.controller:.4f} each, video at the server {self.video_bps / 1000:.0f} kbit/s,"
            f" received audio {played}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--server", choices=(*JANUS_CODECS, "embedded"), default="janus")
    parser.add_argument("--seconds", type=float, default=20.0, help="measured, of each kind")
    parser.add_argument("--browsers", type=int, default=2, help="one-user browsers")
    parser.add_argument("--full", type=int, default=4, help="full probes that share a browser")
    parser.add_argument("--light", type=int, default=10, help="light probes that share one")
    arguments = parser.parse_args()
    own_network.enter("benchmarks.density")
    print(json.dumps(asyncio.run(measure(arguments))))


async def measure(arguments: argparse.Namespace) -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        async with (
            Processes(Path(folder) / "logs") as processes,
            server_named(arguments.server, processes) as server,
            echo_app(server) as app,
        ):
            bench = Setting(server, app, processes, Path(folder))
            with one_core() as core:
                plain = await one_browser_each(bench, arguments.browsers, arguments.seconds, core)
                print(plain, flush=True)
                full = await shared(bench, "full", arguments.full, arguments.seconds, core)
                print(full, flush=True)
                light = await shared(bench, "light", arguments.light, arguments.seconds, core)
                print(light, flush=True)
                per_core = await on_one_core(bench, light, arguments.seconds, core)
            joined_s = await together(bench)
            print(f"{TOGETHER} light probes joined within {joined_s:.1f} s", flush=True)
    costs = (plain, full, light)
    return {
        "light_over_browser_each": round(light.cores / plain.cores, 3),
        "light_over_shared": round(light.cores / full.cores, 3),
        "full_over_browser_each": round(full.cores / plain.cores, 3),
        "light_probes_per_core": per_core,
        "controller_core_per_probe": round(light.controller, 5),
        "video_bps_at_server": {cost.kind: round(cost.video_bps) for cost in costs},
        "audio_played": {cost.kind: cost.audio_played for cost in costs},
        "cores_each": {cost.kind: round(cost.cores, 4) for cost in costs},
        "seconds_until_20_joined": None if joined_s == float("inf") else round(joined_s, 1),
        "server": arguments.server,
    }


@asynccontextmanager
async def server_named(name: str, processes: Processes) -> AsyncIterator[EchoServer]:
    if name == SIMULCAST:
        async with janus(processes, SIMULCAST_BPS, "vp8", SIMULCAST_LAYERS) as several:
            yield several
    elif name in JANUS_CODECS:
        async with janus(processes, JANUS_BPS, JANUS_CODECS[name]) as server:
            yield server
    else:
        async with embedded(processes, EMBEDDED_KBPS) as other:
            yield other


def camera_of(server: EchoServer) -> Size | None:
    """The camera for this server's pages; `None`: the scenario's."""
    return SIMULCAST_CAMERA if server.layers > 1 else None


@contextmanager
def one_core() -> Iterator[int]:
    """A core that this process and its children do not use, where there is another."""
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, set(cores[1:]) or set(cores))
    try:
        yield cores[0]
    finally:
        os.sched_setaffinity(0, cores)


async def one_browser_each(bench: Setting, users: int, seconds: float, core: int) -> Cost:
    """The cost of plain Chromium, one for each user, with the farm's flags and cameras.

    Its page has none of the farm's scripts, and no statistics are read.
    """
    experiment = echo_experiment("full", camera=camera_of(bench.server))
    size = camera_size(experiment)
    clip = prepare(experiment.media, size, clip_cache())
    chromium = find_chromium(None)
    clock = RunClock()
    arrived: list[list[Arrived]] = []

    async def ask_server() -> None:
        if bench.app.joined >= users:
            arrived.append(await bench.server.arrived())

    bench.app.joined = 0
    async with cpu_sampling(bench.server.pid, clock.run_s, ask_server) as samples:
        children = []
        for number in range(users):
            profile = bench.processes.temporary_directory("plain-profile-")
            command = chromium_command(
                chromium,
                profile,
                app_url=bench.app.url,
                video=clip.video,
                audio=clip.audio,
                sandbox=sandbox_works(chromium, as_root=os.geteuid() == 0),
            )
            query = f"?width={size.width}&height={size.height}&layers={bench.server.layers}"
            command[-1] = bench.app.url + query  # instead of about:blank
            children.append(await bench.processes.start(f"plain-{number}", command, cores=(core,)))
        await bench.app.until_joined(users, within_s=60)
        await asyncio.sleep(SETTLE_S)
        start_s, first = clock.run_s(), len(arrived)
        await asyncio.sleep(seconds)
        end_s = clock.run_s()
        for child in children:
            await child.stop()
    await bench.server.forget()
    cores = cores_between(samples, start_s, end_s)
    rates = video_bps(arrived[first], arrived[-1])
    return Cost("browser_each", users, cores.browsers / users, 0.0, mean(rates), audio_played=True)


async def shared(bench: Setting, fidelity: Fidelity, load: int, seconds: float, core: int) -> Cost:
    experiment = echo_experiment(fidelity, hold_s=seconds, camera=camera_of(bench.server))
    result = await echo_trial(experiment, load, bench, cores=(core,))
    _print(result)
    return Cost(
        fidelity,
        load,
        result.cores.browsers / load,
        result.cores.controller / load,
        mean(result.video_bps),
        audio_played=len(result.evidence.unplayed) < load,
    )


async def together(bench: Setting) -> float:
    """Seconds from the first launch until twenty light probes are in.

    A machine may be too small for them.
    """
    experiment = echo_experiment(
        "light",
        hold_s=10.0,
        settle_s=1.0,
        sessions_per_second=10.0,
        camera=camera_of(bench.server),
    )
    result = await echo_trial(experiment, TOGETHER, bench)
    joined = sum(join.joined for join in result.evidence.joins)
    return result.joined_s if joined == TOGETHER else float("inf")


async def on_one_core(bench: Setting, light: Cost, seconds: float, core: int) -> int:
    """The most light probes on one core without a late poll or a detector that fired.

    Other programs may use the core, too: only the CPU of our browsers counts towards the limit.
    """
    most = int(HOST_BUSY / light.cores) // 2 * 2
    for number in range(most, max(0, most - 2 * TRIES), -2):
        experiment = echo_experiment("light", hold_s=seconds, camera=camera_of(bench.server))
        result = await echo_trial(experiment, number, bench, cores=(core,))
        late = sum(each.late for each in result.evidence.polls)
        taken = result.cores.browsers
        fired = [fault.message for fault in result.faults if fault.code not in BUSY_CODES]
        if taken > HOST_BUSY:
            fired.append(f"browsers took {taken:.0%} of the core")
        print(
            f"{number} light probes on one core: {taken:.2f} of it, {late} polls late,"
            f" {'; '.join(fired) or 'no detector fired'}",
            flush=True,
        )
        if late == 0 and not fired:
            return number
    return 0


def _print(result: EchoResult) -> None:
    for fault in result.faults:
        print(f"  {fault.message}")
    rates = ", ".join(f"{rate / 1000:.0f}" for rate in result.video_bps)
    print(f"  video at the server: {rates} kbit/s; server {result.cores.server:.3f} cores")


if __name__ == "__main__":
    main()
