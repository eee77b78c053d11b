"""`farm report RUN --criteria FILE`: judges all trials again; the recording stays unchanged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from farm.bench.bench import BASELINE_OF
from farm.bench.recorded_run import RecordedRun
from farm.cli.recorded import baseline_run, recorded_run
from farm.errors import BadInput, RecordingError
from farm.experiment_file.criteria_file import load_criteria
from farm.model.json_values import from_jsonable, to_jsonable, to_text
from farm.model.trial_evidence import TrialEvidence
from farm.model.wording import counted
from farm.recording.durable_file import recording_error, sweep, write_text
from farm.results.rejudgement import Rejudged, capacity_under, changed_limits, rejudge
from farm.search.from_experiment import search_of
from farm.verdict import NO_BASELINE
from farm.verdict.baseline import Baseline
from reports.wording.file_names import file_name_part

FORMAT = 1


def judge_again(run: Path, file: Path, *, as_json: bool) -> None:
    """Write `judgements/NAME.json` of the run, NAME being the file's, and print the changes."""
    reader = recorded_run(run, "RUN")
    judgement = judgement_of(reader, file)
    path = reader.folder.judgements / f"{judgement['name']}.json"
    try:
        path.parent.mkdir(exist_ok=True)
        sweep(path.parent)
    except OSError as error:
        raise recording_error(path, error) from error
    write_text(path, to_text(judgement))
    if as_json:
        print(json.dumps({**judgement, "judgement": str(path)}, indent=2))
        return
    print("\n".join(_lines(judgement)))
    print(f"judgement: {path}")


def judgement_of(run: RecordedRun, file: Path) -> dict[str, Any]:
    """The verdicts of a run's trials under the criteria in `file`. Raises BadInput."""
    settings = run.settings
    criteria, invalid = load_criteria(file, settings.criteria, settings.invalid)
    results = {result.index: result for result in run.results}
    if not results:
        raise BadInput(f"RUN: {run.path}: no trial of that run was judged")
    made = [result for result in results.values() if result.purpose == "baseline"]
    given, gone = _baseline_given(run)
    rejudged = list(
        rejudge(
            _evidences(run, results),
            results,
            criteria,
            invalid,
            baseline=given,
            # A run with one baseline trial has no second one to agree with.
            baselines=min(2, len(made)) or 2,
        )
    )
    return {
        "format": FORMAT,
        "name": file_name_part(file.stem),
        "criteria": to_jsonable(criteria),
        "invalid": to_jsonable(invalid),
        "changed_limits": to_jsonable(
            (
                *changed_limits(settings.criteria, criteria, "criteria"),
                *changed_limits(settings.invalid, invalid, "invalid"),
            )
        ),
        "notes": list(_without_baseline(rejudged, gone, made=bool(made))),
        "changed": [each.result.index for each in rejudged if each.changed],
        "trials": [_trial(each) for each in rejudged],
        "capacity": _capacity(run, rejudged),
    }


def _evidences(run: RecordedRun, results: Mapping[int, Any]) -> Iterator[TrialEvidence]:
    for index in sorted(results):
        yield run.evidence(index)


def _baseline_given(run: RecordedRun) -> tuple[Baseline | None, str | None]:
    """The baseline of another run that this one was compared with; else why it is missing.

    Older recordings have only the path of that run.
    """
    for entry in run.journal:
        if entry.kind == BASELINE_OF:
            path = Path(str(entry.facts["run"]))
            try:
                if "baseline" in entry.facts:
                    return from_jsonable(Baseline, entry.facts["baseline"]), None
                return baseline_run(path).baseline, None
            except (BadInput, RecordingError, ValueError):
                return None, f"its baseline, that of {path}, is missing"
    return None, None


def _without_baseline(
    rejudged: Sequence[Rejudged], gone: str | None, *, made: bool
) -> Iterator[str]:
    """A note on trials that were judged without a baseline, which some limits need."""
    bare = [
        each
        for each in rejudged
        if each.result.purpose != "baseline" and NO_BASELINE in each.now.notes
    ]
    if bare:
        why = gone or "this run recorded none"
        if made:
            why = "no two of its own pass these limits and agree"
        yield (
            f"no baseline: {why}: {counted(len(bare), 'trial')} judged against absolute limits "
            "only, without those that compare with a baseline"
        )


def _trial(each: Rejudged) -> dict[str, Any]:
    result, now = each.result, each.now
    return {
        "index": result.index,
        "probes": result.load,
        "purpose": result.purpose,
        "was": result.verdict.outcome.value,
        "now": now.outcome.value,
        "reasons": to_jsonable(now.reasons),
        "notes": list(now.notes),
        "units": now.units,
        "units_failed": now.units_failed,
        "windows": now.windows,
        "by_last_window": now.by_last_window,
        "by_driver": now.by_driver,
    }


def _capacity(run: RecordedRun, rejudged: Sequence[Rejudged]) -> dict[str, Any] | None:
    """The capacity of a search, before and now; None for other runs."""
    if not any(each.result.purpose == "search" for each in rejudged):
        return None
    experiment = run.settings
    now = capacity_under(search_of(experiment, len(rejudged) + 1), rejudged)
    was = (run.summary or {}).get("capacity") or {}
    return {
        "was": {
            "state": (run.summary or {}).get("state"),
            "probes": was.get("probes"),
            "interval_probes": was.get("interval_probes"),
        },
        "now": {
            "state": now.state,
            "probes": now.probes,
            "interval_probes": list(now.interval),
            "recommended_probes": now.recommended,
            "breaking_probes": now.breaking,
        },
    }


# ---------------------------------------------------------------- in words


def _lines(judgement: Mapping[str, Any]) -> Iterator[str]:
    limits = judgement["changed_limits"]
    for limit in limits:
        yield f"{limit['key']}: {_setting(limit['now'])}, was {_setting(limit['was'])}"
    if not limits:
        yield "these are the limits that the run had"
    yield from judgement["notes"]
    trials = judgement["trials"]
    for trial in trials:
        if trial["was"] != trial["now"]:
            why = f": {trial['reasons'][0]['message']}" if trial["reasons"] else ""
            change = f"{trial['now']}, was {trial['was']}"
            yield f"trial {trial['index']}: {counted(trial['probes'], 'probe')}: {change}{why}"
    yield f"{len(judgement['changed'])} of {counted(len(trials), 'verdict')} changed"
    if judgement["capacity"] is not None:
        yield _capacity_line(judgement["capacity"])


def _capacity_line(capacity: Mapping[str, Any]) -> str:
    now, was = capacity["now"], capacity["was"]
    line = f"capacity: {_probes(now)}; was {_probes(was)}"
    if now["state"] in ("searching", "out_of_trials"):
        line += "; the loads were chosen under the old limits, so more trials are needed"
    return line


def _setting(value: object) -> str:
    """A setting as an experiment file has it."""
    return "null" if value is None else str(value)


def _probes(capacity: Mapping[str, Any]) -> str:
    if capacity["probes"] is None:
        return "unknown"
    low, high = capacity["interval_probes"]
    return f"{counted(capacity['probes'], 'probe')}, between {low or '?'} and {high or '?'}"
