"""A trial's streams in the windows of its hold: those seen, and those that should have been."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from farm.analysis.aggregates import residual_loss
from farm.analysis.intervals import DIRECTIONS, KINDS, SCHEMA, Intervals
from farm.analysis.rates import FloatArray
from farm.evidence.owed_streams import OwedStreams
from farm.evidence.page_acts import PageActs
from farm.evidence.poll_table import in_windows
from farm.evidence.polls_with_streams import STREAM, rows_held
from farm.evidence.remote_reports import round_trips
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_layers import layers_of
from farm.evidence.stream_senders import Origins
from farm.evidence.stream_windows import received, sent
from farm.model.trial_evidence import LayerInterval
from farm.model.trial_plan import TrialPlan
from farm.recording.sample_reader import SampleReader


def hold_of(edges: FloatArray) -> tuple[float, float]:
    """From when to when the windows are."""
    return (float(edges[0]), float(edges[-1])) if len(edges) else (0.0, 0.0)


class TrialWindows:
    """A trial's streams in windows, made of some probes at a time and put together.

    `edges` are the windows' (`rates.window_edges`). The streams are all that were seen, and those
    that `established` probes should have had. `owed` is what the streams were matched to so far.
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
        self._places = _places(plan)
        self._expected = _expected(plan, established)
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
        frame = _with_silence(_in_their_windows(frame, polls, held, self._edges))
        frame = _figures(self._with_asked(frame), self._places, self._edges)
        return frame, layers_of(tables.sent, outbound, self._edges)

    def _with_asked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The figures with what each sent video's camera was asked for."""
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
        """The intervals, not `owed` where a page gave nothing to send: all is matched by now."""
        excused = self.owed.excuses().excused(self.owed.identities(), whole, self._edges)
        if not excused:
            return whole
        rows = pl.DataFrame(excused, schema={**_STREAMS, "window": pl.Int64()}, orient="row")
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
    """Those of all probes, in the order of the plan's."""
    frames = [frame for frame in found if frame.height]
    if not frames:
        return Intervals.of(())
    whole = pl.concat(frames)
    if not whole["probe"].to_physical().is_sorted():
        whole = whole.sort("probe", maintain_order=True)
    return Intervals(whole)


_POLLS = {
    "probe": pl.String(),
    "window": pl.Int64(),
    "polls": pl.UInt32(),
    "late_s": pl.List(pl.Float64()),
    **dict.fromkeys(DIRECTIONS.categories, pl.Int64()),
}


def polls_by_window(rows: SampleReader, edges: FloatArray) -> pl.DataFrame:
    """probe, window, polls, late_s (the list), and the rows of streams that the polls had.

    Polls that came twice count once.
    """
    polls = rows.polls(("probe", "page_time_s", "late_s", *DIRECTIONS.categories))
    if polls is None:
        return pl.DataFrame(schema=_POLLS)
    return (
        in_windows(polls.unique(["probe", "page_time_s"]), edges)
        .group_by("probe", "window")
        .agg(
            pl.col(*DIRECTIONS.categories).sum(),
            polls=pl.len(),
            late_s=pl.col("late_s"),
        )
    )


# ---------------------------------------------------------------- what should be there

_STREAMS = {
    "probe": pl.String(),
    "direction": pl.String(),
    "kind": pl.String(),
    "track": pl.Int64(),
}


def _expected(plan: TrialPlan, established: frozenset[str]) -> pl.DataFrame:
    """Every stream that should have been there."""
    rows = [
        (probe.probe, direction, kind, kinds[:place].count(kind))
        for probe in plan.probes
        if probe.probe in established
        for direction, kinds in (("inbound", probe.receives), ("outbound", probe.sends))
        for place, kind in enumerate(kinds)
    ]
    return pl.DataFrame(rows, schema=_STREAMS, orient="row").with_columns(expected=True)


def _places(plan: TrialPlan) -> pl.DataFrame:
    """Session and role of each probe; as Enums, which sort in the order of the plan."""
    probes = plan.probes
    names = [probe.probe for probe in probes]
    columns = {
        "session": [probe.session for probe in probes],
        "role": [probe.role for probe in probes],
    }
    return pl.DataFrame(
        [
            pl.Series("probe", names, pl.String),
            pl.Series("place", names, pl.Enum(names)),
            *(
                pl.Series(name, values, pl.Enum(list(dict.fromkeys(values))))
                for name, values in columns.items()
            ),
        ]
    )


def _in_their_windows(
    frame: pl.DataFrame, polls: pl.DataFrame, held: pl.DataFrame, edges: FloatArray
) -> pl.DataFrame:
    """The figures with every column there is, the polls of their page and `length_s`.

    Where rows that a poll had are lost, a poll without a stream does not say that it was gone.
    """
    missing = [
        name
        for name in (*_FIGURES, *_PARTS, "rows", "moves", "taken_over", "resized")
        if name not in frame.columns
    ]
    lengths = pl.DataFrame({"window": range(len(edges) - 1), "length_s": edges[1:] - edges[:-1]})
    had = polls.select("probe", "window", "polls", *DIRECTIONS.categories)
    lost = pl.col("held").fill_null(0) < pl.when(direction="inbound").then("inbound").otherwise(
        "outbound"
    )
    return (
        frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in missing)
        .join(had, on=["probe", "window"], how="left")
        .join(held, on=["probe", "window", "direction"], how="left")
        .join(lengths, on="window", how="left")
        .with_columns(pl.col("rows", "polls").fill_null(0).cast(pl.Int64))
        # A damaged table of polls does not unsay what the others hold.
        .with_columns(
            polls=pl.when(lost).then("rows").otherwise(pl.max_horizontal("polls", "rows"))
        )
    )


def _with_silence(frame: pl.DataFrame) -> pl.DataFrame:
    """The figures as they are final.

    For the time `absent_s`, in which a page was polled and an expected stream was not there,
    nothing came and nothing moved; where it never was (`gone`) that is all there is to say. A poll
    without it as it is moved proves nothing: it was away for less.
    """
    video = pl.col("kind") == "video"
    gone = (pl.col("rows") == 0) & (pl.col("polls") > 0)
    counted = ["packets", "payload_bytes", "payload_span_s"]
    moved = ["frames", "frames_span_s", "stalled_s"]
    missing = (pl.col("polls") - pl.col("rows") - pl.col("moves").fill_null(0)).clip(0)
    seconds_absent = missing / pl.col("polls") * pl.col("length_s")
    return (
        frame.with_columns(
            pl.when(gone).then(0.0).otherwise(pl.col(counted)).name.keep(),
            pl.when(gone & video).then(0.0).otherwise(pl.col(moved)).name.keep(),
            absent_s=pl.when("expected", pl.col("polls") > 0).then(seconds_absent).otherwise(0.0),
        )
        .with_columns(stalled_s=pl.col("stalled_s") + pl.col("absent_s"))
        .with_columns(
            bitrate_bps=_per_second(8 * pl.col("payload_bytes"), "payload_span_s"),
            frame_rate=_per_second(pl.col("frames"), "frames_span_s"),
            residual_loss_ratio=residual_loss(),
            stalled_ratio=pl.when(pl.col("direction") == "inbound").then(
                (pl.col("stalled_s") / pl.col("length_s")).clip(0, 1)
            ),
            gap_s=pl.when(pl.col("absent_s") > 0)
            .then(pl.max_horizontal("gap_s", "absent_s"))
            .otherwise("gap_s"),
        )
    )


def _per_second(amount: pl.Expr, span_s: str) -> pl.Expr:
    seconds = pl.col(span_s) + pl.col("absent_s")
    return pl.when(seconds > 0).then(amount / seconds)


_PARTS = ("frames", "frames_span_s", "payload_span_s", "stalled_s")
_COUNTS = (
    "packets",
    "payload_bytes",
    "edge_payload_bytes",
    "frame_width",
    "frame_height",
    "packets_lost",
)
_FIGURES = (
    *_COUNTS,
    "bitrate_bps",
    "residual_loss_ratio",
    "repair_ratio",
    "frame_rate",
    "stalled_ratio",
    "gap_s",
    "target_bitrate_bps",
    "capture_frame_rate",
    "round_trip_time_s",
    "jitter_s",
    "quality_limited_by_cpu_ratio",
)


def _figures(frame: pl.DataFrame, places: pl.DataFrame, edges: FloatArray) -> pl.DataFrame:
    """The columns of `Intervals`, in the order of the plan; `window` becomes its times."""
    begins = pl.Series("start_s", edges[:-1])
    ends = pl.Series("end_s", edges[1:])
    whole = frame.join(places, on="probe", how="inner").with_columns(
        pl.col(_COUNTS).round(),
        pl.col("direction").cast(DIRECTIONS),
        pl.col("kind").cast(KINDS),
        owed=pl.col("expected").fill_null(False),
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
