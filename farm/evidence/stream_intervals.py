"""A trial's streams in the windows of its hold: those seen, and those expected but not seen."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from farm.analysis.intervals import DIRECTIONS, KINDS, SCHEMA, Intervals
from farm.analysis.rates import FloatArray
from farm.evidence.expected_streams import STREAM_SCHEMA, expected_streams, places
from farm.evidence.owed_streams import OwedStreams
from farm.evidence.page_acts import PageActs
from farm.evidence.polls_with_streams import STREAM, rows_held
from farm.evidence.remote_reports import round_trips
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.silent_windows import COUNTS, with_polls, with_silence
from farm.evidence.stream_layers import layers_of
from farm.evidence.stream_senders import Origins
from farm.evidence.stream_windows import received, sent
from farm.model.trial_evidence import LayerInterval
from farm.model.trial_plan import TrialPlan
from farm.recording.sample_reader import SampleReader


def hold_of(edges: FloatArray) -> tuple[float, float]:
    """The beginning of the first window and the end of the last."""
    return (float(edges[0]), float(edges[-1])) if len(edges) else (0.0, 0.0)


class TrialWindows:
    """Computes a trial's streams in windows, some probes at a time.

    `edges` are the windows' (`rates.window_edges`). The streams are all that were seen, and those
    that are expected of `established` probes. `owed` has the matched streams so far.
    """

    def __init__(
        self,
        plan: TrialPlan,
        edges: FloatArray,
        established: frozenset[str],
        acts: PageActs,
        origins: Origins,
    ) -> None:
        self._edges = edges
        self._places = places(plan)
        self._expected = expected_streams(plan, established)
        self.owed = OwedStreams(plan, hold_of(edges), acts, origins)

    def of(
        self, rows: SampleReader, probes: Sequence[str], polls: pl.DataFrame
    ) -> tuple[pl.DataFrame, list[LayerInterval]]:
        """The intervals of some probes; `polls` are those of `polls_by_window`."""
        mine = frozenset(probes)
        tables = RtpTables(rows)
        owners = self.owed.add([life for life in tables.lives if life.probe in mine])
        if not len(self._edges):
            return Intervals.of(()).frame, []
        inbound = [pair for pair in owners if pair[0].direction == "inbound"]
        outbound = [pair for pair in owners if pair[0].direction == "outbound"]
        windows = pl.DataFrame({"window": range(len(self._edges) - 1)})
        frame = self._expected.filter(pl.col("probe").is_in(probes)).join(windows, how="cross")
        pairs = round_trips(rows, self._edges)
        figures = (
            received(tables, inbound, self._edges, pairs),
            sent(tables, rows, outbound, self._edges, pairs),
        )
        seen = [each for each in figures if each is not None and each.height]
        if seen:
            frame = frame.join(
                pl.concat(seen, how="diagonal_relaxed"),
                on=[*STREAM, "window"],
                how="full",
                coalesce=True,
            )
        held = rows_held(tables, self._edges)
        frame = with_silence(with_polls(frame, polls, held, self._edges))
        frame = _figures(self._with_asked(frame), self._places, self._edges)
        return frame, layers_of(tables.sent, rows, outbound, self._edges)

    def _with_asked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The figures with the frame rate that was asked of each sent video's camera."""
        videos = frame.filter(direction="outbound", kind="video").select("probe", "track", "window")
        rates = [
            self.owed.asked_frame_rate(probe, track, self._edges[at], self._edges[at + 1])
            for probe, track, at in videos.iter_rows()
        ]
        asked = videos.with_columns(
            pl.Series("asked_frame_rate", rates, pl.Float64),
            direction=pl.lit("outbound"),
            kind=pl.lit("video"),
        )
        return frame.join(asked, on=[*STREAM, "window"], how="left")

    def with_acts(self, whole: Intervals) -> Intervals:
        """The intervals, not `owed` where acts excuse them; to be called when all are matched."""
        excused = self.owed.excuses().excused(self.owed.identities(), whole, self._edges)
        if not excused:
            return whole
        rows = pl.DataFrame(excused, schema={**STREAM_SCHEMA, "window": pl.Int64()}, orient="row")
        rows = rows.cast(
            {
                name: whole.frame.schema[name]
                for name in ("probe", "direction", "kind", "track", "window")
            }
        ).with_columns(excused=True)
        frame = whole.frame.join(
            rows, on=[*STREAM, "window"], how="left", maintain_order="left"
        ).with_columns(owed=pl.col("owed") & pl.col("excused").is_null())
        return Intervals(frame.select(list(SCHEMA)))


def together(found: Sequence[pl.DataFrame]) -> Intervals:
    """The intervals of all probes, in the order of the plan."""
    frames = [frame for frame in found if frame.height]
    if not frames:
        return Intervals.of(())
    whole = pl.concat(frames)
    if not whole["probe"].to_physical().is_sorted():
        whole = whole.sort("probe", maintain_order=True)
    return Intervals(whole)


def _figures(frame: pl.DataFrame, places: pl.DataFrame, edges: FloatArray) -> pl.DataFrame:
    """The columns of `Intervals`, in the order of the plan; `window` becomes its times."""
    begins = pl.Series("start_s", edges[:-1])
    ends = pl.Series("end_s", edges[1:])
    whole = frame.join(places, on="probe", how="inner").with_columns(
        pl.col(COUNTS).round(),
        pl.col("direction").cast(DIRECTIONS),
        pl.col("kind").cast(KINDS),
        owed=pl.col("expected").fill_null(False),
        is_screen=pl.col("is_screen").fill_null(False),
        is_resized=pl.col("resized").fill_null(0.0) > 0,
        is_taken_over=pl.col("taken_over").fill_null(0.0) > 0,
        probe=pl.col("place"),
        start_s=pl.lit(begins).gather(pl.col("window")),
        end_s=pl.lit(ends).gather(pl.col("window")),
    )
    types = {name: type for name, type in SCHEMA.items() if type != pl.String()}
    return (
        whole.select(list(SCHEMA))
        .cast(types)  # type: ignore[arg-type]
        .sort("probe", "direction", "kind", "track", "window")
    )
