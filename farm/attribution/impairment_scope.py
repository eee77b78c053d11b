"""Which probes suffered together: all of them, partners of a session, or each alone. Pure."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from farm.attribution.impairment import LEAST, Harm
from farm.model.wording import counted

TOGETHER = 0.5
"""From this mean correlation on, they suffered at the same times; of few windows from a larger one:
chance reaches 2 / sqrt(windows) one time in twenty."""

FEWEST_WINDOWS = 4
MOST = 0.8
"""Of the probes: so many are all of them."""


@dataclass(frozen=True, slots=True)
class Company:
    """`suffered` of `probes` probes had it bad, `sessions_whole` of `sessions_hit` sessions whole.

    `partners` is the mean correlation, over time, of the harm of two probes of one session,
    `strangers` that of two of different sessions; None where it cannot be told. `said` is the
    sentence.
    """

    probes: int
    suffered: int
    sessions_hit: int
    sessions_whole: int
    partners: float | None
    strangers: float | None
    said: str = ""


def company_of(harm: Harm) -> Company | None:
    """None without a window in which anybody was seen."""
    if not harm.share.size:
        return None
    means = np.array([_mean(row) for row in harm.share])
    bad = means >= max(LEAST, float(means.max()) / 4)
    whose: defaultdict[str, list[bool]] = defaultdict(list)
    for session, is_bad in zip(harm.sessions, bad.tolist(), strict=True):
        whose[session].append(is_bad)
    hit = [members for members in whose.values() if any(members)]
    partners, strangers = _correlations(harm)
    found = Company(
        len(harm.probes),
        int(bad.sum()),
        len(hit),
        sum(all(each) for each in hit),
        partners,
        strangers,
    )
    needed = max(TOGETHER, 2 / math.sqrt(harm.share.shape[1]))
    return replace(found, said=_sentence(found, needed))


def _sentence(found: Company, needed: float) -> str:
    who = f"{found.suffered} of {found.probes} probes suffered"
    partners, strangers = found.partners, found.strangers
    if found.suffered == 0:
        return "no probe that was in suffered"
    if strangers is not None and strangers >= needed:
        return f"{who}, at the same times (r = {strangers:.2f})"
    if found.suffered >= MOST * found.probes:
        return who
    if partners is not None and partners >= needed:
        return f"{who}, partners at the same times (r = {partners:.2f}), strangers not"
    if found.sessions_whole == found.sessions_hit:
        return f"{who}, whole sessions ({found.sessions_hit}) and no others"
    whole = f"{found.sessions_whole or 'none'} of them as a whole"
    if found.sessions_hit == 1:
        whole = "and not all of it"
    return f"{who}, in {counted(found.sessions_hit, 'session')}, {whole}"


def _correlations(harm: Harm) -> tuple[float | None, float | None]:
    """Mean of all pairs in one session, mean of all pairs in two."""
    share = harm.share
    complete = np.isfinite(share).all(axis=1)
    if share.shape[1] < FEWEST_WINDOWS:
        return None, None
    deviation = share.std(axis=1)
    moving = complete & (deviation > LEAST / 2)
    rows = (share[moving] - share[moving].mean(axis=1, keepdims=True)) / deviation[moving, None]
    sessions = np.array(harm.sessions)[moving]
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
    """How many pairs there are, and the sum of their correlations."""
    count = rows.shape[0]
    if count < 2:
        return 0.0, 0.0
    together = float((rows.sum(axis=0) ** 2).sum()) / rows.shape[1]
    return count * (count - 1) / 2, (together - count) / 2


def _mean(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else 0.0
