"""How badly each probe had it in each window of a trial. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import TrialEvidence

NEARLY_WORST = 0.75
LEAST = 0.005
"""Harm below it is none: no limit of a verdict is that fine."""

USUAL_QUANTILE = 0.9
"""The frame rate that streams can have is that of the best windows."""


@dataclass(frozen=True, slots=True, eq=False)
class Harm:
    """`share[i, j]` is what probe `i` missed in window `j`, 0 to 1; NaN: nobody knows.

    It is the worst of what was lost, repaired, or stood still of any of its streams that are owed,
    and of the frames that it lacked. Windows begin at `start_s` and end at `end_s`. What is missed
    because a page left is the server's doing on no account, and not counted.
    """

    probes: tuple[str, ...]
    sessions: tuple[str, ...]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    share: NDArray[np.float64]

    def worst(self) -> tuple[tuple[float, float], ...]:
        """The spans in which most was missed; empty where nothing was."""
        if not self.share.size:
            return ()
        usual = np.array([_mean(column) for column in self.share.T])
        most = float(usual.max())
        if most < LEAST:
            return ()
        chosen = np.flatnonzero(usual >= max(LEAST, most * NEARLY_WORST))
        return tuple((float(self.start_s[at]), float(self.end_s[at])) for at in chosen)


def harm_of(evidence: TrialEvidence, held: TrialEvidence | None = None) -> Harm:
    """Of the hold; without one there is none.

    `held` is a trial that passed: where all streams are slow, only it knows how fast they can be.
    """
    frame = _seen(evidence)
    probes = [probe.probe for probe in evidence.plan.probes]
    session_of = {probe.probe: probe.session for probe in evidence.plan.probes}
    if frame.is_empty():
        nothing = np.empty(0)
        return Harm((), (), nothing, nothing, np.empty((0, 0)))
    best = pl.concat([_best(frame), *([] if held is None else [_best(_seen(held))])])
    usual = best.group_by("direction", "kind").agg(usual=pl.col("usual").max())
    lacking = 1 - pl.col("frame_rate") / pl.col("usual")
    missed = pl.max_horizontal(
        pl.col("residual_loss_ratio"),
        pl.col("repair_ratio"),
        pl.col("stalled_ratio"),
        # One frame more or less in a window is no harm.
        pl.when(lacking > 0.1).then(lacking).otherwise(0.0),
    ).clip(0, 1)
    cells = (
        frame.with_columns(pl.col("probe", "direction", "kind").cast(pl.String))
        .join(usual, on=["direction", "kind"])
        .group_by("probe", "window")
        .agg(share=missed.max(), start_s=pl.col("start_s").min(), end_s=pl.col("end_s").max())
    )
    place = {probe: at for at, probe in enumerate(probes)}
    windows = sorted(cells["window"].unique().to_list())
    column = {window: at for at, window in enumerate(windows)}
    share = np.full((len(probes), len(windows)), np.nan)
    start_s, end_s = np.zeros(len(windows)), np.zeros(len(windows))
    for probe, window, value, began_s, ended_s in cells.iter_rows():
        at = column[window]
        share[place[probe], at] = np.nan if value is None else value
        start_s[at], end_s[at] = began_s, ended_s
    return Harm(tuple(probes), tuple(session_of[probe] for probe in probes), start_s, end_s, share)


def _seen(evidence: TrialEvidence) -> pl.DataFrame:
    frame = Intervals.of(evidence.intervals).frame.filter("owed", pl.col("polls") > 0)
    if not evidence.left:
        return frame
    theirs = [
        (each.probe, each.direction, each.kind, each.track)
        for each in evidence.streams
        if each.probe in evidence.left or (each.senders and set(each.senders) <= set(evidence.left))
    ]
    names = ("probe", "direction", "kind", "track")
    schema = {name: frame.schema[name] for name in names}
    return frame.join(pl.DataFrame(theirs, schema, orient="row"), on=names, how="anti")


def _best(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame rate of the best windows, a direction and kind."""
    return (
        frame.with_columns(pl.col("direction", "kind").cast(pl.String))
        .group_by("direction", "kind")
        .agg(usual=pl.col("frame_rate").quantile(USUAL_QUANTILE))
    )


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
