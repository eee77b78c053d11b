"""The frame rate that each received video should have: of its sender's camera, or a mix. Pure."""

from __future__ import annotations

import polars as pl

from farm.analysis.intervals import Intervals
from farm.model.session_roles import SERVER
from farm.model.trial_evidence import TrialEvidence


def due_frame_rates(evidence: TrialEvidence, mix_frame_rate: float | None) -> pl.DataFrame:
    """Rows of `probe`, `track`, `window` and `due_frame_rate`, null where it is unknown.

    A mix should have `mix_frame_rate`; a forwarded video what its sender's page asked the camera
    for, the least where it may come from several senders. Of the server's own it is unknown.
    """
    frame = Intervals.of(evidence.intervals).frame
    on = ["probe", "track", "window"]
    videos = frame.filter("owed", direction="inbound", kind="video").select(on)
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
