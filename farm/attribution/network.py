"""Signs of a network at its end, in bits or in packets, and of sockets without room. Pure."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from farm.analysis.aggregates import known, mean_known
from farm.analysis.intervals import Intervals
from farm.attribution.bad_period import Watched
from farm.attribution.limit import Resource, SaturationSign, ServerResources
from farm.model.trial_plan import Direction
from farm.model.wording import percent

FULL, FULL_OF_SHAPER = 0.9, 0.8
"""Senders that feel a shaper's queue fill keep below its rate."""

LATE_S = 0.05
"""What waits in a shaper's queue so long is noticed by everybody's congestion control."""

SMALL_BYTES = 250
"""A mean packet below it is one of sound: then it is their number that is large."""

CLEARLY_SHORT = 0.5
"""Of a limit in bits: with packets dropped in its queue, so much of it is enough to blame it."""

DROPPED = 0.002
"""Of all packets: a fifth of what a verdict lets pass."""

FEW_PER_S = 1.0
SOFTIRQ_PERCENT = 80.0
OF_BITS = frozenset({"bw_in", "bw_out"})
OF_PACKETS = frozenset({"pps", "conntrack"})


def network_signs(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    """Of the interface, what shapes it, and what a cloud allows an instance."""
    yield from _shaped(watched)
    yield from _interface(watched, machine)
    yield from _allowances(watched)
    yield from _dropped_at_interface(watched)
    yield from _interrupts(watched)


def buffer_signs(watched: Watched) -> Iterator[SaturationSign]:
    """Of the media server's UDP sockets, or of its network's where those are hidden."""
    came = watched.mean(lambda sample: sample.received_packets_per_s)
    went = watched.mean(lambda sample: sample.sent_packets_per_s)
    own = watched.mean_seldom(lambda sample: sample.udp_socket_drops_per_s)
    all_in = watched.mean(lambda sample: sample.udp_receive_buffer_errors_per_s)
    unread = max(known((own, all_in)), default=None)
    if unread is not None:
        said = f"the media server's UDP sockets had no room for {_rate(unread)}{_of(unread, came)}"
        yield SaturationSign("udp_buffers", _felt(unread, came), said, counted=True)
    unsent = watched.mean(lambda sample: sample.udp_send_buffer_errors_per_s)
    if unsent is not None:
        said = f"the media server's UDP sockets could not send {_rate(unsent)}{_of(unsent, went)}"
        yield SaturationSign("udp_buffers", _felt(unsent, went), said, counted=True)


def stood_still(
    watched: Watched, held: Watched, load: int, held_load: int
) -> Iterator[SaturationSign]:
    """The network between, by what it did: no more came through though more was asked for.

    Only by comparison with the trial that held; a shaper far away shows nowhere else.
    """
    if load < 1.15 * held_load:
        return
    for way in ("received", "sent"):
        now = watched.mean(lambda sample, way=way: getattr(sample, f"{way}_bps"))  # type: ignore[misc]
        then = held.mean(lambda sample, way=way: getattr(sample, f"{way}_bps"))  # type: ignore[misc]
        lost = _lost_share(watched, "outbound" if way == "received" else "inbound")
        if now is None or not then or lost is None:
            continue
        grown = now / then
        share = min(lost / 0.01, 1.05 / grown)
        said = (
            f"the server {way} {now / 1e6:.3g} Mbit/s, {then / 1e6:.3g} at {held_load} probes: "
            f"more did not come through, {percent(lost)} of the packets were lost"
        )
        yield SaturationSign("network_bits", share, said)


def _shaped(watched: Watched) -> Iterator[SaturationSign]:
    """What waits or is dropped in the interface's queue, by its rate where it has one."""
    limit = min(known(sample.sent_limit_bps for sample in watched.all), default=None)
    sent = watched.mean(lambda sample: sample.sent_bps)
    packets = watched.mean(lambda sample: sample.sent_packets_per_s)
    dropped = watched.mean_seldom(lambda sample: sample.queue_drops_per_s)
    felt = 0.0 if dropped is None else _felt(dropped, packets)
    full = f", and {_rate(dropped)} found no room in its queue" if dropped else ""
    if limit is None:
        if dropped is not None:
            said = f"the queue of its interface had no room for {_rate(dropped)}"
            yield SaturationSign(_by_size(sent, packets), felt, said, counted=True)
        return
    if sent is None:
        said = f"its interface may send {limit / 1e6:.3g} Mbit/s{full}"
        yield SaturationSign("network_bits", felt, said, counted=felt >= 1)
        return
    used = sent / limit
    said = f"it sent {sent / 1e6:.3g} of the {limit / 1e6:.3g} Mbit/s that its interface may"
    if used >= CLEARLY_SHORT:
        backlog = watched.mean_seldom(lambda sample: sample.queue_backlog_bytes) or 0.0
        late_s = 8 * backlog / limit
        share = max(used / FULL_OF_SHAPER, felt, late_s / LATE_S)
        yield SaturationSign("network_bits", share, said + full, counted=felt >= 1)
        return
    yield SaturationSign("network_bits", used / FULL_OF_SHAPER, said)
    if dropped is not None:
        said = f"the queue of its interface had no room for {_rate(dropped)}"
        yield SaturationSign("network_packets", felt, said, counted=True)


def _by_size(bps: float | None, packets_per_s: float | None) -> Resource:
    """A queue without a rate of its own is that of what comes after it: what did that count?"""
    small = bps is not None and packets_per_s and bps / packets_per_s < 8 * SMALL_BYTES
    return "network_packets" if small else "network_bits"


def _interface(watched: Watched, machine: ServerResources) -> Iterator[SaturationSign]:
    if not machine.network_bps:
        return
    for way in ("sent", "received"):
        carried = watched.mean(lambda sample, way=way: getattr(sample, f"{way}_bps"))  # type: ignore[misc]
        if carried is not None:
            said = (
                f"the server {way} {carried / 1e6:.3g} of the {machine.network_bps / 1e6:.3g} "
                "Mbit/s that its network carries"
            )
            yield SaturationSign("network_bits", carried / machine.network_bps / FULL, said)


def _allowances(watched: Watched) -> Iterator[SaturationSign]:
    packets = sum(
        known(
            (
                watched.mean(lambda sample: sample.sent_packets_per_s),
                watched.mean(lambda sample: sample.received_packets_per_s),
            )
        )
    )
    names = {each.name for sample in watched.around for each in sample.allowances or ()}
    for name in sorted(names & (OF_BITS | OF_PACKETS)):
        exceeded = mean_known(
            each.exceeded_per_s
            for sample in watched.around
            for each in sample.allowances or ()
            if each.name == name
        )
        resource: Resource = "network_bits" if name in OF_BITS else "network_packets"
        said = f"its cloud held back {_rate(exceeded or 0.0)} (allowance {name})"
        yield SaturationSign(resource, _felt(exceeded or 0.0, packets or None), said, counted=True)


def _dropped_at_interface(watched: Watched) -> Iterator[SaturationSign]:
    for way in ("received", "sent"):
        dropped = watched.mean(lambda sample, way=way: getattr(sample, f"{way}_drops_per_s"))  # type: ignore[misc]
        packets = watched.mean(lambda sample, way=way: getattr(sample, f"{way}_packets_per_s"))  # type: ignore[misc]
        if dropped is not None:
            said = f"its interface dropped {_rate(dropped)} of those {way}{_of(dropped, packets)}"
            yield SaturationSign("network_packets", _felt(dropped, packets), said, counted=True)


def _interrupts(watched: Watched) -> Iterator[SaturationSign]:
    """A core that does nothing but take packets in."""
    looks = [each for sample in watched.bad if (each := sample.core_softirq_percent)]
    if not looks:
        return
    cores = min(len(look) for look in looks)
    busiest = max(sum(look[core] for look in looks) / len(looks) for core in range(cores))
    said = f"one core spent {busiest:.0f} % of its time on packets (softirq)"
    yield SaturationSign("network_packets", busiest / SOFTIRQ_PERCENT, said)


def _lost_share(watched: Watched, direction: Direction) -> float | None:
    """What half of the streams of that direction lost, or more."""
    frame = Intervals.of(watched.evidence.intervals).frame.filter(direction=direction)
    found: float | None = frame.select(pl.col("residual_loss_ratio").median()).item()
    return found


def _felt(dropped: float, of: float | None) -> float:
    """1 where so many packets lack that probes suffer."""
    if of:
        return min(dropped / of / DROPPED, dropped / FEW_PER_S)
    return dropped / (5 * FEW_PER_S)


def _rate(packets_per_s: float) -> str:
    exact = f"{packets_per_s:.2g}" if packets_per_s < 10 else f"{packets_per_s:.0f}"
    return f"{exact} packets a second"


def _of(part: float, whole: float | None) -> str:
    return f" ({100 * part / (part + whole):.2g} %)" if whole and part else ""
