"""Signs of descriptors at their end. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from farm.analysis.aggregates import known
from farm.attribution.bad_period import Watched
from farm.attribution.limit import SaturationSign

FULL = 0.95
_SAID = re.compile(r"too many open files|EMFILE|ENFILE|file descriptors?", re.IGNORECASE)


def descriptor_signs(watched: Watched) -> Iterator[SaturationSign]:
    """They matter where something could not be opened: a session that did not fit any more."""
    refused = [reason for reason in watched.reasons if _SAID.search(reason.message)]
    if refused:
        said = f"{len(refused)} joins failed for want of descriptors; {refused[0].message}"
        yield SaturationSign("descriptors", 10.0, said, counted=True)
        return
    limits = known(sample.process_descriptors_limit for sample in watched.all)
    open_ = known(sample.process_descriptors for sample in watched.all)
    if not limits or not open_:
        return
    limit, most = int(limits[-1]), int(max(open_))
    needed = _needed_for_one_more(watched, most, int(min(open_)))
    said = f"the media server had {most} of the {limit} descriptors that it may"
    symptoms = watched.symptoms
    opening_failed = symptoms.died or symptoms.joins >= 0.5 or symptoms.recordings >= 0.5
    if opening_failed and limit - most < needed:
        said += f", and a session needs {needed:.0f}"
        share = max(1.0, most / limit / FULL)
    else:
        share = min(most / limit / FULL, 10.0 if opening_failed else 0.99)
    yield SaturationSign("descriptors", share, said, counted=opening_failed)


def _needed_for_one_more(watched: Watched, most: int, least: int) -> float:
    """Of a session, by what those that got in took."""
    joined = {join.session for join in watched.evidence.joins if join.joined}
    return max(1.0, (most - least) / len(joined)) if joined else 1.0
