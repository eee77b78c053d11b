"""Figures of each stream of one probe, second by second, from its recorded polls. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from farm.evidence.poll_table import PollTable
from farm.model.session_roles import SentMedia
from farm.model.trial_evidence import Phases, StreamIdentity
from farm.model.trial_plan import Direction
from farm.model.webrtc_stats import MediaKind
from farm.planning.receivers import Receivers, Sent
from reports.series.grid import Array, samples_on_grid, whole_seconds
from reports.series.stream_figures import OneWay, Owners
from reports.wording.stream_names import has_ended, of_hold, stream_names

Off = Mapping[tuple[str, SentMedia], Sequence[tuple[float, float, str]]]
"""Spans in which a page itself sent nothing of a kind, with the reason, by sender and kind."""

_NEAR_S = 2.0  # from a stream's last packet to the poll that shows why


@dataclass(frozen=True, slots=True, eq=False)
class StreamChannels:
    """One stream of a probe, `(seconds,)` each, NaN where unknown and from its end on.

    `name` is its name among the probe's, `ended` says in words that it ended or never came.
    Bitrates are payload; `lost` is post-repair loss over the last ten seconds, up as the server
    reports it; `frames` are decoded or encoded per second; `stalled_s` are seconds frozen in each
    second; `pixels` is the size of a frame. `cpu_limited` and `bandwidth_limited` are 1 where the
    encoder was limited by CPU or bandwidth (W3C `qualityLimitationReason`).
    """

    stream: StreamIdentity
    name: str
    ended: str
    bps: Array
    lost: Array
    frames: Array
    pixels: Array
    stalled_s: Array
    jitter_s: Array
    target_bps: Array
    cpu_limited: Array
    bandwidth_limited: Array

    @property
    def is_sent(self) -> bool:
        return self.stream.direction == "outbound"


@dataclass(frozen=True, slots=True, eq=False)
class ProbeChannels:
    """All streams of a probe, sent and received, in the order of their identities."""

    probe: str
    phases: Phases
    time_s: Array
    round_trip_s: Array
    streams: tuple[StreamChannels, ...] = field(default=())

    def of(self, direction: Direction, kind: MediaKind | None = None) -> Sequence[StreamChannels]:
        """The streams of a direction and kind."""
        return [
            each
            for each in self.streams
            if each.stream.direction == direction and kind in (None, each.stream.kind)
        ]

    def columns(self) -> Mapping[str, Sequence[str] | Array]:
        """Columns of a table with a row for each stream and second; names hold units."""
        each = [
            {
                "bitrate_bps": channels.bps,
                "lost_ratio": channels.lost,
                "frames_per_s": channels.frames,
                "pixels": channels.pixels,
                "stalled_s": channels.stalled_s,
                "jitter_s": channels.jitter_s,
                "target_bps": channels.target_bps,
                "cpu_limited_ratio": channels.cpu_limited,
                "bandwidth_limited_ratio": channels.bandwidth_limited,
            }
            for channels in self.streams
        ]
        count = len(self.streams)
        return {
            "stream": [channels.name for channels in self.streams for _ in self.time_s],
            "run_time_s": np.tile(self.time_s, count),
            **{
                name: np.concatenate([figures[name] for figures in each])
                for name in (each[0] if each else ())
            },
            "round_trip_s": np.tile(self.round_trip_s, count),
        }


@dataclass(frozen=True, slots=True, eq=False)
class RecordedProbe:
    """A probe's recorded rows, and the stream that each belongs to.

    `received` and `sent` are the tables to which the indices in `owners` refer; `reports` are the
    server's reports on what was sent, `pairs` the rows of candidate pairs. `polled_s` are the times
    of its page's polls, in run time. `off` are spans in which pages themselves sent nothing, by
    sender and kind; `receivers` are the receivers of each sent stream, where known.
    """

    probe: str
    identities: Sequence[StreamIdentity]
    owners: Owners
    received: PollTable | None
    sent: PollTable | None
    reports: pl.DataFrame | None
    pairs: pl.DataFrame | None
    polled_s: Array
    off: Off = field(default_factory=dict)
    receivers: Mapping[Sent, Receivers] = field(default_factory=dict)


def probe_channels(
    recorded: RecordedProbe, phases: Phases, poll_s: float, since_s: float | None = None
) -> ProbeChannels:
    """The figures of a recorded probe from `since_s` on; `poll_s` is the period of polls."""
    polled_s = recorded.polled_s
    ends = (float(polled_s.min()), float(polled_s.max())) if polled_s.size else (np.nan, np.nan)
    grid_s = whole_seconds(*ends)
    kept = grid_s >= (-np.inf if since_s is None else since_s)
    until_s = min(ends[1], phases.leave_s or ends[1]) if polled_s.size else None
    names = stream_names(recorded.identities, recorded.receivers)
    sides = {
        "inbound": OneWay(recorded.received, recorded.owners, "inbound", grid_s),
        "outbound": OneWay(recorded.sent, recorded.owners, "outbound", grid_s, recorded.reports),
    }
    streams = []
    for stream, name in zip(recorded.identities, names, strict=True):
        over = has_ended(stream, until_s, poll_s)
        # The second in which it ended is left out if most of it is after the end.
        cut = grid_s + 0.5 > (stream.ended_s or 0.0) if over else np.zeros_like(grid_s, dtype=bool)
        figures = sides[stream.direction].figures(stream)
        streams.append(
            StreamChannels(
                stream,
                name,
                _ended(stream, phases, recorded.off, over=over),
                **{key: np.where(cut, np.nan, values)[kept] for key, values in figures.items()},
            )
        )
    pairs = recorded.pairs
    if pairs is not None:
        pairs = pairs.filter(pl.col("nominated"), pl.col("state") == "succeeded")
    round_trip_s = np.full(grid_s.shape, np.nan)
    if pairs is not None and "currentRoundTripTime" in pairs.columns:
        times, seconds = _floats(pairs, "run_s"), _floats(pairs, "currentRoundTripTime")
        round_trip_s = samples_on_grid(times, seconds, grid_s)
    return ProbeChannels(recorded.probe, phases, grid_s[kept], round_trip_s[kept], tuple(streams))


def _ended(stream: StreamIdentity, phases: Phases, off: Off, *, over: bool) -> str:
    if not stream.seen:
        return "never came"
    if not over or stream.ended_s is None:
        return ""
    senders = stream.senders if stream.direction == "inbound" else (stream.probe,)
    spans = off.get((senders[0], stream.media), ()) if len(senders) == 1 else ()
    is_off = any(begin_s - _NEAR_S <= stream.ended_s <= end_s for begin_s, end_s, _ in spans)
    stopped = ": its page stopped it" if is_off else ""
    return f"ended {of_hold(stream.ended_s, phases.hold_s)}{stopped}"


def _floats(rows: pl.DataFrame, name: str) -> Array:
    return rows[name].cast(pl.Float64).to_numpy()
