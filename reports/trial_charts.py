"""Which figures a trial gets, most telling first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from farm.experiment import Experiment
from farm.webrtc_stats import MediaKind
from reports.canvas import FEW
from reports.charts import Chart, Charts, Column
from reports.correlation import Correlation, correlate, strongest
from reports.figure_of_strain import strain_charts
from reports.figures_by_probe import (
    bitrate_by_session,
    bitrate_sorted,
    loss_by_probe,
    loss_by_session,
    setup_times,
)
from reports.figures_of_machines import cpu_and_quality, generator_and_server, server_resources
from reports.figures_over_time import bitrate_over_time, frame_rate_over_time, loss_over_time
from reports.grid import Array, Grid, samples_on_grid
from reports.trial_series import ServerSeries, TrialSeries


def trial_charts(series: TrialSeries, settings: Experiment, prefix: str) -> Charts:
    """The figures of one trial, most telling first; names begin with `prefix`."""
    charts: list[Chart] = []
    missing: list[str] = []
    for group in (_bitrates, _quality, _machines, _strain, _setups):
        for found in group(series, settings):
            if isinstance(found, Chart):
                charts.append(found)
            else:
                missing.append(found)
    return Charts(
        tuple(Chart(f"{prefix}-{c.name}", c.heading, c.caption, c.draw, c.columns) for c in charts),
        tuple(missing),
    )


def correlations(series: TrialSeries) -> tuple[Correlation, ...]:
    """The server's CPU against what probes had, over the seconds of the hold."""
    if series.server is None:
        return ()
    phases = series.phases
    found = []
    for name, grid in (
        ("the received video bitrate", series.received_bps.get("video")),
        ("the share of lost packets", series.loss),
        ("the frame rate", series.frame_rate),
    ):
        if grid is None or not np.isfinite(grid.values).any():
            continue
        held = grid.between(phases.hold_s, phases.leave_s)
        cpu = samples_on_grid(series.server.time_s, series.server.cpu_percent, held.time_s)
        found.append(correlate(name, cpu, held.band().mean))
    return tuple(found)


def _bitrates(series: TrialSeries, _: Experiment) -> Sequence[Chart | str]:
    found: list[Chart | str] = []
    kinds: tuple[MediaKind, ...] = ("video", "audio")
    for kind in kinds:
        sent, received = series.sent_bps[kind], series.received_bps[kind]
        if not (_seen(sent) or _seen(received)):
            found.append(f"No {kind} bitrate: no {kind} stream can be read from the recording.")
            continue
        found.append(
            Chart(
                f"{kind}-bitrate",
                f"{kind.capitalize()} bitrate over time",
                f"Payload, without headers. {_spread(len(received.names))}",
                lambda kind=kind, sent=sent, received=received: bitrate_over_time(  # type: ignore[misc]
                    kind, sent, received, series.phases, series.by_probe
                ),
                {
                    "run_time_s": sent.time_s,
                    **_band_columns("sent", "bps", sent),
                    **_band_columns("received", "bps", received),
                },
            )
        )
    kind = "video" if _any(series.by_probe.received_bps["video"]) else "audio"
    if not _any(series.by_probe.received_bps[kind]):
        return [*found, "No figures by probe: nothing was received in a hold."]
    probes = series.by_probe
    columns: Mapping[str, Column] = {
        "probe": probes.probes,
        "session": probes.sessions,
        "role": probes.roles,
        "sent_bps": probes.sent_bps[kind],
        "received_bps": probes.received_bps[kind],
    }
    return [
        *found,
        Chart(
            "bitrate-sorted",
            "Bitrate by probe, sorted",
            "Sent and received are sorted each by itself: a tail to the right is who got less.",
            lambda: bitrate_sorted(kind, probes),
            columns,
        ),
        Chart(
            "bitrate-by-session",
            "Bitrate by probe, in session order",
            _neighbours(series),
            lambda: bitrate_by_session(kind, probes, mixed=series.mixed),
            columns,
        ),
    ]


def _quality(series: TrialSeries, settings: Experiment) -> Sequence[Chart | str]:
    found: list[Chart | str] = []
    limit = settings.criteria.residual_loss
    if _seen(series.loss):
        found.append(
            Chart(
                "loss",
                "Loss over time",
                "Packets that never came, repaired ones not counted, over the window before.",
                lambda: loss_over_time(
                    series.loss, series.phases, series.by_probe, series.window_s, limit
                ),
                {"run_time_s": series.loss.time_s, **_band_columns("lost", "ratio", series.loss)},
            )
        )
    else:
        found.append("No loss: no received stream can be read from the recording.")
    probes, windows = series.by_probe, series.loss_windows
    if _any(probes.lost_down):
        found.append(
            Chart(
                "loss-by-probe",
                "Loss by probe",
                "Down is what the probe never got; up is what the server says it missed of it.",
                lambda: loss_by_probe(probes, limit),
                {
                    "probe": probes.probes,
                    "session": probes.sessions,
                    "lost_down_ratio": probes.lost_down,
                    "lost_up_ratio": probes.lost_up,
                },
            )
        )
    if _any(windows.ratio):
        found.append(
            Chart(
                "loss-by-session",
                "Loss by session, window by window",
                "The darker, the more the worst stream of the session lost in that window.",
                lambda: loss_by_session(windows, limit),
                {
                    "session": windows.sessions,
                    **{
                        f"lost_ratio_from_{start_s:.0f}_s": windows.ratio[:, i]
                        for i, start_s in enumerate(windows.start_s)
                    },
                },
            )
        )
    if _seen(series.frame_rate):
        found.append(
            Chart(
                "frame-rate",
                "Frame rate over time",
                f"Decoded frames, so that a frozen picture counts 0. "
                f"{_spread(len(series.frame_rate.names))}",
                lambda: frame_rate_over_time(
                    series.frame_rate, series.phases, series.by_probe, _asked(series, settings)
                ),
                {
                    "run_time_s": series.frame_rate.time_s,
                    **_band_columns("decoded", "frames_per_s", series.frame_rate),
                },
            )
        )
    else:
        found.append("No frame rate: no decoded picture can be read from the recording.")
    return found


def _machines(series: TrialSeries, settings: Experiment) -> Sequence[Chart | str]:
    found: list[Chart | str] = []
    server, phases = series.server, series.phases
    if server is None:
        found.append("No server figures: the server's machine was not sampled.")
    else:
        kind: MediaKind = "video" if _seen(series.received_bps["video"]) else "audio"
        received = series.received_bps[kind]
        if _seen(received) and _any(server.cpu_percent):
            told = correlations(series)
            best = strongest(told) or (told[0] if told else None)
            relation = best.finding if best else "Server CPU and what probes received"
            found.append(
                Chart(
                    "cpu-and-quality",
                    "Server CPU and quality",
                    "On one time axis. "
                    + " ".join(dict.fromkeys(_sentence(each.finding) for each in told)),
                    lambda: cpu_and_quality(
                        server,
                        received,
                        series.loss,
                        phases,
                        _sentence(relation)[:-1],
                    ),
                    {
                        **_server_columns(server),
                        "received_mean_bps": _mean_at(received, server.time_s),
                        "lost_mean_ratio": _mean_at(series.loss, server.time_s),
                    },
                )
            )
        found.append(
            Chart(
                "server",
                "Memory, threads, descriptors and network of the server",
                "A line that climbs through the hold is a leak, or a load that never settled.",
                lambda: server_resources(server, phases),
                _server_columns(server),
            )
        )
    if any(_any(host.cpu_percent) for host in series.hosts):
        found.append(
            Chart(
                "generator",
                "Generator CPU beside the server's",
                "The generator is the machines that run probes; the busiest is drawn strong.",
                lambda: generator_and_server(
                    server, series.hosts, phases, settings.invalid.host_cpu
                ),
                {
                    "host": [host.host for host in series.hosts for _ in host.time_s],
                    "run_time_s": np.concatenate([host.time_s for host in series.hosts]),
                    "cpu_percent": np.concatenate([host.cpu_percent for host in series.hosts]),
                    "busiest_thread_percent": np.concatenate(
                        [host.busiest_thread_percent for host in series.hosts]
                    ),
                },
            )
        )
    else:
        found.append("No generator CPU: the machines that ran probes were not sampled.")
    return found


def _setups(series: TrialSeries, settings: Experiment) -> Sequence[Chart | str]:
    setups = series.setups
    if not setups.probes:
        return ["No setup times: no stream was expected."]
    return [
        Chart(
            "setup-times",
            "Setup times",
            "From the page's offer to the first decoded picture or the first audio packet.",
            lambda: setup_times(setups, settings.criteria.setup_within_s),
            {"probe": setups.probes, "kind": setups.kinds, "setup_s": setups.setup_s},
        )
    ]


def _neighbours(series: TrialSeries) -> str:
    if series.mixed:
        return "The members of a room stand side by side; each receives the server's mix."
    return "The probes of a session stand side by side, so that the halves of a broken one match."


def _asked(series: TrialSeries, settings: Experiment) -> float | None:
    """The rate that received pictures should have: the camera's, unless the server mixes."""
    return None if series.mixed else settings.media.frame_rate


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _band_columns(name: str, unit: str, grid: Grid) -> Mapping[str, Column]:
    band = grid.band()
    return {
        f"{name}_mean_{unit}": band.mean,
        f"{name}_min_{unit}": band.low,
        f"{name}_p10_{unit}": band.tenth,
        f"{name}_median_{unit}": band.median,
        f"{name}_p90_{unit}": band.ninetieth,
        f"{name}_max_{unit}": band.high,
    }


def _strain(series: TrialSeries, _: Experiment) -> Sequence[Chart | str]:
    return strain_charts(series.strain, series.phases)


def _server_columns(server: ServerSeries) -> Mapping[str, Column]:
    return {
        "run_time_s": server.time_s,
        "cpu_percent": server.cpu_percent,
        "process_cpu_percent": server.process_cpu_percent,
        "busiest_thread_percent": server.busiest_thread_percent,
        "steal_percent": server.steal_percent,
        "process_rss_bytes": server.process_rss_bytes,
        "process_threads": server.process_threads,
        "process_descriptors": server.process_descriptors,
        "received_bps": server.received_bps,
        "sent_bps": server.sent_bps,
    }


def _mean_at(grid: Grid, time_s: Array) -> Array:
    return samples_on_grid(grid.time_s, grid.band().mean, time_s)


def _spread(probes: int) -> str:
    if probes <= FEW:
        return "The band reaches from the lowest to the highest probe."
    return "The pale band reaches from the lowest to the highest probe, the deeper one holds 80 %."


def _seen(grid: Grid) -> bool:
    return _any(grid.values)


def _any(values: Array) -> bool:
    return bool(np.isfinite(values).any())
