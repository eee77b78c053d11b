"""The channels of one probe, over time."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from farm.model.wording import percent
from reports.figures.canvas import (
    BLACK,
    ORANGE,
    bit_rate,
    dress,
    from_zero,
    headline,
    paper,
    trial_time,
)
from reports.figures.stream_styles import ROUND_TRIP, Look, Looks, say_endings, worst_first
from reports.series.grid import Array
from reports.series.probe_channels import ProbeChannels

_LEAST_S = 0.05
_TARGET = {"color": BLACK, "ls": ":", "label": "encoder's target"}
_BANDWIDTH = {"color": ORANGE, "ls": "--", "label": "encoder lacked bandwidth"}


def probe_channels_figure(channels: ProbeChannels) -> Figure:
    """Each stream of one probe over time: bitrate, frames, size, loss, delay, freezes, limits."""
    figure, panels = paper(8, height=13.5)
    rates, sound, frames, size, loss, delay, stalls, limits = panels
    shown = trial_time(limits, channels.time_s, channels.phases)
    looks = Looks(worst_first(channels.streams))

    def line(axes: Axes, values: Array, look: Look) -> None:
        if np.isfinite(values).any():
            axes.plot(shown, values, **look)

    for kind, axes in (("video", rates), ("audio", sound)):
        mine = [each for each in channels.streams if each.stream.kind == kind]
        targets = [each.target_bps for each in mine if kind == "video"]
        unit = bit_rate(*(each.bps for each in mine), *targets)
        for each in mine:
            line(axes, each.bps / unit.scale, looks.of(each))
        for values in targets:
            line(axes, values / unit.scale, _TARGET)
        axes.set_ylabel(f"{kind}, {unit.name}")
        room = say_endings(axes, mine)
        from_zero(axes, axes.dataLim.y1 * 1.08 * room if axes.lines else 0.0)
    for each in channels.streams:
        look = looks.of(each)
        line(frames, each.frames, look)
        if not each.is_sent:
            line(size, each.pixels / 1000, look)
        is_audio = each.stream.kind == "audio"
        named = f"audio {look['label']}" if is_audio else look["label"]
        line(loss, each.lost * 100, {**look, "label": named, **({"ls": ":"} if is_audio else {})})
        jitter = f"jitter of {each.stream.kind} {'(dotted)' if is_audio else '(dashed)'}"
        line(
            delay,
            each.jitter_s * 1000,
            {**look, "label": jitter, "ls": ":" if is_audio else "--"},
        )
        line(stalls, each.stalled_s * 100, look)
        line(limits, each.cpu_limited * 100, {"color": BLACK, "label": "encoder lacked CPU"})
        line(limits, each.bandwidth_limited * 100, _BANDWIDTH)
    line(delay, channels.round_trip_s * 1000, ROUND_TRIP)
    frames.set_ylabel("frames/s")
    size.set_ylabel("size received,\n1000 pixels")
    loss.set_ylabel("lost, %")
    delay.set_ylabel("ms")
    stalls.set_ylabel("stood still,\n% of a second")
    limits.set_ylabel("encoder held\nback, %")
    for axes in panels:
        if axes not in (rates, sound):
            from_zero(axes)
        if not axes.lines:
            axes.annotate("not seen", (0.5, 0.4), xycoords="axes fraction", ha="center")
    figure.align_ylabels(panels)
    dress(figure, panels, channels.time_s, channels.phases)
    headline(figure, _title(channels))
    return figure


def _title(channels: ProbeChannels) -> str:
    said = []
    over = [each for each in channels.streams if each.ended]
    if over:
        more = f" and {len(over) - 1} more" if len(over) > 1 else ""
        said.append(f"{over[0].name} {over[0].ended}{more}")
    resized = [each.name for each in channels.of("inbound", "video") if _changes(each.pixels)]
    if resized:
        said.append(f"{', '.join(resized[:2])} changed size")
    lost = _largest(np.array([_largest(each.lost) for each in channels.streams]))
    said.append("loss unknown" if np.isnan(lost) else f"at most {percent(lost)} lost in 10 s")
    still = [
        (float(np.nansum(each.stalled_s)), each.name)
        for each in channels.of("inbound", "video")
        if np.isfinite(each.stalled_s).any()
    ]
    if still:
        stalled_s, name = max(still)
        whose = f" ({name})" if len(still) > 1 and stalled_s >= _LEAST_S else ""
        said.append(f"picture stood still for {stalled_s:.1f} s{whose}")
    return f"{channels.probe}: {', '.join(said)}"


def _changes(pixels: Array) -> bool:
    known = pixels[np.isfinite(pixels)]
    return bool(known.size and known.min() < known.max())


def _largest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else float("nan")
