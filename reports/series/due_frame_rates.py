"""The frame rate that each received video should have: its sender's camera's, or a mix's. Pure."""

from __future__ import annotations

import polars as pl

from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import TrialEvidence


def due_frame_rates(evidence: TrialEvidence, mix_frame_rate: float | None) -> pl.DataFrame:
    """`probe`, `track`, `window` and `due_frame_rate`, null where there is nothing to go by.

    A mix is held to `mix_frame_rate`; a forwarded video to what its sender's page asked the camera
    for, the least of those it may be of.
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
        for known in (len(stream.senders) == 1 and bool(stream.sent_tracks),)
        for sender in stream.senders
    ]
    probe, track = frame.schema["probe"], frame.schema["track"]
    schema = {"probe": probe, "track": track, "sender": probe, "sent_track": track}
    asked = frame.filter(direction="outbound", kind="video").select(
        "window", "asked_frame_rate", sender="probe", sent_track="track"
    )
    rate = pl.col("asked_frame_rate")
    found = (
        pl.DataFrame(senders, schema, orient="row")
        .join(asked, on=["sender", "sent_track"])
        .group_by(on)
        .agg(due_frame_rate=pl.when(rate.null_count() == 0).then(rate.min()))
    )
    return videos.join(found, on=on, how="left")
