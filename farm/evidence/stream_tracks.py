"""Which of a probe's streams of a kind go on where others ended. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Life:
    """When the counters of one SSRC were seen; `owner` is whose stream of which kind it is."""

    owner: Hashable
    first_s: float
    last_s: float


def tracks(lives: Sequence[Life]) -> list[int]:
    """For each life its track: 0, or more for those that live at the same time.

    A page that is loaded anew has other connections and other SSRCs, but to its user it is the
    same stream: what begins when another has ended takes its track over.
    """
    places = [0] * len(lives)
    free_from_s: defaultdict[Hashable, list[float]] = defaultdict(list)
    for index in sorted(range(len(lives)), key=lambda index: lives[index].first_s):
        life = lives[index]
        taken = free_from_s[life.owner]
        place = next((n for n, end_s in enumerate(taken) if end_s <= life.first_s), len(taken))
        taken[place : place + 1] = [life.last_s]
        places[index] = place
    return places
