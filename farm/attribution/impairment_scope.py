"""Which probes were impaired together: all, partners of a session, or each by itself. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from farm.attribution.impairment import LEAST, Impairment
from farm.model.wording import counted

TOGETHER = 0.5
"""The mean correlation from which probes were impaired at the same times; with few windows it is
2 / sqrt(windows), which chance exceeds one time in twenty."""

FEWEST_WINDOWS = 4
MOST = 0.8
"""The share of probes from which all of them count as impaired."""


@dataclass(frozen=True, slots=True)
class ImpairmentScope:
    """`suffered` of `probes` probes were impaired, in `sessions_hit` sessions.

    In `sessions_whole` of these every probe was. `partners` is the mean correlation, over time, of
    the impairment of two probes of one session, `strangers` that of two of different sessions; None
    where it is unknown. `said` is that in a sentence.
    """

    probes: int
    suffered: int
    sessions_hit: int
    sessions_whole: int
    partners: float | None
    strangers: float | None
    said: str = ""


def impairment_scope(impairment: Impairment) -> ImpairmentScope | None:
    """The scope of the impairment; None without a window of any probe."""
    if not impairment.share.size:
        return None
    means = np.array([_mean(row) for row in impairment.share])
    bad = means >= max(LEAST, float(means.max()) / 4)
    whose: defaultdict[str, list[bool]] = defaultdict(list)
    for session, is_bad in zip(impairment.sessions, bad.tolist(), strict=True):
        whose[session].append(is_bad)
    hit = [members for members in whose.values() if any(members)]
    partners, strangers = _correlations(impairment)
    scope = ImpairmentScope(
        len(impairment.probes),
        int(bad.sum()),
        len(hit),
        sum(all(each) for each in hit),
        partners,
        strangers,
    )
    needed = max(TOGETHER, 2 / math.sqrt(impairment.share.shape[1]))
    return replace(scope, said=_sentence(scope, needed))


def _sentence(scope: ImpairmentScope, needed: float) -> str:
    who = f"{scope.suffered} of {counted(scope.probes, 'probe')} had impaired media"
    partners, strangers = scope.partners, scope.strangers
    if scope.suffered == 0:
        return "no probe that had joined had impaired media"
    if strangers is not None and strangers >= needed:
        return f"{who}, at the same times (r = {strangers:.2f})"
    if scope.suffered >= MOST * scope.probes:
        return who
    if partners is not None and partners >= needed:
        return f"{who}, those of one session at the same times (r = {partners:.2f}), others not"
    if scope.sessions_whole == scope.sessions_hit:
        return f"{who}, whole sessions ({scope.sessions_hit}) and no others"
    whole = f"{scope.sessions_whole or 'none'} of them as a whole"
    if scope.sessions_hit == 1:
        whole = "and not all of it"
    return f"{who}, in {counted(scope.sessions_hit, 'session')}, {whole}"


def _correlations(impairment: Impairment) -> tuple[float | None, float | None]:
    """The mean correlation of pairs within sessions, and of pairs of different sessions."""
    share = impairment.share
    complete = np.isfinite(share).all(axis=1)
    if share.shape[1] < FEWEST_WINDOWS:
        return None, None
    deviation = share.std(axis=1)
    moving = complete & (deviation > LEAST / 2)
    rows = (share[moving] - share[moving].mean(axis=1, keepdims=True)) / deviation[moving, None]
    sessions = np.array(impairment.sessions)[moving]
    pairs_in = total_in = 0.0
    for session in dict.fromkeys(sessions.tolist()):
        members = rows[sessions == session]
        pairs, total = _pairs(members)
        pairs_in, total_in = pairs_in + pairs, total_in + total
    pairs_all, total_all = _pairs(rows)
    apart = pairs_all - pairs_in
    return (
        total_in / pairs_in if pairs_in else None,
        (total_all - total_in) / apart if apart else None,
    )


def _pairs(rows: NDArray[np.float64]) -> tuple[float, float]:
    """The number of pairs, and the sum of their correlations."""
    count = rows.shape[0]
    if count < 2:
        return 0.0, 0.0
    together = float((rows.sum(axis=0) ** 2).sum()) / rows.shape[1]
    return count * (count - 1) / 2, (together - count) / 2


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
