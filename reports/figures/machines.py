"""Figures of the machines of a trial: CPU and quality, the server's resources, the generator."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from farm.model.trial_evidence import Phases
from farm.model.wording import percent
from reports.figures.canvas import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    WORST,
    bit_rate,
    byte_size,
    finish_time_axes,
    from_zero,
    headline,
    mark_limit,
    new_figure,
    show_zero,
    trial_time,
)
from reports.series.grid import Array, Grid, in_hold
from reports.series.trial import HostSeries, ServerSeries


def cpu_and_quality(
    server: ServerSeries,
    received: Grid,
    frame_rate: Grid | None,
    loss: Grid,
    phases: Phases,
    *,
    relation: str,
) -> Figure:
    """Draw the server's CPU above what the probes received and lost, second by second.

    `frame_rate` is None without video; `relation` is the finding in words, and the title.
    """
    bitrate, lost = received.band(), loss.band()
    unit = bit_rate(bitrate.mean)
    figure, panels = new_figure(3 if frame_rate is None else 4, height=5.6)
    cpu, quality, losses = panels[0], panels[1], panels[-1]
    shown = trial_time(cpu, server.time_s, phases)
    cpu.plot(shown, server.cpu_percent, color=BLUE, label="server, % of all its cores")
    if np.isfinite(server.process_cpu_percent).any():
        cpu.plot(
            shown,
            server.process_cpu_percent,
            color=ORANGE,
            ls="--",
            label="media server, % of one core",
        )
    cpu.set_ylabel("CPU, %")
    quality.plot(
        trial_time(quality, received.time_s, phases),
        bitrate.mean / unit.scale,
        color=GREEN,
        label="received, average",
    )
    quality.set_ylabel(f"received,\n{unit.name}")
    if frame_rate is not None:
        panels[2].plot(
            trial_time(panels[2], frame_rate.time_s, phases),
            frame_rate.band().mean,
            color=PURPLE,
            label="decoded frames/s, average",
        )
        panels[2].set_ylabel("frames/s")
        from_zero(panels[2])
    losses.plot(
        trial_time(losses, loss.time_s, phases),
        lost.mean * 100,
        color=WORST,
        ls="-.",
        label="post-repair loss, average",
    )
    losses.set_ylabel("loss, %")
    from_zero(cpu, 10)
    from_zero(quality)
    from_zero(losses, 1.5)
    show_zero(losses)
    finish_time_axes(figure, panels, server.time_s, phases)
    headline(figure, relation)
    return figure


def server_resources(server: ServerSeries, phases: Phases) -> Figure:
    """Draw memory, threads and descriptors of the media server, and its machine's traffic."""
    memory = byte_size(server.process_rss_bytes)
    traffic = bit_rate(server.received_bps, server.sent_bps)
    figure, panels = new_figure(4, height=6.2)
    rows: tuple[tuple[str, float, tuple[tuple[Array, str, str, str], ...]], ...] = (
        (
            f"memory,\n{memory.name}",
            memory.scale,
            ((server.process_rss_bytes, "media server's resident memory", BLUE, "-"),),
        ),
        ("threads", 1.0, ((server.process_threads, "media server's threads", PURPLE, "-"),)),
        (
            "descriptors",
            1.0,
            ((server.process_descriptors, "media server's open descriptors", BLACK, "-"),),
        ),
        (
            f"network,\n{traffic.name}",
            traffic.scale,
            (
                (server.received_bps, "machine receives", GREEN, "-"),
                (server.sent_bps, "machine sends", ORANGE, "--"),
            ),
        ),
    )
    for axes, (label, scale, lines) in zip(panels, rows, strict=True):
        shown = trial_time(axes, server.time_s, phases)
        for values, word, color, style in lines:
            axes.plot(shown, values / scale, color=color, ls=style, label=word)
        axes.set_ylabel(label)
        if not any(np.isfinite(values).any() for values, *_ in lines):
            axes.annotate("not seen", (0.5, 0.5), xycoords="axes fraction", ha="center")
        from_zero(axes)
    figure.align_ylabels(panels)
    finish_time_axes(figure, panels, server.time_s, phases)
    headline(figure, _growth(server))
    return figure


def generator_and_server(
    server: ServerSeries | None,
    hosts: tuple[HostSeries, ...],
    phases: Phases,
    limit_ratio: float | None,
) -> Figure:
    """Draw CPU of the machines that run probes beside that of the server."""
    figure, (axes,) = new_figure()
    means = [] if server is not None else ["the server's is unknown"]
    clock = hosts[0].time_s if hosts else np.empty(0)
    if server is not None:
        clock = server.time_s
        shown = trial_time(axes, clock, phases)
        axes.plot(shown, server.cpu_percent, color=BLUE, label="server")
        seen = _seen(server.time_s, server.cpu_percent, phases)
        means.append(f"the server's {_mean(server.hold_cpu_percent)}{seen}")
    busiest = max(hosts, key=lambda host: _or_less(host.hold_cpu_percent), default=None)
    for host in hosts:
        axes.plot(
            trial_time(axes, host.time_s, phases),
            host.cpu_percent,
            color=ORANGE,
            ls="--",
            alpha=1.0 if host is busiest else 0.35,
            label=f"generator: {host.host}" if host is busiest else None,
        )
    if busiest is not None:
        means.append(f"the generator's {_mean(busiest.hold_cpu_percent)}")
    if limit_ratio is not None:
        mark_limit(axes, limit_ratio * 100, f"generator's limit, {percent(limit_ratio)}")
    axes.set_ylabel("CPU, % of the machine's cores")
    axes.set_ylim(0, 105)
    finish_time_axes(figure, [axes], clock, phases)
    headline(figure, f"Mean CPU in the hold: {' and '.join(means)}")
    return figure


def _seen(time_s: Array, values: Array, phases: Phases) -> str:
    """How much of the hold a mean covers, where that is less than half of it."""
    if phases.hold_s is None or phases.leave_s is None:
        return ""
    held = np.isfinite(values) & in_hold(time_s, phases)
    seconds, whole = int(held.sum()), phases.leave_s - phases.hold_s
    return f" (seen for {seconds} of {whole:.0f} s)" if seconds < whole / 2 else ""


def _mean(cpu_percent: float | None) -> str:
    return percent(None if cpu_percent is None else cpu_percent / 100)


def _or_less(cpu_percent: float | None) -> float:
    """A key to find the busiest by: unknown is less than any."""
    return -1.0 if cpu_percent is None else cpu_percent


def _growth(server: ServerSeries) -> str:
    known = server.process_rss_bytes[np.isfinite(server.process_rss_bytes)]
    if not known.size:
        return "The media server's process was not seen; the machine's network was"
    unit = byte_size(known)
    if known.size == 1:
        return f"The media server's memory was seen once: {unit.text(known[0])}"
    peak = f", {unit.text(known.max())} at most" if known.max() > known[-1] else ""
    return (
        f"The media server's memory went from {unit.text(known[0])} to {unit.text(known[-1])}{peak}"
    )
