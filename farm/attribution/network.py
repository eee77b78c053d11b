"""Signs of saturation: the network, in bits or in packets, and UDP socket buffers. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from farm.analysis.aggregates import known, mean_known
from farm.analysis.intervals import Intervals
from farm.attribution.bad_period import BadPeriod
from farm.attribution.limit import Resource, SaturationSign, ServerResources
from farm.model.trial_plan import Direction
from farm.model.wording import counted, percent

FULL, FULL_OF_SHAPER = 0.9, 0.8
"""Use from which they are saturated: senders keep below a shaper's rate as its queue fills."""

LATE_S = 0.05
"""Delay in a shaper's queue from which congestion control reduces its rate."""

SMALL_BYTES = 250
"""Below this mean size packets are audio: then their number is what saturates."""

CLEARLY_SHORT = 0.5
"""Use of a limit in bits from which packets dropped in its queue count as its fault."""

DROPPED = 0.002
"""Share of packets dropped: a fifth of what a verdict allows."""

FEW_PER_S = 1.0

IDLE_PERCENT = 1.0
"""A process that used less of a core while its sockets were full did not read them."""

UNSATURATED = 0.99
"""The share of a resource that was no cause, however full it was."""

SOFTIRQ_PERCENT = 80.0
OF_BITS = frozenset({"bw_in", "bw_out"})
OF_PACKETS = frozenset({"pps", "conntrack"})


def network_signs(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    """The signs of the interface, its shapers and a cloud's allowances."""
    yield from _shaped(period)
    yield from _interface(period, machine)
    yield from _allowances(period)
    yield from _dropped_at_interface(period)
    yield from _interrupts(period)


def buffer_signs(period: BadPeriod) -> Iterator[SaturationSign]:
    """The signs of the media server's UDP sockets, or of its network's where those are hidden."""
    came = period.mean(lambda sample: sample.received_packets_per_s)
    went = period.mean(lambda sample: sample.sent_packets_per_s)
    own = period.mean_of_slow_samples(lambda sample: sample.udp_socket_drops_per_s)
    all_in = period.mean(lambda sample: sample.udp_receive_buffer_errors_per_s)
    unread = max(known((own, all_in)), default=None)
    if unread is not None:
        text = f"the media server's UDP sockets had no room for {_rate(unread)}{_of(unread, came)}"
        share = _severity(unread, came)
        cpu_percent = _cpu_while_full(period)
        if cpu_percent is not None and cpu_percent < IDLE_PERCENT:
            text += f", as its process did not run or did not read ({cpu_percent:.1f} % of a core)"
            share = min(share, UNSATURATED)
        yield SaturationSign("udp_buffers", share, text, counted=True)
    unsent = period.mean(lambda sample: sample.udp_send_buffer_errors_per_s)
    if unsent is not None:
        text = f"the media server's UDP sockets could not send {_rate(unsent)}{_of(unsent, went)}"
        yield SaturationSign("udp_buffers", _severity(unsent, went), text, counted=True)


def _cpu_while_full(period: BadPeriod) -> float | None:
    """The median CPU of the process in the samples in which its sockets were full, in percent."""
    used = sorted(
        sample.process_cpu_percent
        for sample in period.bad
        if sample.process_cpu_percent is not None
        and (sample.udp_receive_buffer_errors_per_s or sample.udp_socket_drops_per_s)
    )
    return used[len(used) // 2] if used else None


def path_signs(
    period: BadPeriod, held: BadPeriod, load: int, held_load: int
) -> Iterator[SaturationSign]:
    """The sign of the path between server and probes: no more traffic at a larger load.

    It compares with the trial that passed; a shaper far away has no other sign.
    """
    if load < 1.15 * held_load:
        return
    for way in ("received", "sent"):
        now = period.mean(lambda sample, way=way: getattr(sample, f"{way}_bps"))  # type: ignore[misc]
        then = held.mean(lambda sample, way=way: getattr(sample, f"{way}_bps"))  # type: ignore[misc]
        lost = _lost_share(period, "outbound" if way == "received" else "inbound")
        if now is None or not then or lost is None:
            continue
        grown = now / then
        share = min(lost / 0.01, 1.05 / grown)
        text = (
            f"the server {way} {now / 1e6:.3g} Mbit/s, {then / 1e6:.3g} at "
            f"{counted(held_load, 'probe')}: no more came through, {percent(lost)} of the packets "
            "were lost"
        )
        yield SaturationSign("network_bits", share, text)


def _shaped(period: BadPeriod) -> Iterator[SaturationSign]:
    """The sign of the interface's queue: its rate if it has one, delay and drops."""
    limit = min(known(sample.sent_limit_bps for sample in period.all), default=None)
    sent = period.mean(lambda sample: sample.sent_bps)
    packets = period.mean(lambda sample: sample.sent_packets_per_s)
    dropped = period.mean_of_slow_samples(lambda sample: sample.queue_drops_per_s)
    severity = 0.0 if dropped is None else _severity(dropped, packets)
    full = f", and {_rate(dropped)} found no room in its queue" if dropped else ""
    if limit is None:
        if dropped is not None:
            text = f"the queue of its interface had no room for {_rate(dropped)}"
            yield SaturationSign(
                _resource_by_packet_size(sent, packets), severity, text, counted=True
            )
        return
    if sent is None:
        text = f"its interface may send {limit / 1e6:.3g} Mbit/s{full}"
        yield SaturationSign("network_bits", severity, text, counted=severity >= 1)
        return
    used = sent / limit
    text = f"it sent {sent / 1e6:.3g} of the {limit / 1e6:.3g} Mbit/s that its interface may send"
    if used >= CLEARLY_SHORT:
        backlog = period.mean_of_slow_samples(lambda sample: sample.queue_backlog_bytes) or 0.0
        late_s = 8 * backlog / limit
        share = max(used / FULL_OF_SHAPER, severity, late_s / LATE_S)
        yield SaturationSign("network_bits", share, text + full, counted=severity >= 1)
        return
    yield SaturationSign("network_bits", used / FULL_OF_SHAPER, text)
    if dropped is not None:
        text = f"the queue of its interface had no room for {_rate(dropped)}"
        yield SaturationSign("network_packets", severity, text, counted=True)


def _resource_by_packet_size(bps: float | None, packets_per_s: float | None) -> Resource:
    """Whether bits or packets filled a queue that has no rate of its own."""
    small = bps is not None and packets_per_s and bps / packets_per_s < 8 * SMALL_BYTES
    return "network_packets" if small else "network_bits"


def _interface(period: BadPeriod, machine: ServerResources) -> Iterator[SaturationSign]:
    if not machine.network_bps:
        return
    for way in ("sent", "received"):
        carried = period.mean(lambda sample, way=way: getattr(sample, f"{way}_bps"))  # type: ignore[misc]
        if carried is not None:
            text = (
                f"the server {way} {carried / 1e6:.3g} of the {machine.network_bps / 1e6:.3g} "
                "Mbit/s that its network carries"
            )
            yield SaturationSign("network_bits", carried / machine.network_bps / FULL, text)


def _allowances(period: BadPeriod) -> Iterator[SaturationSign]:
    packets = sum(
        known(
            (
                period.mean(lambda sample: sample.sent_packets_per_s),
                period.mean(lambda sample: sample.received_packets_per_s),
            )
        )
    )
    names = {each.name for sample in period.around for each in sample.allowances or ()}
    for name in sorted(names & (OF_BITS | OF_PACKETS)):
        exceeded = mean_known(
            each.exceeded_per_s
            for sample in period.around
            for each in sample.allowances or ()
            if each.name == name
        )
        resource: Resource = "network_bits" if name in OF_BITS else "network_packets"
        text = f"its cloud delayed or dropped {_rate(exceeded or 0.0)} (allowance {name})"
        yield SaturationSign(
            resource, _severity(exceeded or 0.0, packets or None), text, counted=True
        )


def _dropped_at_interface(period: BadPeriod) -> Iterator[SaturationSign]:
    for way in ("received", "sent"):
        dropped = period.mean(lambda sample, way=way: getattr(sample, f"{way}_drops_per_s"))  # type: ignore[misc]
        packets = period.mean(lambda sample, way=way: getattr(sample, f"{way}_packets_per_s"))  # type: ignore[misc]
        if dropped is not None:
            text = f"its interface dropped {_rate(dropped)} of those {way}{_of(dropped, packets)}"
            yield SaturationSign("network_packets", _severity(dropped, packets), text, counted=True)


def _interrupts(period: BadPeriod) -> Iterator[SaturationSign]:
    """The sign of a core that only handles packets."""
    sampled = [each for sample in period.bad if (each := sample.core_softirq_percent)]
    if not sampled:
        return
    cores = min(len(each) for each in sampled)
    busiest = max(sum(each[core] for each in sampled) / len(sampled) for core in range(cores))
    text = f"one core spent {busiest:.0f} % of its time on packets (softirq)"
    yield SaturationSign("network_packets", busiest / SOFTIRQ_PERCENT, text)


def _lost_share(period: BadPeriod, direction: Direction) -> float | None:
    """The median post-repair loss of the streams of that direction."""
    frame = Intervals.of(period.evidence.intervals).frame.filter(direction=direction)
    median: float | None = frame.select(pl.col("residual_loss_ratio").median()).item()
    return median


def _severity(dropped: float, of: float | None) -> float:
    """Dropped packets as a share of the number that impairs media."""
    if of:
        return min(dropped / of / DROPPED, dropped / FEW_PER_S)
    return dropped / (5 * FEW_PER_S)


def _rate(packets_per_s: float) -> str:
    exact = f"{packets_per_s:.2g}" if packets_per_s < 10 else f"{packets_per_s:.0f}"
    return f"{exact} packets a second"


def _of(part: float, whole: float | None) -> str:
    return f" ({100 * part / (part + whole):.2g} %)" if whole and part else ""
