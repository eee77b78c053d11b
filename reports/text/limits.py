"""Sentences and tables of what limited the server, and when to start another. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from farm.model.wording import counted
from farm.results.answer_lines import STEPS_FAILED, evidence_beside
from reports.exports.row_commands import Traced
from reports.series.search import Threshold
from reports.text.table import Cell, Heading, Table, number_cell
from reports.wording.phrases import bitrate

LIMITS: Mapping[str, str] = {
    "cpu_total": "the CPU of the server's machine",
    "cpu_thread": "a single thread of the media server",
    "cpu_quota": "the CPU quota of the media server's control group",
    "cpu_steal": "CPU time that the hypervisor gave to other machines (steal)",
    "memory": "the server's memory",
    "disk": "the server's disk",
    "network_bits": "the bits a second of the server's network",
    "network_packets": "the packets a second of the server's network",
    "udp_buffers": "the room in the media server's UDP sockets",
    "descriptors": "the descriptors that the media server may open",
    "signalling": "the application's signalling",
    "generator": "the generator, not the server",
    "ceiling": "the largest load that the experiment allows",
    "driver": "steps of the driver that failed, which says nothing of the server",
    "unknown": "an unknown resource",
}


def limit_text(limited: Mapping[str, Any]) -> str:
    """Name of the limiting resource in words."""
    resource = str(limited.get("resource") or "unknown")
    words = LIMITS.get(resource, resource)
    return f"{words}, which saturated its core" if resource == "cpu_thread" else words


def limit_points(limited: Mapping[str, Any] | None, reasons: Iterable[str] = ()) -> list[str]:
    """The limiting resource with its evidence, the probes that were impaired, the traffic.

    `reasons` stand beside it: what they say is not said again.
    """
    if not limited or not limited.get("resource"):
        return []
    evidence = evidence_beside(str(limited.get("evidence") or ""), reasons).rstrip(".")
    if limited["resource"] == "driver":
        return [f"{STEPS_FAILED} {evidence[:1].upper()}{evidence[1:]}."]
    points = [f"Limited by {limit_text(limited)}" + (f": {evidence}." if evidence else ".")]
    scope = limited.get("company") or {}
    if scope.get("suffered"):
        points.append(f"When quality fell, {scope['said']}.")
    return [*points, *_traffic_points(limited.get("moved") or {})]


def scale_out_points(scale_out: Mapping[str, Any]) -> list[str]:
    """When to start another server: at a CPU, or, where CPU predicts nothing, at a load."""
    cpu_percent, probes = scale_out.get("cpu_percent"), scale_out.get("probes")
    evidence = str(scale_out.get("evidence") or "").rstrip(".")
    why = f" ({evidence})" if evidence else ""
    points = []
    if cpu_percent is not None:
        low, high = scale_out.get("interval") or (cpu_percent, cpu_percent)
        spread = f", {low:.0f} to {high:.0f} %" if high - low >= 1 else ""
        points.append(
            f"Start another server when this one's CPU reaches {cpu_percent:.0f} %{spread}{why}."
        )
    elif probes is not None:
        points.append(f"Start another server at {counted(probes, 'probe')}, not by CPU{why}.")
    room = scale_out.get("headroom_percent")
    if room is not None:
        points.append(f"At the recommended load {room:.0f} % of the machine's CPU is left.")
    each = scale_out.get("sessions_per_core")
    if each is not None:
        noun = "viewer" if scale_out.get("viewers") is not None else "session"
        points.append(f"That is {each:.3g} {noun}{'' if each == 1 else 's'} for each core.")
    relation = scale_out.get("relation") or {}
    if relation.get("said"):
        points.append(f"CPU by load: {relation['said']}.")
    return points


def threshold_of(summary: Mapping[str, Any] | None) -> Threshold | None:
    """The CPU at which to start another server; `None` where there is none."""
    scale_out = (summary or {}).get("scale_out") or {}
    cpu_percent = scale_out.get("cpu_percent")
    if cpu_percent is None:
        return None
    low, high = scale_out.get("interval") or (cpu_percent, cpu_percent)
    return Threshold(cpu_percent, (low, high))


def limit_tables(limited: Mapping[str, Any] | None) -> tuple[Table, ...]:
    """Tables of how near each resource was to saturation, and its correlation with quality."""
    if not limited:
        return ()
    signs: Sequence[Mapping[str, Any]] = limited.get("signs") or ()
    correlations: Sequence[Mapping[str, Any]] = limited.get("lagged") or ()
    suffered = (limited.get("company") or {}).get("suffered")
    when = "when quality fell" if suffered else "in the trial that failed"
    tables = []
    if signs:
        tables.append(
            Table(
                f"How near to saturation each resource of the server was {when}",
                (Heading("resource"), Heading("of saturation", number=True), Heading("seen")),
                tuple(
                    (
                        Cell(LIMITS.get(sign["resource"], sign["resource"])),
                        number_cell(sign["share"], _share(sign["share"])),
                        Cell(sign["said"]),
                    )
                    for sign in signs
                ),
                traced=Traced(("server",)),
            )
        )
    if correlations:
        tables.append(
            Table(
                "Resources and quality second by second in the hold of the trial that failed",
                (
                    Heading("resource"),
                    Heading("r", number=True),
                    Heading("90 % interval"),
                    Heading("quality lags by", number=True),
                    Heading("finding"),
                ),
                tuple(
                    (
                        Cell(each["resource"]),
                        number_cell(each["r"], f"{each['r']:+.2f}".replace("-", "−")),
                        Cell("{:+.2f} to {:+.2f}".format(*each["interval"]).replace("-", "−")),
                        number_cell(each["lag_s"], f"{each['lag_s']} s"),
                        Cell(each["said"]),
                    )
                    for each in correlations
                ),
                traced=Traced(("server", "inbound-rtp")),
            )
        )
    return tuple(tables)


def _share(share: float) -> str:
    return "saturated" if share >= 1 else f"{100 * share:.0f} %"


def _traffic_points(moved: Mapping[str, Any]) -> list[str]:
    """What the server's interface received and sent at the capacity."""
    ways = []
    for name, words in (("received", "received"), ("sent", "sent")):
        bps, packets = moved.get(f"{name}_bps"), moved.get(f"{name}_packets_per_s")
        if bps is not None:
            more = "" if packets is None else f" in {packets:,.0f} packets a second"
            ways.append(f"{words} {bitrate(bps)}{more}")
    return [f"At the capacity the server's interface {' and '.join(ways)}."] if ways else []
