"""Tables of layers: what senders sent of each, and which of them receivers were given. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import polars as pl

from farm.analysis.aggregates import mean_by_length
from farm.analysis.intervals import Intervals
from farm.evidence.sent_layers import ScalabilityMode
from farm.model.trial_evidence import (
    EncodingSettings,
    LayerInterval,
    StreamIdentity,
    StreamInterval,
    TrialEvidence,
)
from farm.model.wording import UNKNOWN, counted, percent
from farm.planning.receivers import receivers
from reports.exports.row_commands import Traced
from reports.exports.told_rows import EVENTS
from reports.series.received_layers import LayersReceived
from reports.text.table import (
    Cell,
    Heading,
    Table,
    bitrate_cell,
    first_few,
    frames_cell,
    number_cell,
    percent_cell,
)
from reports.wording.phrases import bitrate
from reports.wording.stream_names import stream_names

SENT = (
    Heading("probe"),
    Heading("role"),
    Heading("stream"),
    Heading("layer"),
    Heading("set by its page"),
    Heading("codec"),
    Heading("scalabilityMode"),
    Heading("width", number=True),
    Heading("height", number=True),
    Heading("frames/s", number=True),
    Heading("bitrate", number=True),
    Heading("target", number=True),
    Heading("paused by its page", number=True),
    Heading("paused otherwise"),
    Heading("limited by bandwidth", number=True),
    Heading("limited by CPU", number=True),
)

RECEIVED = (
    Heading("probe"),
    Heading("role"),
    Heading("video from"),
    Heading("layers, share of time"),
    Heading("switches", number=True),
    Heading("when in the hold"),
    Heading("unknown", number=True),
    Heading("why unknown"),
)

MOST_SWITCHES = 6
"""Switches that are named of a stream; the figure's CSV has all."""

Windows = Sequence[LayerInterval | StreamInterval]
Means = Mapping[int, float]
"""The length of each window."""


def layer_tables(
    evidence: TrialEvidence, received: Sequence[LayersReceived], prefix: str
) -> Iterator[Table]:
    """The tables of layers that were sent and `received`, for those that a trial has.

    Names of their files begin with `prefix`.
    """
    frame = Intervals.of(evidence.intervals).frame
    spans = frame.select("window", pl.col("end_s") - pl.col("start_s")).unique()
    rows = tuple(_sent_rows(evidence, dict(spans.iter_rows())))
    if rows:
        yield Table(
            "Layers that were sent, over the hold. Spatial and temporal layers of one encoding "
            "(SVC) are one row: browsers report no figures of each",
            SENT,
            rows,
            csv=f"{prefix}-layers-sent",
            traced=Traced(("outbound-rtp", EVENTS)),
        )
    if received:
        roles = {probe.probe: probe.role for probe in evidence.plan.probes}
        order = sorted(range(len(received)), key=lambda at: -len(received[at].switches))
        yield Table(
            "Layers that were received, over the hold: by the size of the frames, temporal layers "
            "(T0, T1) by their rate. A switch is known from the first poll on that shows it",
            RECEIVED,
            tuple(_received_row(each, roles[each.probe]) for each in received),
            csv=f"{prefix}-layers-by-receiver",
            worst_first=tuple(order),
            traced=Traced(("inbound-rtp", "outbound-rtp")),
        )


# ---------------------------------------------------------------- sent


def _sent_rows(evidence: TrialEvidence, length_s: Means) -> Iterable[tuple[Cell, ...]]:
    by_layer: defaultdict[tuple[str, int], dict[str, list[LayerInterval]]] = defaultdict(dict)
    for layer in evidence.layers:
        if layer.kind == "video":
            by_layer[layer.probe, layer.track].setdefault(layer.rid, []).append(layer)
    settings = {(each.probe, each.track, each.rid): each for each in evidence.encodings}
    roles = {probe.probe: probe.role for probe in evidence.plan.probes}
    names = _names(evidence)
    scalable = {
        (each.probe, each.track): each.scalability_mode
        for each in evidence.streams
        if each.direction == "outbound" and each.kind == "video"
        if ScalabilityMode.of(each.scalability_mode).has_layers
    }
    whole = _whole_streams(evidence, scalable.keys() - by_layer.keys())
    for key in sorted({*by_layer, *whole}):
        probe = key[0]
        who = Cell(probe, probe), Cell(roles[probe], roles[probe]), _text(names.get(key, "video"))
        for rid, layers in by_layer.get(key, {}).items():
            mode = next((each.scalability_mode for each in reversed(layers)), "")
            codec = next((each.codec for each in reversed(layers) if each.codec), "")
            yield (
                *who,
                _text(rid or "without a rid"),
                _settings_cell(settings.get((*key, rid))),
                *_figures(layers, codec, mode, length_s),
                *_pauses(layers, length_s),
            )
        if key in whole:
            mode = scalable[key]
            yield (
                *who,
                _text(f"all of {mode}"),
                _settings_cell(settings.get((*key, ""))),
                *_figures(whole[key], "", mode, length_s),
                *(Cell("") for _ in range(4)),
            )


def _whole_streams(
    evidence: TrialEvidence, keys: Iterable[tuple[str, int]]
) -> Mapping[tuple[str, int], list[StreamInterval]]:
    """The windows of sent videos with one encoding."""
    wanted = set(keys)
    found: defaultdict[tuple[str, int], list[StreamInterval]] = defaultdict(list)
    for each in evidence.intervals if wanted else ():
        is_video = each.direction == "outbound" and each.kind == "video"
        if is_video and (each.probe, each.track) in wanted:
            found[each.probe, each.track].append(each)
    return found


def _names(evidence: TrialEvidence) -> Mapping[tuple[str, int], str]:
    """The name of each sent video among its probe's."""
    known = receivers(evidence.streams)
    of_probe: defaultdict[str, list[StreamIdentity]] = defaultdict(list)
    for each in evidence.streams:
        if each.direction == "outbound" and each.kind == "video":
            of_probe[each.probe].append(each)
    return {
        (probe, stream.track): name
        for probe, streams in of_probe.items()
        for stream, name in zip(streams, stream_names(streams, known), strict=True)
    }


def _figures(windows: Windows, codec: str, mode: str, length_s: Means) -> Iterable[Cell]:
    sized = [each for each in windows if each.frame_width and each.bitrate_bps != 0]
    last = sized[-1] if sized else None
    yield _text(codec)
    yield _text(mode)
    yield number_cell(last.frame_width if last else None)
    yield number_cell(last.frame_height if last else None)
    yield frames_cell(_mean(windows, "frame_rate", length_s))
    yield bitrate_cell(_mean(windows, "bitrate_bps", length_s))
    yield bitrate_cell(_mean(windows, "target_bitrate_bps", length_s))


def _pauses(layers: Sequence[LayerInterval], length_s: Means) -> Iterable[Cell]:
    yield percent_cell(_mean(layers, "inactive_ratio", length_s))
    still = [each for each in layers if each.bitrate_bps == 0 and (each.inactive_ratio or 0) < 0.5]
    reasons = [
        name
        for name, ratio in (
            ("bandwidth", "limited_by_bandwidth_ratio"),
            ("CPU", "limited_by_cpu_ratio"),
        )
        if any((getattr(each, ratio) or 0) >= 0.5 for each in still)
    ]
    why = " and ".join(reasons) or "no reason reported"
    text = f"in {len(still)} of {counted(len(layers), 'window')}: {why}"
    yield Cell(text, text) if still else Cell("")
    yield percent_cell(_mean(layers, "limited_by_bandwidth_ratio", length_s))
    yield percent_cell(_mean(layers, "limited_by_cpu_ratio", length_s))


def _settings_cell(settings: EncodingSettings | None) -> Cell:
    if settings is None:
        return Cell(UNKNOWN)
    scale, most = settings.scale_resolution_down_by, settings.max_bitrate_bps
    parts = [
        f"size / {scale:g}" if scale is not None and scale != 1 else "",
        f"at most {bitrate(most)}" if most is not None else "",
        "" if settings.max_frame_rate is None else f"at most {settings.max_frame_rate:g} frames/s",
        settings.scalability_mode,
        "" if settings.is_active else "not active",
        "changed in the hold" if settings.is_changed else "",
    ]
    text = ", ".join(part for part in parts if part) or "nothing"
    return Cell(text, text)


# ---------------------------------------------------------------- received


def _received_row(stream: LayersReceived, role: str) -> tuple[Cell, ...]:
    whole_s = sum(span.end_s - span.begin_s for span in stream.spans)
    known = {span.layer for span in stream.spans if span.layer}
    shares = ", ".join(
        f"{name} {percent(seconds / whole_s)}"
        for name, seconds in stream.seconds.items()
        if name in known
    )
    switches = stream.switches
    when = "; ".join(
        first_few(
            [f"{before} to {after} at {at_s:.0f} s" for at_s, before, after in switches],
            MOST_SWITCHES,
        )
    )
    unknown_s = sum(span.end_s - span.begin_s for span in stream.spans if not span.layer)
    why = "; ".join(dict.fromkeys(span.why for span in stream.spans if span.why))
    return (
        _text(stream.probe),
        _text(role),
        _text(stream.sender),
        _text(shares),
        number_cell(len(switches)),
        _text(when),
        percent_cell(unknown_s / whole_s if whole_s else None),
        _text(why),
    )


def _text(text: str) -> Cell:
    return Cell(text, text)


def _mean(windows: Windows, name: str, length_s: Means) -> float | None:
    return mean_by_length(
        (value, length_s[each.window]) for each in windows for value in [getattr(each, name)]
    )
