"""Signs of saturation: file descriptors. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from farm.analysis.aggregates import known
from farm.attribution.bad_period import BadPeriod
from farm.attribution.limit import SaturationSign
from farm.model.wording import counted

FULL = 0.95
_NO_DESCRIPTORS = re.compile(r"too many open files|EMFILE|ENFILE|file descriptors?", re.IGNORECASE)


def descriptor_signs(period: BadPeriod) -> Iterator[SaturationSign]:
    """The sign of descriptors; they count as saturated only if something could not be opened."""
    refused = [reason for reason in period.reasons if _NO_DESCRIPTORS.search(reason.message)]
    if refused:
        joins = counted(len(refused), "join")
        text = f"{joins} failed for lack of descriptors; {refused[0].message}"
        yield SaturationSign("descriptors", 10.0, text, counted=True)
        return
    limits = known(sample.process_descriptors_limit for sample in period.all)
    open_ = known(sample.process_descriptors for sample in period.all)
    if not limits or not open_:
        return
    limit, most = int(limits[-1]), int(max(open_))
    needed = _needed_for_one_more(period, most, int(min(open_)))
    text = f"the media server had {most} of the {limit} descriptors that it may open"
    symptoms = period.symptoms
    opening_failed = symptoms.died or symptoms.joins >= 0.5 or symptoms.recordings >= 0.5
    if opening_failed and limit - most < needed:
        text += f", and a session needs {needed:.0f}"
        share = max(1.0, most / limit / FULL)
    else:
        share = min(most / limit / FULL, 10.0 if opening_failed else 0.99)
    yield SaturationSign("descriptors", share, text, counted=opening_failed)


def _needed_for_one_more(period: BadPeriod, most: int, least: int) -> float:
    """Descriptors that a session needs, by those of the sessions that joined."""
    joined = {join.session for join in period.evidence.joins if join.joined}
    return max(1.0, (most - least) / len(joined)) if joined else 1.0
