"""`farm compare A B`: compares the capacities of two runs, and lists what else differs."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.analysis.comparison import (
    CapacityDistribution,
    Comparison,
    Conclusion,
    Difference,
    compare,
    conclude,
    fact_differences,
    setting_differences,
)
from farm.bench.run_facts import run_facts
from farm.cli.recorded import recorded_run, run_path
from farm.errors import BadInput
from farm.experiment_file import effective
from farm.model.json_values import to_jsonable
from farm.model.verdict import Outcome
from farm.model.wording import counted, percent
from farm.recording.manifest import Manifest
from farm.recording.reader import RunReader
from farm.results.known_capacity import known_capacity
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.from_experiment import search_after

EXIT_CODES: dict[Conclusion, int] = {"not_worse": 0, "worse": 1, "unknown": 3}


def describe(verb: argparse.ArgumentParser) -> None:
    verb.epilog = "example: farm compare runs/kurento-7.2 runs/kurento-7.3 --tolerance 10%"
    verb.add_argument("a", type=run_path, metavar="A", help="a run of farm size")
    verb.add_argument(
        "b",
        type=run_path,
        metavar="B",
        help="another; exit 1 when it holds less by more than the tolerance",
    )
    verb.add_argument(
        "--tolerance",
        type=_share,
        default=0.1,
        metavar="SHARE",
        help="how much less still counts as not worse: 0.1 or 10%% (default: 10%%)",
    )
    verb.add_argument(
        "--certainty",
        type=_share,
        default=0.5,
        metavar="P",
        help="how probable it must be that B is worse (default: 50%%, more likely than not)",
    )
    verb.add_argument(
        "--anyway", action="store_true", help="compare runs that measured different things"
    )
    verb.add_argument("--json", action="store_true", help="the comparison as JSON")
    verb.set_defaults(act=act)


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two runs; `estimate` is that of a search, None for other runs."""

    run: RunReader
    state: str
    estimate: CapacityEstimate | None
    known: CapacityDistribution


def act(options: argparse.Namespace) -> int:
    a, b = _side(options.a, "A"), _side(options.b, "B")
    differences = differences_of(a.run.manifest, b.run.manifest)
    unlike = [each for each in differences if each.kind == "question"]
    if unlike and not options.anyway:
        listed = "; ".join(f"{each.what} {each.a} and {each.b}" for each in unlike)
        raise BadInput(
            f"A, B: they did not measure the same: {listed}: "
            "expected runs with the same settings there, or --anyway (farm report RUN --criteria "
            "FILE judges a run again by the other's limits)"
        )
    tolerance, confidence = options.tolerance, a.run.manifest.settings.search.confidence
    answer, conclusion = conclude(
        a.known,
        b.known,
        tolerance=tolerance,
        certainty=options.certainty,
        confidence=confidence,
    )
    comparison = None
    if a.known.bounded and b.known.bounded:
        comparison = compare(
            a.known.weighted, b.known.weighted, tolerance=tolerance, confidence=confidence
        )
    if options.json:
        facts = {
            "answer": answer,
            "said": conclusion,
            "tolerance": tolerance,
            "confidence": confidence,
        }
        print(json.dumps({**facts, **_plain(a, b, comparison, differences)}, indent=2))
    else:
        print("\n".join(_lines(a, b, comparison, conclusion, differences)))
    return EXIT_CODES[answer]


def differences_of(a: Manifest, b: Manifest) -> tuple[Difference, ...]:
    """All differences between two runs beside their answers, those in the question first."""
    differences = (
        *setting_differences(effective(a.settings), effective(b.settings)),
        *fact_differences(run_facts(a), run_facts(b)),
    )
    order = ("question", "subject", "setting")
    return tuple(sorted(differences, key=lambda each: order.index(each.kind)))


def _side(path: Path, name: str) -> Side:
    run = recorded_run(path, name)
    results = run.results
    if not any(result.verdict.outcome is not Outcome.INVALID for result in results):
        raise BadInput(f"{name}: {path}: no trial of that run was valid")
    state = str((run.summary or {}).get("state", "unfinished"))
    settings = run.manifest.settings
    known = known_capacity(settings, results, state)
    searched = any(result.purpose == "search" for result in results)
    return Side(run, state, search_after(settings, results).estimate() if searched else None, known)


# ---------------------------------------------------------------- output


def _lines(
    a: Side,
    b: Side,
    comparison: Comparison | None,
    conclusion: str,
    differences: Sequence[Difference],
) -> Iterator[str]:
    for name, side in (("A", a), ("B", b)):
        what = _tried(side) if side.estimate is None else _capacity(side.estimate)
        yield f"{name}: {side.run.path}: {what} ({side.state})"
    if comparison is not None:
        low, high = comparison.interval
        yield (
            f"B's capacity is {_change(comparison.ratio)} A's; between {percent(low)} and "
            f"{percent(high)} of it with {percent(comparison.confidence)} confidence"
        )
        yield (
            f"it is lower with {percent(comparison.lower)} probability, lower by more than "
            f"{percent(comparison.tolerance)} with {percent(comparison.worse)}"
        )
    yield conclusion
    for each in differences:
        unlike = "NOT THE SAME QUESTION: " if each.kind == "question" else "differs: "
        yield f"{unlike}{each.what}: {_shown(each, each.a)} in A, {_shown(each, each.b)} in B"


def _capacity(estimate: CapacityEstimate) -> str:
    low, high = estimate.interval
    probes = "unknown" if estimate.probes is None else counted(estimate.probes, "probe")
    return f"{probes}, between {'?' if low is None else low} and {'?' if high is None else high}"


def _tried(side: Side) -> str:
    """`2 probes: 2 trials passed; 18 probes: 1 trial failed`."""
    words = {Outcome.PASS: "passed", Outcome.FAIL: "failed", Outcome.INVALID: "invalid"}
    counts = Counter((each.load, each.verdict.outcome) for each in side.run.results)
    loads = sorted({load for load, _ in counts})
    return "; ".join(
        f"{counted(load, 'probe')}: "
        + ", ".join(
            f"{counted(counts[load, outcome], 'trial')} {word}"
            for outcome, word in words.items()
            if counts[load, outcome]
        )
        for load in loads
    )


def _change(ratio: float) -> str:
    change = percent(abs(ratio - 1))
    return f"{change} {'below' if ratio < 1 else 'above'}"


def _shown(difference: Difference, value: Any) -> str:
    """A value in words: None is null for a setting, unknown for a fact."""
    nothing = "unknown" if difference.kind == "subject" else "null"
    return nothing if value is None else str(value)


def _plain(
    a: Side, b: Side, comparison: Comparison | None, differences: Sequence[Difference]
) -> Mapping[str, Any]:
    """The comparison as JSON data; its numbers are null unless both capacities are bounded."""
    return {
        **{
            name: {
                "run": str(side.run.path),
                "state": side.state,
                "probes": None if side.estimate is None else side.estimate.probes,
                "interval_probes": [None, None]
                if side.estimate is None
                else list(side.estimate.interval),
                "trials": [
                    {"probes": each.load, "verdict": each.verdict.outcome.value}
                    for each in side.run.results
                ],
            }
            for name, side in (("a", a), ("b", b))
        },
        "probability_lower": None if comparison is None else comparison.lower,
        "probability_higher": None if comparison is None else comparison.higher,
        "probability_worse": None if comparison is None else comparison.worse,
        "ratio": None if comparison is None else comparison.ratio,
        "ratio_interval": None if comparison is None else list(comparison.interval),
        "differences": [to_jsonable(each) for each in differences],
    }


def _share(text: str) -> float:
    """A share given as `0.1` or `10%`; for `type=`."""
    try:
        share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        share = -1.0
    if not 0 <= share < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected a share such as 0.1 or 10%")
    return share
