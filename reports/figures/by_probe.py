"""Figures of a trial by probe and by session: bitrate, loss, setup times.

Up to `FEW` probes are drawn one by one and named; more become ranks.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from farm.model.webrtc_stats import MediaKind
from farm.model.wording import counted, percent
from reports.figures.canvas import (
    BLUE,
    FEW,
    ORANGE,
    RECEIVED,
    SENT,
    WORST,
    bit_rate,
    fill_band,
    from_zero,
    headline,
    largest,
    legend_below,
    mark_limit,
    new_figure,
)
from reports.series.grid import Array, Grid
from reports.series.trial import ByProbe

_NAMED = 12
_MANY = 400  # probes from which on neighbours are grouped
_GROUPS = 200
_BAR = 0.4


def bitrate_sorted(kind: MediaKind, by_probe: ByProbe) -> Figure:
    """Bitrate sent and received by each probe in the hold, each sorted, the largest first."""
    sent, received = by_probe.sent_bps[kind], by_probe.received_bps[kind]
    unit = bit_rate(sent, received)
    figure, (axes,) = new_figure()
    for values, label, color, side in (
        (sent, "sent", SENT, -1),
        (received, "received", RECEIVED, 1),
    ):
        ranked = np.sort(values[np.isfinite(values)])[::-1] / unit.scale
        at = np.arange(1, ranked.size + 1, dtype=np.float64)
        if sent.size <= FEW:
            axes.bar(
                at + side * _BAR / 2,
                ranked,
                _BAR,
                color=color,
                hatch="///" if side > 0 else None,
                edgecolor="white",
                lw=0,
                label=label,
            )
        else:
            axes.plot(at, ranked, color=color, lw=2.2, ls="-" if side < 0 else "--", label=label)
    axes.set_xlabel("probes, the largest bitrate first")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlim(0.5, max(1, sent.size) + 0.5)
    axes.set_ylabel(f"{kind} in the hold, {unit.name}")
    from_zero(axes)
    legend_below(figure, axes)
    known = received[np.isfinite(received)]
    headline(
        figure,
        f"{kind.capitalize()} received by probe: median {unit.text(float(np.median(known)))}, "
        f"lowest {unit.text(float(known.min()))}{by_probe.together}"
        if known.size
        else f"{kind.capitalize()} by probe: nothing was received in the hold",
    )
    return figure


def bitrate_by_session(kind: MediaKind, by_probe: ByProbe, *, mixed: bool) -> Figure:
    """Bitrate sent and received by probe in session order, so that partners are side by side.

    `mixed`: what one received is not what another sent.
    """
    sent, received = by_probe.sent_bps[kind], by_probe.received_bps[kind]
    if sent.size > _MANY:
        return _bitrate_bands(kind, by_probe, mixed=mixed)
    unit = bit_rate(sent, received)
    figure, (axes,) = new_figure()
    at = _places(by_probe.sessions)
    few = at.size <= FEW
    if few:
        axes.bar(at - _BAR / 2, sent / unit.scale, _BAR, color=SENT, label="sent")
        axes.bar(
            at + _BAR / 2,
            received / unit.scale,
            _BAR,
            color=RECEIVED,
            hatch="///",
            edgecolor="white",
            lw=0,
            label="received",
        )
    else:
        axes.plot(at, sent / unit.scale, "o", ms=3, mfc="none", color=SENT, label="sent")
        axes.plot(at, received / unit.scale, "x", ms=3, color=RECEIVED, label="received")
    _name_sessions(axes, at, by_probe.probes, by_probe.sessions)
    axes.set_xlim(at[0] - 2 * _BAR, at[-1] + 2 * _BAR)
    axes.set_ylabel(f"{kind} in the hold, {unit.name}")
    from_zero(axes)
    legend_below(figure, axes)
    headline(figure, _lowest_received(kind, by_probe, mixed=mixed))
    return figure


def _bitrate_bands(kind: MediaKind, by_probe: ByProbe, *, mixed: bool) -> Figure:
    """`bitrate_by_session` for many probes: neighbours become a band with its lowest value."""
    sides = (
        (by_probe.sent_bps[kind], "sent", SENT),
        (by_probe.received_bps[kind], "received", RECEIVED),
    )
    unit = bit_rate(*(values for values, *_ in sides))
    figure, panels = new_figure(2, height=4.9)
    size = -(-len(by_probe.probes) // _GROUPS)
    for axes, (values, word, color) in zip(panels, sides, strict=True):
        padded = np.append(values, np.full(-values.size % size, np.nan))
        groups = padded.reshape(-1, size)
        # Each group takes the place of a second: its probes make the band.
        band = Grid(np.arange(groups.shape[0], dtype=np.float64), (), groups.T).band()
        at = band.time_s * size
        fill_band(axes, at, band, unit.scale, color, few=False, name=f"{word}: ")
        axes.plot(at, band.median / unit.scale, color=color, label=f"{word}: median")
        axes.plot(at, band.low / unit.scale, color=WORST, lw=0.9, label="lowest of each group")
        axes.set_ylabel(f"{kind} {word}, {unit.name}")
        from_zero(axes)
    panels[-1].set_xlabel(f"probes in session order, in groups of {size} neighbours")
    panels[-1].set_xlim(0, len(by_probe.probes))
    legend_below(figure, *panels)
    headline(figure, _lowest_received(kind, by_probe, mixed=mixed))
    return figure


def loss_by_probe(by_probe: ByProbe, limit_ratio: float) -> Figure:
    """Post-repair loss down and up by probe, of the worst `FEW` probes."""
    down, up = by_probe.lost_down, by_probe.lost_up
    worst = np.fmax(np.nan_to_num(down), np.nan_to_num(up))
    order = np.argsort(-worst, kind="stable")[:FEW]
    names = [by_probe.probes[i] for i in order]
    figure, (axes,) = new_figure()
    at = np.arange(order.size, dtype=np.float64)
    axes.bar(at - _BAR / 2, down[order] * 100, _BAR, color=BLUE, label="down: post-repair loss")
    axes.bar(
        at + _BAR / 2,
        up[order] * 100,
        _BAR,
        color=ORANGE,
        hatch="///",
        edgecolor="white",
        lw=0,
        label="up: loss that the server reported",
    )
    _name_ticks(axes, at, names)
    axes.set_xlim(-2 * _BAR, order.size - 1 + 2 * _BAR)
    shown = f" ({order.size} of {worst.size})" if order.size < worst.size else ""
    axes.set_xlabel(f"probe, the worst first{shown}")
    mark_limit(axes, limit_ratio * 100, f"limit of a window, {percent(limit_ratio)}")
    axes.set_ylabel("lost in the hold, %")
    from_zero(axes, limit_ratio * 150)
    legend_below(figure, axes)
    bad = int(np.sum(worst > limit_ratio))
    unknown = _unknown_losses(by_probe)
    if largest(worst) == 0:
        seen = " was seen" if unknown else ""
        headline(figure, f"No post-repair loss{seen} in the hold{unknown}")
    elif bad == 0:
        headline(
            figure,
            f"No probe lost more than {percent(limit_ratio)} over the hold; the most either way is "
            f"{percent(worst[order[0]])}, on {names[0]}{unknown}",
        )
    else:
        headline(
            figure,
            f"{bad} of {counted(worst.size, 'probe')} lost more than {percent(limit_ratio)} over "
            f"the hold, down or up; the worst is {names[0]} of "
            f"{by_probe.sessions[order[0]]}{unknown}",
        )
    return figure


def _unknown_losses(by_probe: ByProbe) -> str:
    """The number of probes that receive, or send, and whose loss is unknown, in words."""
    ways = (
        ("down", by_probe.lost_down, by_probe.received_bps),
        ("up", by_probe.lost_up, by_probe.sent_bps),
    )
    parts = []
    for word, lost, rates in ways:
        moving = np.isfinite(np.vstack(list(rates.values()))).any(axis=0)
        unseen = int(np.sum(moving & np.isnan(lost)))
        if unseen:
            parts.append(f"loss {word} unknown for {unseen}")
    return f"; {', '.join(parts)}" if parts else ""


def _places(sessions: Sequence[str]) -> Array:
    """The x position of each probe: one apart, with a gap between sessions."""
    begins = [i > 0 and session != sessions[i - 1] for i, session in enumerate(sessions)]
    return np.arange(len(sessions)) + 0.6 * np.cumsum(begins)


def _name_sessions(axes: Axes, at: Array, probes: Sequence[str], sessions: Sequence[str]) -> None:
    """Name every probe where they are few, else the sessions, or some of them."""
    if at.size <= _NAMED:
        names = [f"{probe}\n{session}" for probe, session in zip(probes, sessions, strict=True)]
        axes.set_xticks(at, names)
        axes.set_xlabel("probe and its session")
        return
    places: dict[str, list[float]] = {}
    for place, session in zip(at, sessions, strict=True):
        places.setdefault(session, []).append(float(place))
    every = max(1, len(places) // (FEW // 2))
    _name_ticks(
        axes,
        [float(np.mean(where)) for where in places.values()][::every],
        list(places)[::every],
    )
    axes.set_xlabel("session")


def _name_ticks(axes: Axes, at: Sequence[float] | Array, names: Sequence[str]) -> None:
    """Put names under the axis, turned where they are many."""
    axes.set_xticks(at, names, rotation=90 if len(names) > _NAMED else 0)
    axes.tick_params(axis="x", length=0)


def _lowest_received(kind: MediaKind, by_probe: ByProbe, *, mixed: bool) -> str:
    """The probe that received the lowest bitrate, and what its partners sent meanwhile."""
    received = by_probe.received_bps[kind]
    if not np.isfinite(received).any():
        return f"{kind.capitalize()} by session: nothing was received in the hold"
    worst = int(np.nanargmin(received))
    session = by_probe.sessions[worst]
    unit = bit_rate(by_probe.sent_bps[kind], received)
    others = [
        (by_probe.probes[i], float(by_probe.sent_bps[kind][i]))
        for i, other in enumerate(by_probe.sessions)
        if not mixed and other == session and i != worst and np.isfinite(by_probe.sent_bps[kind][i])
    ]
    meanwhile = ""
    if others and by_probe.together:
        meanwhile = f", while the others sent {unit.text(sum(bps for _, bps in others))} together"
    elif others:
        meanwhile = f", while {others[0][0]} sent {unit.text(others[0][1])}"
    return (
        f"{by_probe.probes[worst]} of {session} received the lowest bitrate: "
        f"{unit.text(float(received[worst]))}{by_probe.together}{meanwhile}"
    )
