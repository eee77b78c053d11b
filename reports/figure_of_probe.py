"""The channels of one probe, over time."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from reports.canvas import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    RECEIVED,
    SENT,
    VERMILLION,
    bit_rate,
    dress,
    from_zero,
    headline,
    paper,
    trial_time,
)
from reports.grid import Array
from reports.phrases import percent
from reports.probe_channels import ProbeChannels


def probe_channels_figure(channels: ProbeChannels) -> Figure:
    """Bitrate, frames, picture size, loss, delay, freezes and limits of one probe, over time."""
    figure, panels = paper(8, height=13.5)
    rates, sound, frames, size, loss, delay, stalls, limits = panels
    shown = trial_time(limits, channels.time_s, channels.phases)

    def line(axes: object, values: Array, label: str, color: str, dash: str = "-") -> None:
        if np.isfinite(values).any():
            axes.plot(shown, values, color=color, ls=dash, label=label)  # type: ignore[attr-defined]

    sent, received = channels.sent_bps, channels.received_bps
    unit = bit_rate(sent["video"], received["video"], channels.target_bps)
    line(rates, sent["video"] / unit.scale, "sent", SENT)
    line(rates, received["video"] / unit.scale, "received", RECEIVED, "--")
    line(rates, channels.target_bps / unit.scale, "encoder's target", BLACK, ":")
    rates.set_ylabel(f"video, {unit.name}")
    unit = bit_rate(sent["audio"], received["audio"])
    line(sound, sent["audio"] / unit.scale, "sent", SENT)
    line(sound, received["audio"] / unit.scale, "received", RECEIVED, "--")
    sound.set_ylabel(f"audio, {unit.name}")
    line(frames, channels.frames_sent, "sent", SENT)
    line(frames, channels.frames_received, "received", RECEIVED, "--")
    frames.set_ylabel("frames/s")
    line(size, channels.pixels / 1000, "pixels of the received picture", RECEIVED)
    size.set_ylabel("size,\n1000 pixels")
    line(loss, channels.lost_up * 100, "sent", SENT)
    line(loss, channels.lost_down * 100, "received", RECEIVED, "--")
    loss.set_ylabel("lost, %")
    line(delay, channels.round_trip_s * 1000, "round trip", BLUE)
    line(delay, channels.jitter_s["video"] * 1000, "jitter of video", GREEN, "--")
    line(delay, channels.jitter_s["audio"] * 1000, "jitter of audio", ORANGE, ":")
    delay.set_ylabel("ms")
    line(stalls, channels.stalled_s * 100, "picture stood still", VERMILLION)
    stalls.set_ylabel("frozen,\n% of a second")
    line(limits, channels.cpu_limited * 100, "encoder lacked CPU", BLACK)
    line(limits, channels.bandwidth_limited * 100, "encoder lacked bandwidth", ORANGE, "--")
    limits.set_ylabel("encoder held\nback, %")
    for axes in panels:
        from_zero(axes)
        if not axes.lines:
            axes.annotate("not seen", (0.5, 0.4), xycoords="axes fraction", ha="center")
    figure.align_ylabels(panels)
    dress(figure, panels, channels.time_s, channels.phases)
    headline(figure, _title(channels))
    return figure


def _title(channels: ProbeChannels) -> str:
    said = []
    pixels = channels.pixels[np.isfinite(channels.pixels)]
    if pixels.size and pixels.min() < pixels.max():
        said.append("its received picture changed size")
    lost = max(_largest(channels.lost_down), _largest(channels.lost_up))
    said.append("loss unknown" if np.isnan(lost) else f"at most {percent(lost)} lost in 10 s")
    stalled = np.nansum(channels.stalled_s) if np.isfinite(channels.stalled_s).any() else np.nan
    if np.isfinite(stalled):
        said.append(f"picture stood still for {stalled:.1f} s")
    return f"{channels.probe}: {', '.join(said)}"


def _largest(values: Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max()) if known.size else float("nan")
