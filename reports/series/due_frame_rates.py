"""The frame rate that each received video should have, of its sender's camera or a mix, and for how
long it may wait for another sender's. Pure."""

from __future__ import annotations

import polars as pl

from farm.analysis.intervals import Intervals
from farm.model.session_roles import SERVER
from farm.model.trial_evidence import TrialEvidence
from farm.verdict.speaker_switches import SWITCH_S, SWITCHING_AT_MOST, SwitchingVideos


def due_frame_rates(evidence: TrialEvidence, mix_frame_rate: float | None) -> pl.DataFrame:
    """Rows of `probe`, `track`, `window`, `due_frame_rate`, null where it is unknown, and
    `switching_ratio`, the share of the window that the video may stand still for switches.

    A mix should have `mix_frame_rate`; a forwarded video what its sender's page asked the camera
    for, the least where it may come from several senders. Of the server's own it is unknown.
    """
    frame = Intervals.of(evidence.intervals).frame
    on = ["probe", "track", "window"]
    videos = frame.filter("owed", direction="inbound", kind="video")
    videos = _switching(videos, evidence).select(*on, "switching_ratio")
    if evidence.plan.mixed:
        rate = pl.lit(mix_frame_rate, pl.Float64)
        return videos.with_columns(due_frame_rate=rate)
    senders = [
        (stream.probe, stream.track, sender, max(0, stream.sent_tracks[-1][1]) if known else 0)
        for stream in evidence.streams
        if stream.direction == "inbound" and stream.kind == "video" and stream.owed
        if SERVER not in stream.senders
        for known in (len(stream.senders) == 1 and bool(stream.sent_tracks),)
        for sender in stream.senders
    ]
    probe, track = frame.schema["probe"], frame.schema["track"]
    schema = {"probe": probe, "track": track, "sender": probe, "sent_track": track}
    asked = frame.filter(direction="outbound", kind="video").select(
        "window", "asked_frame_rate", sender="probe", sent_track="track"
    )
    rate = pl.col("asked_frame_rate")
    due = (
        pl.DataFrame(senders, schema, orient="row")
        .join(asked, on=["sender", "sent_track"])
        .group_by(on)
        .agg(due_frame_rate=pl.when(rate.null_count() == 0).then(rate.min()))
    )
    return videos.join(due, on=on, how="left")


def _switching(frame: pl.DataFrame, evidence: TrialEvidence) -> pl.DataFrame:
    """`frame` with `switching_ratio`, as the verdict allows it."""
    allowed = SwitchingVideos(evidence.plan)
    videos = [(each.probe, each.track, True) for each in evidence.streams if each in allowed]
    schema = {name: frame.schema[name] for name in ("probe", "track")}
    may_switch = pl.DataFrame(videos, {**schema, "may_switch": pl.Boolean()}, orient="row")
    waits = SWITCH_S * pl.col("key_frames").fill_null(0) / (pl.col("end_s") - pl.col("start_s"))
    return frame.join(may_switch, on=list(schema), how="left").with_columns(
        switching_ratio=pl.when("may_switch")
        .then(pl.min_horizontal(waits, SWITCHING_AT_MOST))
        .otherwise(0.0)
    )
