"""The capacity curve: which share of the trials passed at each load, and what is made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from farm.trial import Outcome
from reports.canvas import BLUE, GREEN, GREY, LIMIT, VERMILLION, headline, legend_below
from reports.grid import Array
from reports.phrases import counted, percent
from reports.search_series import SearchSeries


@dataclass(frozen=True, slots=True)
class CapacityAnswer:
    """What the summary of a search says, in probes; `None` where it does not."""

    probes: int | None
    interval: tuple[float | None, float | None]
    confidence: float | None
    reliability: float | None
    recommended: int | None
    breaking: int | None

    @classmethod
    def of(cls, summary: Mapping[str, Any] | None) -> CapacityAnswer:
        told = (summary or {}).get("capacity") or {}
        low, high = told.get("interval_probes") or (None, None)
        return cls(
            told.get("probes"),
            (low, high),
            told.get("confidence"),
            told.get("reliability"),
            told.get("recommended_probes"),
            told.get("breaking_probes"),
        )


@dataclass(frozen=True, slots=True, eq=False)
class PassShares:
    """Of the valid trials at each load: how many there were, how many passed. `(loads,)` each."""

    load: Array
    trials: Array
    passed: Array


def pass_shares(search: SearchSeries) -> PassShares:
    """Invalid trials say nothing of the server and are left out."""
    valid = np.array([each is not Outcome.INVALID for each in search.outcomes], dtype=bool)
    good = np.array([each is Outcome.PASS for each in search.outcomes], dtype=bool)
    loads = np.unique(search.load[valid])
    return PassShares(
        loads,
        np.array([np.sum(valid & (search.load == load)) for load in loads], dtype=np.float64),
        np.array([np.sum(good & (search.load == load)) for load in loads], dtype=np.float64),
    )


def capacity_curve(shares: PassShares, answer: CapacityAnswer) -> Figure:
    """A mark for each load, as large as it was tried often; the interval, the loads to know."""
    figure = Figure()
    axes = figure.subplots()
    share = shares.passed / np.maximum(shares.trials, 1) * 100
    axes.plot(shares.load, share, color=GREY, lw=1.0, ls=":", zorder=2)
    axes.scatter(
        shares.load,
        share,
        s=40 + 30 * np.minimum(shares.trials, 10),
        color=BLUE,
        edgecolor="white",
        zorder=3,
        clip_on=False,
        label="passed, of the trials there",
    )
    for load, percent_passed, passed, trials in zip(
        shares.load, share, shares.passed, shares.trials, strict=True
    ):
        axes.annotate(
            f"{passed:.0f}/{trials:.0f}",
            (load, percent_passed),
            (0, 9),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            zorder=4,
        )
    top = float(shares.load.max(initial=1.0))
    low, high = answer.interval
    if low is not None or high is not None:
        end = high if high is not None else top * 1.15
        sure = f", {percent(answer.confidence)} sure" if answer.confidence else ""
        upward = "" if high is not None else ", open above"
        axes.axvspan(
            low or 0.0, end, color=GREEN, alpha=0.16, lw=0, label=f"interval{sure}{upward}"
        )
    if answer.reliability is not None:
        axes.axhline(
            answer.reliability * 100,
            color=LIMIT,
            lw=1.1,
            ls=(0, (1, 2)),
            label=f"asked for: {percent(answer.reliability)}",
        )
    for value, word, color, dash in (
        (answer.probes, "capacity", GREEN, "-"),
        (answer.recommended, "recommended", BLUE, "-."),
        (answer.breaking, "breaking", VERMILLION, "--"),
    ):
        if value is not None:
            axes.axvline(value, color=color, ls=dash, lw=1.4, label=f"{word}: {value} probes")
    axes.set_ylim(-6, 118)
    axes.set_yticks(range(0, 101, 20))
    axes.set_xlim(0, max(top, high or 0.0, answer.breaking or 0.0) * 1.12)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("load, probes")
    axes.set_ylabel("trials that passed, %")
    legend_below(figure, axes)
    headline(figure, _title(shares, answer))
    return figure


def _title(shares: PassShares, answer: CapacityAnswer) -> str:
    tried = f"{counted(int(shares.trials.sum()), 'valid trial')} at {shares.load.size} loads"
    if answer.probes is None:
        return f"No load is known to hold, after {tried}"
    low, high = answer.interval
    between = ""
    if low is not None and high is not None:
        between = f", most likely between {low:.0f} and {high:.0f}"
    elif low is not None:
        between = f", most likely {low:.0f} or more"
    return f"{counted(answer.probes, 'probe')} held{between}, after {tried}"
