"""`farm compare A B`: two runs; does B hold as much as A, and what else is different?"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from farm.capacity_search import CapacityEstimate
from farm.cli.recorded import recorded_run
from farm.cli.run_facts import run_facts
from farm.comparison import (
    Comparison,
    Difference,
    compare,
    fact_differences,
    setting_differences,
)
from farm.errors import BadInput
from farm.experiment_file import effective
from farm.jsonable import to_jsonable
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.search_evidence import search_told
from farm.trial import Outcome
from farm.wording import percent

Answer = Literal["worse", "not_worse", "unknown"]

EXIT_CODES: dict[Answer, int] = {"not_worse": 0, "worse": 1, "unknown": 3}

UNSOUND: Mapping[str, str] = {
    "drift": "a server that drifted has no one capacity",
    "server_lost": "a search that lost its server found no capacity",
}
"""States of searches whose capacity is compared with nothing, and why."""


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm compare runs/kurento-7.2 runs/kurento-7.3 --tolerance 10%"
    verb.add_argument("a", type=Path, metavar="A", help="a run of farm size")
    verb.add_argument(
        "b",
        type=Path,
        metavar="B",
        help="another; exit 1 when it holds less by more than the tolerance",
    )
    verb.add_argument(
        "--tolerance",
        type=_share,
        default=0.1,
        metavar="SHARE",
        help="how much less is no worse: 0.1 or 10%% (default: 10%%)",
    )
    verb.add_argument(
        "--certainty",
        type=_share,
        default=0.5,
        metavar="P",
        help="how probable it must be that B is worse (default: 50%%, more likely than not)",
    )
    verb.add_argument(
        "--anyway", action="store_true", help="compare runs that did not ask the same"
    )
    verb.add_argument("--json", action="store_true", help="the comparison as JSON")
    verb.set_defaults(act=act)


@dataclass(frozen=True, slots=True)
class Side:
    """A run as it is compared; `weighed` are capacities with their weights."""

    run: RunReader
    state: str
    estimate: CapacityEstimate
    weighed: Sequence[tuple[float, float]]


def act(options: argparse.Namespace) -> int:
    a, b = _side(options.a, "A"), _side(options.b, "B")
    differences = differences_of(a.run.manifest, b.run.manifest)
    unlike = [each for each in differences if each.kind == "question"]
    if unlike and not options.anyway:
        said = "; ".join(f"{each.what} {each.a} and {each.b}" for each in unlike)
        raise BadInput(
            f"A, B: they did not ask the same: {said}: "
            "expected runs of one question, or --anyway (farm report RUN --criteria FILE judges "
            "a run again by the other's limits)"
        )
    found = compare(
        a.weighed, b.weighed, tolerance=options.tolerance, confidence=a.estimate.confidence
    )
    answer: Answer = "worse" if found.worse >= options.certainty else "not_worse"
    if a.state in UNSOUND or b.state in UNSOUND:
        answer = "unknown"
    if options.json:
        print(json.dumps(_plain(a, b, found, answer, differences), indent=2))
    else:
        print("\n".join(_lines(a, b, found, answer, differences)))
    return EXIT_CODES[answer]


def differences_of(a: Manifest, b: Manifest) -> tuple[Difference, ...]:
    """All that differs between two runs beside their answers, what was asked first."""
    found = (
        *setting_differences(effective(a.settings), effective(b.settings)),
        *fact_differences(run_facts(a), run_facts(b)),
    )
    order = ("question", "subject", "setting")
    return tuple(sorted(found, key=lambda each: order.index(each.kind)))


def _side(path: Path, name: str) -> Side:
    run = recorded_run(path, name)
    results = run.results
    if not any(result.purpose == "search" for result in results) and run.summary is None:
        raise BadInput(f"{name}: {path}: no run of farm size")
    if not any(result.verdict.outcome is not Outcome.INVALID for result in results):
        raise BadInput(f"{name}: {path}: no trial of that run says anything of its server")
    search = search_told(run.manifest.settings, results)
    state = str((run.summary or {}).get("state", "unfinished"))
    capacities, likely = search.capacities()
    weighed = list(zip(capacities.tolist(), likely.tolist(), strict=True))
    return Side(run, state, search.estimate(), weighed)


# ---------------------------------------------------------------- what is said


def _lines(
    a: Side, b: Side, found: Comparison, answer: Answer, differences: Sequence[Difference]
) -> Iterator[str]:
    for name, side in (("A", a), ("B", b)):
        yield f"{name}: {side.run.path}: {_capacity(side.estimate)} ({side.state})"
    low, high = found.interval
    yield (
        f"B's capacity is {_apart(found.ratio)} A's; between {percent(low)} and {percent(high)} "
        f"of it with {percent(found.confidence)} confidence"
    )
    yield (
        f"it is lower with {percent(found.lower)} probability, lower by more than "
        f"{percent(found.tolerance)} with {percent(found.worse)}"
    )
    yield {
        "worse": f"B is worse than A by more than {percent(found.tolerance)}",
        "not_worse": f"B is not worse than A by more than {percent(found.tolerance)}",
        "unknown": f"{UNSOUND.get(a.state) or UNSOUND.get(b.state)}: nothing is concluded",
    }[answer]
    for each in differences:
        unlike = "NOT THE SAME QUESTION: " if each.kind == "question" else "differs: "
        yield f"{unlike}{each.what}: {_shown(each.a)} in A, {_shown(each.b)} in B"


def _capacity(estimate: CapacityEstimate) -> str:
    low, high = estimate.interval
    probes = "unknown" if estimate.probes is None else f"{estimate.probes} probes"
    return f"{probes}, between {'?' if low is None else low} and {'?' if high is None else high}"


def _apart(ratio: float) -> str:
    change = percent(abs(ratio - 1))
    return f"{change} {'below' if ratio < 1 else 'above'}"


def _shown(value: Any) -> str:
    return "unknown" if value is None else str(value)


def _plain(
    a: Side, b: Side, found: Comparison, answer: Answer, differences: Sequence[Difference]
) -> Mapping[str, Any]:
    return {
        "answer": answer,
        **{
            name: {
                "run": str(side.run.path),
                "state": side.state,
                "probes": side.estimate.probes,
                "interval_probes": list(side.estimate.interval),
            }
            for name, side in (("a", a), ("b", b))
        },
        "probability_lower": found.lower,
        "probability_higher": found.higher,
        "probability_worse": found.worse,
        "tolerance": found.tolerance,
        "ratio": found.ratio,
        "ratio_interval": list(found.interval),
        "confidence": found.confidence,
        "differences": [to_jsonable(each) for each in differences],
    }


def _share(text: str) -> float:
    """`0.1` or `10%`."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share such as 0.1 or 10%")
    return share
