"""Figure of the channels of one probe over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from farm.model.wording import percent
from reports.figures.canvas import (
    BLACK,
    ORANGE,
    bit_rate,
    finish_time_axes,
    from_zero,
    headline,
    new_figure,
    trial_time,
)
from reports.figures.stream_styles import (
    ROUND_TRIP,
    LineStyle,
    StreamStyles,
    worst_first,
    write_endings,
)
from reports.series.grid import Array
from reports.series.probe_channels import ProbeChannels

_LEAST_S = 0.05
_TARGET = {"color": BLACK, "ls": ":", "label": "target bitrate"}
_BANDWIDTH = {"color": ORANGE, "ls": "--", "label": "encoder limited by bandwidth"}


def probe_channels_figure(channels: ProbeChannels) -> Figure:
    """Draw each stream of one probe: bitrate, frames, size, loss, delay, freezes, limits."""
    figure, panels = new_figure(8, height=13.5)
    rates, sound, frames, size, loss, delay, stalls, limits = panels
    shown = trial_time(limits, channels.time_s, channels.phases)
    styles = StreamStyles(worst_first(channels.streams))

    def line(axes: Axes, values: Array, style: LineStyle) -> None:
        if np.isfinite(values).any():
            axes.plot(shown, values, **style)

    for kind, axes in (("video", rates), ("audio", sound)):
        mine = [each for each in channels.streams if each.stream.kind == kind]
        targets = [each.target_bps for each in mine if kind == "video"]
        unit = bit_rate(*(each.bps for each in mine), *targets)
        for each in mine:
            line(axes, each.bps / unit.scale, styles.of(each))
        for values in targets:
            line(axes, values / unit.scale, _TARGET)
        axes.set_ylabel(f"{kind}, {unit.name}")
        room = write_endings(axes, mine)
        from_zero(axes, axes.dataLim.y1 * 1.08 * room if axes.lines else 0.0)
    for each in channels.streams:
        style = styles.of(each)
        line(frames, each.frames, style)
        if not each.is_sent:
            line(size, each.pixels / 1000, style)
        is_audio = each.stream.kind == "audio"
        named = f"audio {style['label']}" if is_audio else style["label"]
        line(loss, each.lost * 100, {**style, "label": named, **({"ls": ":"} if is_audio else {})})
        jitter = f"jitter of {each.stream.kind} {'(dotted)' if is_audio else '(dashed)'}"
        line(
            delay,
            each.jitter_s * 1000,
            {**style, "label": jitter, "ls": ":" if is_audio else "--"},
        )
        line(stalls, each.stalled_s * 100, style)
        line(limits, each.cpu_limited * 100, {"color": BLACK, "label": "encoder limited by CPU"})
        line(limits, each.bandwidth_limited * 100, _BANDWIDTH)
    line(delay, channels.round_trip_s * 1000, ROUND_TRIP)
    frames.set_ylabel("frames/s")
    size.set_ylabel("size received,\n1000 pixels")
    loss.set_ylabel("loss, %")
    delay.set_ylabel("ms")
    stalls.set_ylabel("frozen,\n% of a second")
    limits.set_ylabel("encoder\nlimited, %")
    for axes in panels:
        if axes not in (rates, sound):
            from_zero(axes)
        if not axes.lines:
            axes.annotate("not seen", (0.5, 0.4), xycoords="axes fraction", ha="center")
    figure.align_ylabels(panels)
    finish_time_axes(figure, panels, channels.time_s, channels.phases)
    headline(figure, _title(channels))
    return figure


def _title(channels: ProbeChannels) -> str:
    parts = []
    ended = [each for each in channels.streams if each.ended]
    if ended:
        more = f" and {len(ended) - 1} more" if len(ended) > 1 else ""
        parts.append(f"{ended[0].name} {ended[0].ended}{more}")
    resized = [each.name for each in channels.of("inbound", "video") if _changes(each.pixels)]
    if resized:
        parts.append(f"{', '.join(resized[:2])} changed size")
    lost = _largest(np.array([_largest(each.lost) for each in channels.streams]))
    parts.append("loss unknown" if np.isnan(lost) else f"at most {percent(lost)} lost in 10 s")
    frozen = [
        (float(np.nansum(each.stalled_s)), each.name)
        for each in channels.of("inbound", "video")
        if np.isfinite(each.stalled_s).any()
    ]
    if frozen:
        frozen_s, name = max(frozen)
        which = f" ({name})" if len(frozen) > 1 and frozen_s >= _LEAST_S else ""
        parts.append(f"video frozen for {frozen_s:.1f} s{which}")
    return f"{channels.probe}: {', '.join(parts)}"


def _changes(pixels: Array) -> bool:
    known = pixels[np.isfinite(pixels)]
    return bool(known.size and known.min() < known.max())


def _largest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else float("nan")
