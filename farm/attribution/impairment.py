"""The impairment of each probe's media in each window of a trial. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import TrialEvidence

NEARLY_WORST = 0.75
LEAST = 0.005
"""Less impairment is ignored: no limit of a verdict is that fine."""

USUAL_QUANTILE = 0.9
"""The quantile of the windows' frame rates that counts as the attainable frame rate."""


@dataclass(frozen=True, slots=True, eq=False)
class Impairment:
    """`share[i, j]` is the impairment of probe `i` in window `j`, 0 to 1; NaN: unknown.

    It is the worst of post-repair loss, NACK / retransmission ratio, freeze ratio and missing
    frames of any stream that it is owed or owes. Windows begin at `start_s` and end at `end_s`.
    What is missing because a page left is not the server's fault, and is left out.
    """

    probes: tuple[str, ...]
    sessions: tuple[str, ...]
    start_s: NDArray[np.float64]
    end_s: NDArray[np.float64]
    share: NDArray[np.float64]

    def worst(self) -> tuple[tuple[float, float], ...]:
        """The spans of the most impaired windows; empty without any impairment."""
        if not self.share.size:
            return ()
        usual = np.array([_mean(column) for column in self.share.T])
        most = float(usual.max())
        if most < LEAST:
            return ()
        chosen = np.flatnonzero(usual >= max(LEAST, most * NEARLY_WORST))
        return tuple((float(self.start_s[at]), float(self.end_s[at])) for at in chosen)


def impairment_of(evidence: TrialEvidence, held: TrialEvidence | None = None) -> Impairment:
    """The impairment in the hold; empty without a hold.

    `held` is a trial that passed: where all streams are slow, only it has the attainable rate.
    """
    frame = _owed_windows(evidence)
    probes = [probe.probe for probe in evidence.plan.probes]
    session_of = {probe.probe: probe.session for probe in evidence.plan.probes}
    if frame.is_empty():
        nothing = np.empty(0)
        return Impairment((), (), nothing, nothing, np.empty((0, 0)))
    best = pl.concat(
        [_attainable(frame), *([] if held is None else [_attainable(_owed_windows(held))])]
    )
    usual = best.group_by("direction", "kind").agg(usual=pl.col("usual").max())
    lacking = 1 - pl.col("frame_rate") / pl.col("usual")
    missed = pl.max_horizontal(
        pl.col("residual_loss_ratio"),
        pl.col("repair_ratio"),
        pl.col("stalled_ratio"),
        # A frame rate lower by up to a tenth is no impairment.
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
    return Impairment(
        tuple(probes), tuple(session_of[probe] for probe in probes), start_s, end_s, share
    )


def _owed_windows(evidence: TrialEvidence) -> pl.DataFrame:
    frame = Intervals.of(evidence.intervals).frame.filter("owed", pl.col("polls") > 0)
    stands_still = pl.col("is_screen") & (pl.col("packets") > 0)  # which is no impairment
    frame = frame.with_columns(
        pl.when(stands_still).then(None).otherwise(name).alias(name)
        for name in ("stalled_ratio", "frame_rate")
    )
    if not evidence.left:
        return frame
    of_those_who_left = [
        (each.probe, each.direction, each.kind, each.track)
        for each in evidence.streams
        if each.probe in evidence.left or (each.senders and set(each.senders) <= set(evidence.left))
    ]
    names = ("probe", "direction", "kind", "track")
    schema = {name: frame.schema[name] for name in names}
    return frame.join(pl.DataFrame(of_those_who_left, schema, orient="row"), on=names, how="anti")


def _attainable(frame: pl.DataFrame) -> pl.DataFrame:
    """The attainable frame rate of each direction and kind."""
    return (
        frame.with_columns(pl.col("direction", "kind").cast(pl.String))
        .group_by("direction", "kind")
        .agg(usual=pl.col("frame_rate").quantile(USUAL_QUANTILE))
    )


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
