"""Compares light probes with full ones, as a server sees them.

    python -m benchmarks.light_equals_full [--server NAME] [--seconds 30]

The same trials with full and with light probes, against servers that send each page its own media
back: one without impairments, and one in which the first probe loses 5 % of its packets and the
second can send 200 kbit/s. Packets are captured; other figures are from the probes' statistics.
With `janus-simulcast` pages send three layers, each of which is compared by itself. Prints a table
of both, their ratios and the limits of these. The last line is one JSON object: of several servers
the ratio farthest from 1.

Needs root, for a network namespace of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import mean, median
from typing import Literal

import polars as pl

from benchmarks import own_network
from benchmarks.density import JANUS_CODECS, camera_of, server_named
from benchmarks.echo_app import echo_app
from benchmarks.echo_trial import EchoResult, Setting, echo_experiment, echo_trial
from benchmarks.wire import Traffic, Wire, sent_beside, sent_of
from farm.model.experiment import Fidelity
from farm.model.trial_plan import AccessLink
from farm.processes import Processes
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader

LOSS = 0.05
BOTTLENECK_KBPS = 200
AFTER_S = 20.0
"""Rate and round trip of a probe count after so long with its bottleneck."""

PROBES = 2
RIDS = ("l", "m", "h")
"""Layers of echo_page.html, the smallest first."""

SERVERS = (*JANUS_CODECS, "embedded")


@dataclass(frozen=True, slots=True)
class Limit:
    """A ratio light / full; `low` and `high` are its limits, where it has some."""

    name: str
    figure: Callable[[Figures], float | None]
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Layer:
    """What is sent of one simulcast layer, per second and probe."""

    bytes: float
    packets: float


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one fidelity against one server; rates are per second and probe."""

    bytes: float
    packets: float
    rtcp: float
    rtcp_by_kind: dict[str, float]
    layers: dict[str, Layer]
    target_bps: float
    frame_rate: float
    key_frames_per_min: float
    setup_s: float
    cores: float
    loss_retransmitted: float
    loss_plis_per_min: float
    loss_bps: float
    bottleneck_bps: float
    bottleneck_rtt_s: float
    bottleneck_retransmitted: float


def _of_layer(rid: str, what: Literal["bytes", "packets"], figures: Figures) -> float | None:
    layer = figures.layers.get(rid)
    return None if layer is None else float(getattr(layer, what))


LIMITS = (
    Limit("bytes_ratio", lambda each: each.bytes, 0.97, 1.03),
    Limit("packets_ratio", lambda each: each.packets, 0.97, 1.03),
    Limit("rtcp_ratio", lambda each: each.rtcp, 0.85, 1.15),
    *(
        Limit(f"layer_{rid}_{what}_ratio", partial(_of_layer, rid, what), 0.95, 1.05)
        for rid in RIDS
        for what in ("bytes", "packets")
    ),
    Limit("bottleneck_rate_ratio", lambda each: each.bottleneck_bps, 0.9, 1.1),
    Limit("bottleneck_rtt_ratio", lambda each: each.bottleneck_rtt_s, None, 1.5),
    Limit("target_ratio", lambda each: each.target_bps),
    Limit("frame_rate_ratio", lambda each: each.frame_rate),
    Limit("key_frames_ratio", lambda each: each.key_frames_per_min),
    Limit("setup_ratio", lambda each: each.setup_s),
    Limit("browser_cores_ratio", lambda each: each.cores),
    Limit("loss_rate_ratio", lambda each: each.loss_bps),
    Limit("loss_retransmitted_ratio", lambda each: each.loss_retransmitted),
    Limit("loss_plis_ratio", lambda each: each.loss_plis_per_min),
    Limit("bottleneck_retransmitted_ratio", lambda each: each.bottleneck_retransmitted),
)
HELD = tuple(limit.name for limit in LIMITS if limit.high is not None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--server", choices=(*SERVERS, "all"), default="all")
    parser.add_argument("--seconds", type=float, default=30.0, help="measured, in each trial")
    arguments = parser.parse_args()
    own_network.enter("benchmarks.light_equals_full")
    asyncio.run(compare(arguments))


async def compare(arguments: argparse.Namespace) -> None:
    servers = SERVERS if arguments.server == "all" else (arguments.server,)
    worst: dict[str, float] = {}
    for server in servers:
        full = await figures_of("full", server, arguments.seconds)
        light = await figures_of("light", server, arguments.seconds)
        print(f"\n{server}, per second and probe unless stated otherwise")
        for line in table(full, light):
            print(line)
        for limit in LIMITS:
            ratio = ratio_of(limit, full, light)
            if limit.name in HELD and ratio is not None:
                before = worst.get(limit.name, 1.0)
                worst[limit.name] = max(before, ratio, key=lambda each: abs(each - 1))
    print(json.dumps({name: round(ratio, 3) for name, ratio in worst.items()}))


def table(full: Figures, light: Figures) -> Iterator[str]:
    yield f"{'':32}{'full':>12}{'light':>12}{'ratio':>8}  limits"
    for limit in LIMITS:
        of_full, of_light = limit.figure(full), limit.figure(light)
        if of_full is None and of_light is None:
            continue
        ratio = ratio_of(limit, full, light)
        low, high = limit.low, limit.high
        held = "" if high is None else f"at most {high}" if low is None else f"{low} to {high}"
        if ratio is not None and high is not None and not (low or 0) <= ratio <= high:
            held += "  MISSED"
        shown = "-" if ratio is None else f"{ratio:.3f}"
        name = limit.name.removesuffix("_ratio")
        yield f"{name:32}{of_full or 0:12.4g}{of_light or 0:12.4g}{shown:>8}  {held}"
    for kind in sorted(full.rtcp_by_kind.keys() | light.rtcp_by_kind.keys()):
        of_full, of_light = full.rtcp_by_kind.get(kind, 0.0), light.rtcp_by_kind.get(kind, 0.0)
        yield f"{'RTCP ' + kind:32}{of_full:12.4g}{of_light:12.4g}"


def ratio_of(limit: Limit, full: Figures, light: Figures) -> float | None:
    of_full, of_light = limit.figure(full), limit.figure(light)
    return of_light / of_full if of_full and of_light is not None else None


async def figures_of(fidelity: Fidelity, server: str, seconds: float) -> Figures:
    """The figures of two trials of two probes, one without and one with impairments."""
    with tempfile.TemporaryDirectory() as folder, Wire() as wire:
        async with (
            Processes(Path(folder) / "logs") as processes,
            server_named(server, processes) as echo,
            echo_app(echo) as app,
        ):
            camera = camera_of(echo)
            bench = Setting(echo, app, processes, Path(folder))
            free = await echo_trial(
                echo_experiment(fidelity, hold_s=seconds, camera=camera), PROBES, bench
            )
            impaired = await echo_trial(
                echo_experiment(fidelity, hold_s=seconds, settle_s=AFTER_S, camera=camera),
                PROBES,
                bench,
                lines=(
                    AccessLink("loss", loss_ratio=LOSS),
                    AccessLink("bottleneck", up_kbps=BOTTLENECK_KBPS),
                ),
            )
        return _figures(free, impaired, wire)


def _figures(free: EchoResult, impaired: EchoResult, wire: Wire) -> Figures:
    seconds = free.hold[1] - free.hold[0]
    sent = [_sent(free, wire, probe) for probe in ("p000", "p001")]
    kinds = {kind for traffic in sent for kind in traffic.rtcp}
    layers: dict[str, list[Traffic]] = {}
    for probe in ("p000", "p001"):
        for rid, traffic in _sent_layers(free, wire, probe):
            layers.setdefault(rid, []).append(traffic)

    def each(values: Sequence[float]) -> float:
        return mean(values) / seconds

    lossy, narrow = _Probe(impaired, "p000"), _Probe(impaired, "p001")
    setups = [setup.setup_s for setup in free.evidence.setups if setup.setup_s is not None]
    clean = [_Probe(free, probe) for probe in ("p000", "p001")]
    narrow_sent = _sent(impaired, wire, "p001")
    return Figures(
        bytes=each([traffic.bytes for traffic in sent]),
        packets=each([traffic.packets for traffic in sent]),
        layers={
            rid: Layer(
                each([layer.bytes for layer in sent]), each([layer.packets for layer in sent])
            )
            for rid, sent in layers.items()
        },
        rtcp=each([traffic.rtcp.total() for traffic in sent]),
        rtcp_by_kind={kind: each([traffic.rtcp[kind] for traffic in sent]) for kind in kinds},
        target_bps=mean(probe.mean("outbound-rtp", "targetBitrate") for probe in clean),
        frame_rate=mean(probe.rate("outbound-rtp", "framesEncoded") for probe in clean),
        key_frames_per_min=60
        * mean(probe.rate("outbound-rtp", "keyFramesEncoded") for probe in clean),
        setup_s=median(setups),
        cores=free.cores.browsers / PROBES,
        loss_retransmitted=lossy.rate("outbound-rtp", "retransmittedPacketsSent"),
        loss_plis_per_min=60 * lossy.rate("outbound-rtp", "pliCount"),
        loss_bps=8 * lossy.rate("outbound-rtp", "bytesSent"),
        bottleneck_bps=8 * narrow_sent.bytes / (impaired.hold[1] - impaired.hold[0]),
        bottleneck_rtt_s=narrow.mean("remote-inbound-rtp", "roundTripTime"),
        bottleneck_retransmitted=narrow.rate("outbound-rtp", "retransmittedPacketsSent"),
    )


def _sent(result: EchoResult, wire: Wire, probe: str) -> Traffic:
    ssrcs = _Probe(result, probe).ssrcs
    start_s, end_s = (result.began_monotonic_s + at_s for at_s in result.hold)
    return sent_beside(wire.packets, ssrcs, start_s, end_s)


def _sent_layers(result: EchoResult, wire: Wire, probe: str) -> Iterator[tuple[str, Traffic]]:
    start_s, end_s = (result.began_monotonic_s + at_s for at_s in result.hold)
    for rid, ssrc in _Probe(result, probe).layers.items():
        yield rid, sent_of(wire.packets, ssrc, start_s, end_s)


class _Probe:
    """One probe's video in the hold, read from the recording of a trial."""

    def __init__(self, result: EchoResult, probe: str) -> None:
        self._trial: TrialReader = RunReader.open(result.recording).trial(0)
        self._probe = probe
        self._hold = result.hold

    @property
    def ssrcs(self) -> list[int]:
        """The SSRCs of its sent streams."""
        rows = self._rows("outbound-rtp", kind=None)
        return rows["ssrc"].unique().to_list()

    @property
    def layers(self) -> dict[str, int]:
        """The SSRCs of its simulcast layers by rid."""
        rows = self._rows("outbound-rtp").drop_nulls("rid")
        return dict(rows.select("rid", "ssrc").unique().iter_rows())

    def rate(self, table: str, member: str) -> float:
        """A counter's growth a second, of all layers; 0 where it was never reported."""
        return sum(self._rate(rows, member) for rows in self._streams(table))

    def mean(self, table: str, member: str) -> float:
        """Its mean over the hold, of all layers."""
        means = [rows[member].drop_nulls().mean() for rows in self._streams(table)]
        known = [float(each) for each in means if isinstance(each, int | float)]
        return sum(known) if known else float("nan")

    def _rate(self, rows: pl.DataFrame, member: str) -> float:
        rows = rows.drop_nulls(member).sort("run_s")
        if len(rows) < 2:
            return 0.0
        grown = rows[member][-1] - rows[member][0]
        return float(grown / (rows["run_s"][-1] - rows["run_s"][0]))

    def _streams(self, table: str) -> list[pl.DataFrame]:
        return self._rows(table).partition_by("ssrc")

    def _rows(self, table: str, kind: str | None = "video") -> pl.DataFrame:
        rows = self._trial.samples(table)
        assert rows is not None
        rows = rows.filter(pl.col("probe") == self._probe)
        rows = rows.filter(pl.col("run_s").is_between(*self._hold))
        return rows if kind is None else rows.filter(pl.col("kind") == kind)


if __name__ == "__main__":
    main()
