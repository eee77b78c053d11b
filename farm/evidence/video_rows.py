"""The rows of the videos of some probes, read again once all streams are matched."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

import numpy as np

from farm.analysis.rates import IntArray
from farm.evidence.owed_streams import OwedStreams
from farm.evidence.poll_table import PollTable
from farm.evidence.rtp_tables import RtpTables, tracks
from farm.evidence.stream_slots import Owner
from farm.model.trial_plan import Direction
from farm.recording.trial_reader import TrialReader

Video = tuple[str, int]
"""Probe and track of a video of one direction."""


def video_rows(
    trial: TrialReader, owed: OwedStreams, probes: Iterable[str], direction: Direction
) -> Iterator[tuple[Video, PollTable, IntArray]]:
    """Each video of these probes with its table, and the numbers of its rows there."""
    owners: defaultdict[Hashable, list[Owner]] = defaultdict(list)
    for (_, way, kind), matched in owed.matched.items():
        if way == direction and kind == "video":
            for life, owner in matched.owners:
                owners[life.name].append(owner)
    for batch, rows in trial.in_batches(probes):
        tables = RtpTables(rows)
        table = tables.received if direction == "inbound" else tables.sent
        if table is None:
            continue
        mine = frozenset(batch)
        # Streams are found again by name: more may have been recorded of a run under way.
        track = tracks(
            table,
            [
                (life, owner)
                for life in tables.lives
                if life.direction == direction and life.kind == "video" and life.probe in mine
                for owner in owners.get(life.name, ())
            ],
        )
        kept = np.flatnonzero(track >= 0)
        videos = table.frame[kept].select("probe").with_columns(track=track[kept], row=kept)
        for (probe, number), of in videos.group_by("probe", "track", maintain_order=True):
            yield (str(probe), int(str(number))), table, of["row"].to_numpy()
