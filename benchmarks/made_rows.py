"""Rows of W3C stats as pages would report them, poll by poll, and the tables of a recording."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping

import polars as pl

from benchmarks.made_trial import END_S, HOST
from farm.model.webrtc_stats import STATS_TYPES, columns
from farm.recording.sample_tables import POLL

_POLL_S = 1.0
_DATA_TYPES: dict[type, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    str: pl.String(),
    bool: pl.Boolean(),
}
_NAMES = ("probe", "host", "connection")
_TIMES = ("page_time_s", "host_monotonic_s", "run_s")


class StatsRows:
    """The rows of all polls of all probes of a trial."""

    def __init__(self, first_polls: Mapping[str, float]) -> None:
        """`first_polls`: when each probe polls first, in seconds of run time."""
        self._first_polls = first_polls
        self._rows: defaultdict[str, list[dict[str, object]]] = defaultdict(list)

    def polls(self, probe: str, begin_s: float, end_s: float) -> list[float]:
        """When a probe polls, from `begin_s` on and before `end_s`."""
        times = [number * _POLL_S + self._first_polls[probe] for number in range(round(END_S) + 2)]
        return [now_s for now_s in times if begin_s <= now_s < min(end_s, END_S + 1)]

    def add(
        self, type: str, *, probe: str, connection: str, id: str, now_s: float, **members: object
    ) -> None:
        """Add a dictionary of a W3C stats type, from a poll."""
        self._rows[type].append(
            {
                "probe": probe,
                "host": HOST,
                "connection": connection,
                "id": id,
                "timestamp": now_s * 1000,
                **dict.fromkeys(_TIMES, now_s),
                **members,
            }
        )

    def tables(self) -> dict[str, pl.DataFrame]:
        """A table of each type that has rows, and the table of the polls."""
        tables = {
            type: pl.DataFrame(
                self._rows[type],
                schema={
                    **dict.fromkeys(_NAMES, pl.String()),
                    **dict.fromkeys(_TIMES, pl.Float64()),
                    **{name: _DATA_TYPES[scalar] for name, scalar in columns(cls).items()},
                },
            )
            for type, cls in STATS_TYPES.items()
            if type in self._rows
        }
        return {**tables, POLL: self._poll_table()}

    def _poll_table(self) -> pl.DataFrame:
        inbound, outbound = (
            Counter((row["probe"], row["page_time_s"]) for row in self._rows[type])
            for type in ("inbound-rtp", "outbound-rtp")
        )
        return pl.DataFrame(
            [
                {
                    "probe": probe,
                    "host": HOST,
                    "late_s": 0.0,
                    **dict.fromkeys(_TIMES, now_s),
                    "inbound": inbound[probe, now_s],
                    "outbound": outbound[probe, now_s],
                }
                for probe in self._first_polls
                for now_s in self.polls(probe, 1.0, END_S + 2)
            ]
        )
