"""The streams of a checked driver's pages, and whether each that is owed came and stayed. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from farm.analysis.aggregates import mean_over_time
from farm.model.trial_evidence import StreamIdentity, StreamInterval, TrialEvidence
from farm.recording.trial_reader import TrialReader

StreamState = Literal["came", "missing", "stopped", "not sent", "extra"]
"""`stopped`: nothing of it in the last window in which it was owed; `not sent`: its page gave
nothing to send, so that nothing was owed; `extra`: beyond what is owed."""

FAULTY: tuple[StreamState, ...] = ("missing", "stopped")


@dataclass(frozen=True, slots=True)
class CheckedStream:
    """A stream that a probe owes or is owed, or another that was seen.

    `codec` is W3C's mimeType without the kind (`VP8`); empty, as `size`, where unknown. Rates are
    means over the hold; `rids` are its encodings.
    """

    stream: StreamIdentity
    state: StreamState
    codec: str
    size: tuple[int, int] | None
    bitrate_bps: float | None
    frame_rate: float | None
    rids: tuple[str, ...]


def checked_streams(
    trial: TrialReader, evidence: TrialEvidence
) -> Mapping[str, tuple[CheckedStream, ...]]:
    """The streams of each probe, in the order of `TrialEvidence.streams`."""
    windows: defaultdict[tuple[object, ...], list[StreamInterval]] = defaultdict(list)
    for each in evidence.intervals:
        windows[each.probe, each.direction, each.kind, each.track].append(each)
    rids: defaultdict[tuple[str, str, int], dict[str, None]] = defaultdict(dict)
    for layer in evidence.layers:
        if layer.rid:
            rids[layer.probe, layer.kind, layer.track][layer.rid] = None
    codecs = _codecs(trial)
    made: defaultdict[str, list[CheckedStream]] = defaultdict(list)
    for stream in evidence.streams:
        mine = windows[stream.probe, stream.direction, stream.kind, stream.track]
        sizes = [(each.frame_width, each.frame_height) for each in mine]
        known = [(width, height) for width, height in sizes if width and height]
        sends = stream.direction == "outbound"
        made[stream.probe].append(
            CheckedStream(
                stream,
                _state(stream, mine),
                codecs.get((stream.probe, stream.direction, stream.connection, stream.mid), ""),
                known[-1] if known else None,
                mean_over_time(mine, lambda each: each.bitrate_bps),
                mean_over_time(mine, lambda each: each.frame_rate),
                tuple(rids[stream.probe, stream.kind, stream.track]) if sends else (),
            )
        )
    return {probe: tuple(of) for probe, of in made.items()}


def _state(stream: StreamIdentity, windows: list[StreamInterval]) -> StreamState:
    if not stream.owed:
        return "extra"
    owed = [each for each in windows if each.owed]
    if windows and not owed:
        return "not sent"
    if not stream.seen:
        return "missing"
    polled = [each for each in owed if each.polls]
    return "stopped" if polled and _is_still(polled[-1]) else "came"


def _is_still(window: StreamInterval) -> bool:
    """Whether nothing of a stream came in a window; an unknown figure shows nothing."""
    frozen = window.kind == "video" and window.frame_rate == 0
    return window.packets == 0 or frozen


def _codecs(trial: TrialReader) -> Mapping[tuple[str, str, str, str], str]:
    """The last codec by probe, direction, connection and mid."""
    columns = ("probe", "connection", "id", "mimeType")
    frame = trial.samples("codec", columns)
    if frame is None:
        return {}
    names = {(row["probe"], row["connection"], row["id"]): row for row in frame.to_dicts()}
    found: dict[tuple[str, str, str, str], str] = {}
    for direction in ("inbound", "outbound"):
        rows = trial.samples(f"{direction}-rtp", ("probe", "connection", "mid", "codecId"))
        for row in [] if rows is None else rows.sort("run_s").to_dicts():
            codec: Mapping[str, Any] = names.get(
                (row["probe"], row["connection"], row["codecId"] or ""), {}
            )
            if codec.get("mimeType"):
                where = row["probe"], direction, row["connection"], row["mid"] or ""
                found[where] = str(codec["mimeType"]).rpartition("/")[2]
    return found
