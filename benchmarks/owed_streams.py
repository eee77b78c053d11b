"""Checks that healthy sessions pass, and that each spoilt stream fails and is named.

    python -m benchmarks.owed_streams --recordings 10000

Judges so many made-up healthy recordings of any shape, and as many with one owed stream spoilt
(`benchmarks.made_streams`). A judgement is wrong if a healthy one does not pass, or if a spoilt one
does not fail with the stream and its sender named. The last line is one JSON object with the number
of wrong judgements.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from benchmarks.made_streams import Made, Spoilt, make
from farm.evidence import trial_evidence
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.session_roles import SERVER
from farm.model.verdict import Outcome, Verdict
from farm.verdict import judge

WINDOW_S, POLL_S = 10.0, 1.0


@dataclass(frozen=True, slots=True)
class Judged:
    """The judgement of one seed: `wrong` says what is wrong with it, empty if nothing is."""

    seed: int
    spoilt: Spoilt | None
    wrong: str


def verdict_of(made: Made) -> Verdict:
    """The verdict on a made-up recording, by the defaults and without a baseline."""
    evidence = trial_evidence(made.trial, window_s=WINDOW_S, poll_s=POLL_S)
    return judge(evidence, Criteria(), InvalidLimits(), None)


def judged(seed: int, *, spoil: bool) -> Judged:
    """Make the recording of a seed, and judge it."""
    made = make(seed, spoil=spoil)
    return Judged(seed, made.spoilt, _wrong(verdict_of(made), made.spoilt))


def _wrong(verdict: Verdict, spoilt: Spoilt | None) -> str:
    if spoilt is None:
        first = next((reason.message for reason in verdict.reasons), "")
        return "" if verdict.outcome is Outcome.PASS else f"{verdict.outcome.value}: {first}"
    if verdict.outcome is not Outcome.FAIL:
        return verdict.outcome.value
    named = {(reason.probe, reason.stream, reason.sender or "") for reason in verdict.reasons}
    # What the server makes and what it forwards are not always told apart.
    senders = spoilt.sender, f"{SERVER} or {spoilt.sender}"
    if named.isdisjoint((spoilt.probe, f"inbound {spoilt.kind}", each) for each in senders):
        return f"named {sorted(named, key=str)}"
    return ""


def main() -> None:
    """Judge, and print what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=int, default=1000, help="of each sort")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.recordings)
    cores = len(os.sched_getaffinity(0))
    totals: dict[str, int] = {}
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn")) as processes:
        for name, spoil in (("healthy", False), ("spoilt", True)):
            work = partial(judged, spoil=spoil)
            totals[name] = len(seeds)
            totals[f"{name}_wrong"] = _print_wrong(name, processes.map(work, seeds, chunksize=20))
    print(json.dumps(totals))


def _print_wrong(name: str, found: Iterable[Judged]) -> int:
    """Print each recording that was judged wrong; returns their number."""
    wrong = [each for each in found if each.wrong]
    for each in wrong:
        print(f"{name} {each.seed}: {each.spoilt or 'nothing wrong'}: {each.wrong}")
    return len(wrong)


if __name__ == "__main__":
    main()
