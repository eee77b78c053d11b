"""Whether a server stood still: a window in which nothing that is owed came to any probe. Pure."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from farm.model.webrtc_stats import MediaKind
from farm.verdict.page_wording import was_away
from farm.verdict.sent_streams import Windows
from farm.verdict.trial_streams import TrialStreams

Received = tuple[str, MediaKind, int]
"""The probe, kind and track of a received stream."""


def still_streams(
    gaps: Mapping[Received, float | None], streams: TrialStreams
) -> Collection[Received]:
    """The streams of which nothing came while nothing came to any probe; empty: there are none.

    `gaps` has the begin of the window of each received stream's longest gap, if that broke the
    limit. All owed streams had theirs in one window, and all had one at the same time in it, or in
    the window before. Those of pages that had left, or that closed their connections or loaded
    then, say nothing of the server.
    """
    evidence = streams.evidence
    gone = evidence.left.keys() | evidence.no_connection.keys() | evidence.reloaded.keys()
    joined = {join.probe for join in evidence.joins if join.joined} - gone
    owed = {
        (stream.probe, stream.kind, stream.track): stream.senders
        for stream in streams.expected
        if stream.direction == "inbound" and stream.probe in joined
    }
    if not owed or not owed.keys() <= gaps.keys() or len(set(gaps.values())) > 1:
        return ()
    at_s = next(iter(gaps.values()))
    each_of = [streams.windows(probe, "inbound", kind, track) for probe, kind, track in owed]
    worst = {number for of in each_of for number, each in of.items() if each.start_s == at_s}
    is_known = any(_gaps_meet(each_of, number) for last in worst for number in (last, last - 1))
    if at_s is None or not is_known:
        return ()

    def was_there(probe: str) -> bool:
        begin_s, end_s = at_s - evidence.window_s, at_s + evidence.window_s
        return probe not in gone and not was_away(evidence, probe, begin_s, end_s)

    return {
        stream
        for stream, senders in owed.items()
        if was_there(stream[0]) and (not senders or any(map(was_there, senders)))
    }


def _gaps_meet(each_of: Iterable[Windows], number: int) -> bool:
    """Whether all streams had their longest gap of that window at one time in it.

    A gap counts in the window in which it ends, and may have begun in the one before: its part
    there is at most the longest gap there, which polls know to their own distance.
    """
    latest_begin_s, earliest_end_s = -math.inf, math.inf
    for windows in each_of:
        now, before = windows.get(number), windows.get(number - 1)
        if now is None or now.gap_s is None:
            return False
        part_s = now.gap_s if before is None or before.gap_s is None else before.gap_s
        poll_s = (now.end_s - now.start_s) / max(now.polls, 1)
        latest_begin_s = max(latest_begin_s, now.end_s - now.gap_s)
        earliest_end_s = min(earliest_end_s, now.start_s + now.gap_s - part_s - poll_s)
    return latest_begin_s < earliest_end_s
