"""The charts of a trial, the most informative first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from farm.attribution import CrossCorrelation
from farm.model.experiment import Experiment
from farm.model.verdict import Reason
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from reports.exports.row_commands import BOTH_WAYS, RECEIVED, SENT_AND_RECEIVED
from reports.figures.by_probe import bitrate_by_session, bitrate_sorted, loss_by_probe
from reports.figures.canvas import FEW
from reports.figures.chart import Chart, Charts, Column
from reports.figures.data_messages import data_messages_chart
from reports.figures.janus_view import janus_charts
from reports.figures.machine_charts import machine_charts
from reports.figures.over_time import bitrate_over_time, frame_rate_over_time, loss_over_time
from reports.figures.received_layers import received_layers_chart
from reports.figures.server_strain import strain_charts
from reports.figures.session_charts import session_map_chart, setup_chart, viewer_quality
from reports.series.data_channels import MessageRates
from reports.series.grid import Array, Grid
from reports.series.received_layers import LayersReceived
from reports.series.session_quality import SessionQuality
from reports.series.trial import TrialSeries


def trial_charts(
    series: TrialSeries,
    quality: SessionQuality,
    settings: Experiment,
    prefix: str,
    reasons: Sequence[Reason] = (),
    *,
    cpu: CrossCorrelation | None = None,
    layers: Sequence[LayersReceived] = (),
    messages: MessageRates | None = None,
    kinds: Sequence[MediaKind] = MEDIA_KINDS,
) -> Charts:
    """The charts of one trial, the most informative first; names begin with `prefix`.

    `reasons` are its verdict's, `cpu` is how the server's CPU went with quality, where it is known;
    `layers` are the received videos whose senders have several, `messages` those of data channels;
    `kinds` are those of the media that are owed.
    """
    charts: list[Chart] = []
    missing: list[str] = []
    for each in (
        *session_map_chart(viewer_quality(series, settings, reasons) or quality),
        *_bitrates(series, kinds),
        *_quality(series, settings, kinds),
        *([received_layers_chart(layers, series.phases)] if layers else ()),
        *_messages(messages, series),
        *machine_charts(series, settings, cpu),
        *strain_charts(series.strain, series.phases),
        *janus_charts(series.janus, series.phases),
        *setup_chart(series, settings),
    ):
        if isinstance(each, Chart):
            charts.append(each)
        else:
            missing.append(each)
    return Charts(
        tuple(replace(chart, name=f"{prefix}-{chart.name}") for chart in charts),
        tuple(missing),
    )


def _bitrates(series: TrialSeries, owed: Sequence[MediaKind]) -> Sequence[Chart | str]:
    charts: list[Chart | str] = []
    kinds: tuple[MediaKind, ...] = ("video", "audio")
    for kind in kinds:
        sent, received = series.sent_bps[kind], series.received_bps[kind]
        if not (_seen(sent) or _seen(received)):
            why = f"no {kind} stream can be read from the recording"
            charts.append(f"No {kind} bitrate: {why if kind in owed else f'no {kind} is owed'}.")
            continue
        charts.append(
            Chart(
                f"{kind}-bitrate",
                f"{kind.capitalize()} bitrate over time",
                f"Payload, without headers{_together(series)}. {_spread(len(received.names))}",
                lambda kind=kind, sent=sent, received=received: bitrate_over_time(  # type: ignore[misc]
                    kind, sent, received, series.phases, series.by_probe
                ),
                {
                    "run_time_s": sent.time_s,
                    **_band_columns("sent", "bps", sent),
                    **_band_columns("received", "bps", received),
                },
                SENT_AND_RECEIVED,
            )
        )
    kind = "video" if _any(series.by_probe.received_bps["video"]) else "audio"
    if not _any(series.by_probe.received_bps[kind]):
        return [*charts, "No figures by probe: nothing was received in a hold."]
    probes = series.by_probe
    columns: Mapping[str, Column] = {
        "probe": probes.probes,
        "session": probes.sessions,
        "role": probes.roles,
        "sent_bps": probes.sent_bps[kind],
        "received_bps": probes.received_bps[kind],
    }
    return [
        *charts,
        Chart(
            "bitrate-sorted",
            "Bitrate by probe, sorted",
            "Sent and received are sorted separately: a tail to the right shows probes with less"
            f"{_together(series)}.",
            lambda: bitrate_sorted(kind, probes),
            columns,
            SENT_AND_RECEIVED,
        ),
        Chart(
            "bitrate-by-session",
            "Bitrate by probe, in session order",
            _neighbours(series),
            lambda: bitrate_by_session(kind, probes, mixed=series.mixed),
            columns,
            SENT_AND_RECEIVED,
        ),
    ]


def _quality(
    series: TrialSeries, settings: Experiment, owed: Sequence[MediaKind]
) -> Sequence[Chart | str]:
    charts: list[Chart | str] = []
    limit = settings.criteria.residual_loss
    if _seen(series.loss):
        charts.append(
            Chart(
                "loss",
                "Loss over time",
                "Post-repair loss (packets that were retransmitted in time do not count), over the "
                f"window before{_of_worst(series, 'stream')}.",
                lambda: loss_over_time(
                    series.loss, series.phases, series.by_probe, series.window_s, limit
                ),
                {"run_time_s": series.loss.time_s, **_band_columns("lost", "ratio", series.loss)},
                RECEIVED,
            )
        )
    else:
        charts.append("No loss: no received stream can be read from the recording.")
    probes = series.by_probe
    if _any(probes.lost_down):
        charts.append(
            Chart(
                "loss-by-probe",
                "Loss by probe",
                "Down is loss that the probe counted; up is loss of its streams that the server "
                f"reported{_of_worst(series, 'stream')}.",
                lambda: loss_by_probe(probes, limit),
                {
                    "probe": probes.probes,
                    "session": probes.sessions,
                    "lost_down_ratio": probes.lost_down,
                    "lost_up_ratio": probes.lost_up,
                },
                BOTH_WAYS,
            )
        )
    if _seen(series.frame_rate):
        charts.append(
            Chart(
                "frame-rate",
                "Frame rate over time",
                f"Decoded frames, so that frozen video counts as 0{_of_worst(series, 'video')}. "
                f"{_spread(len(series.frame_rate.names))}",
                lambda: frame_rate_over_time(
                    series.frame_rate,
                    series.phases,
                    series.by_probe,
                    () if series.mixed else series.asked_frame_rates,
                ),
                {
                    "run_time_s": series.frame_rate.time_s,
                    **_band_columns("decoded", "frames_per_s", series.frame_rate),
                },
                RECEIVED,
            )
        )
    else:
        why = "no decoded frame can be read from the recording"
        charts.append(f"No frame rate: {why if 'video' in owed else 'no video is owed'}.")
    return charts


def _messages(messages: MessageRates | None, series: TrialSeries) -> Sequence[Chart | str]:
    """The chart of data channels; a sentence for channels on which nothing was sent."""
    if messages is None:
        return []
    if not any(np.nansum(grid.values) for grid in (messages.sent, messages.received)):
        return ["No figure of data channels: no message was sent or received on any."]
    return [data_messages_chart(messages, series.phases)]


def _neighbours(series: TrialSeries) -> str:
    if series.mixed:
        return "The members of a room are side by side; each receives the server's mix."
    if series.partners > 1:
        return (
            f"The members of a room are side by side; each receives {series.partners} others, "
            "whose bitrates are summed."
        )
    return "The probes of a session are side by side, so that partners can be compared."


def _together(series: TrialSeries) -> str:
    return "; what a probe receives of several others is summed" if series.partners > 1 else ""


def _of_worst(series: TrialSeries, what: str) -> str:
    return f"; of a probe's worst {what}" if series.partners > 1 else ""


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


def _spread(probes: int) -> str:
    if probes <= FEW:
        return "The band reaches from the lowest to the highest probe."
    return "The pale band reaches from the lowest to the highest probe, the deeper one holds 80 %."


def _seen(grid: Grid) -> bool:
    return _any(grid.values)


def _any(values: Array) -> bool:
    return bool(np.isfinite(values).any())
