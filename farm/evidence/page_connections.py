"""Joined pages in which no peer connection was ever seen. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import polars as pl

from farm.model.page_acts import NoConnection
from farm.recording.trial_reader import TrialReader

_OF_A_CONNECTION = frozenset({"connection", "setup", "sender", "channel"})


def pages_without_connection(
    trial: TrialReader, with_streams: Collection[str]
) -> Mapping[str, NoConnection]:
    """The probes that joined, were polled until later, and never had an RTCPeerConnection.

    Those in `with_streams` had streams. Of a page that was not polled nothing is known.
    """
    joined = {
        seen.event.probe: (seen.run_s, str(seen.event.data.get("step") or ""))
        for seen in trial.events
        if seen.event.kind == "joined" and seen.run_s is not None
    }
    had = {seen.event.probe for seen in trial.events if seen.event.kind in _OF_A_CONNECTION}
    suspects = [probe for probe in joined if probe not in had and probe not in with_streams]
    polls = trial.polls(("probe", "connections")) if suspects else None
    if polls is None:
        return {}
    watched = (
        polls.with_columns(pl.col("probe").cast(pl.String))
        .filter(pl.col("probe").is_in(suspects))
        .group_by("probe")
        .agg(pl.col("connections").eq(0).fill_null(value=False).all(), pl.col("run_s").max())
        .filter("connections")
        .sort("probe")
    )
    return {
        probe: NoConnection(at_s, until_s - at_s, step)
        for probe, _none, until_s in watched.iter_rows()
        for at_s, step in [joined[probe]]
        if until_s > at_s
    }
