"""Makes `summary.json` of a run. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from farm.analysis.aggregates import known, mean_by_length
from farm.analysis.drift import DriftChecks
from farm.analysis.rates import window_edges
from farm.attribution import LimitedBy, Quality, ScaleOut, ServerResources, limited_by, scale_out
from farm.attribution.scale_out import growth_while_launching
from farm.model.experiment import Experiment, Scenario
from farm.model.json_values import to_jsonable
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import Direction
from farm.model.trial_result import TrialResult
from farm.planning.load_steps import NOUNS, smallest_load
from farm.results.cost import Carried, Cost, PriceTable, cost_of
from farm.results.priced_machine import PriceCheck
from farm.results.relaxed_limits import relaxed_limits
from farm.search.capacity_estimate import CapacityEstimate

FORMAT = 1


def size_summary(
    experiment: Experiment,
    results: Sequence[TrialResult],
    estimate: CapacityEstimate,
    *,
    held: TrialEvidence | None = None,
    broken: TrialEvidence | None = None,
    quality: Quality | None = None,
    machine: ServerResources | None = None,
    checks: DriftChecks | None = None,
    began_wall_s: Mapping[int, float] | None = None,
    prices: PriceTable | None = None,
    price_check: PriceCheck | None = None,
) -> dict[str, Any]:
    """The summary of `farm size`.

    `held` and `broken` are the evidence of `attribution.trial_that_held` and `trial_that_broke`:
    without them the throughput and what limited the server are unknown. `quality` is that of the
    broken trial, second by second. `checks` are those for drift, `began_wall_s` is when each trial
    began. Without `prices`, or a machine in them, the cost is unknown; so it is if by `price_check`
    another machine was measured.
    """
    scenario = experiment.scenario
    had = machine or ServerResources()
    limit = limited_by(estimate, results, broken, had, held=held, quality=quality)
    growth = scale_out(results, estimate, limit, had, _growth_probes(experiment, estimate))
    throughput = _throughput(held)
    return {
        "format": FORMAT,
        "scenario": scenario.kind,
        "state": estimate.state,
        "capacity": {
            "probes": estimate.probes,
            "sessions": sessions_of(scenario, estimate.probes),
            "viewers": viewers_of(scenario, estimate.probes),
            "interval_probes": list(estimate.interval),
            "interval_if_sharp_probes": list(estimate.if_sharp),
            "interval_if_slow_probes": list(estimate.if_slow),
            "confidence": estimate.confidence,
            "reliability": estimate.reliability,
            "recommended_probes": estimate.recommended,
            "breaking_probes": estimate.breaking,
            "hold_s": experiment.trial.hold_s,
            **throughput,
        },
        "hold_windows": hold_windows(experiment),
        "limited_by": to_jsonable(limit),
        "scale_out": {
            **to_jsonable(growth),
            "sessions": sessions_of(scenario, growth.probes),
            "viewers": viewers_of(scenario, growth.probes),
            "sessions_per_core": _sessions_per_core(scenario, growth),
        },
        "cost": to_jsonable(_cost(experiment, estimate, held, prices, limit))
        if price_check is None or not price_check.unlike
        else None,
        "price_check": to_jsonable(price_check),
        "drift": None
        if checks is None
        else _drift(checks, results, began_wall_s or {}, estimate.confidence),
        "relaxed_limits": list(relaxed_limits(experiment.invalid)),
        "trials": [trial_summary(result) for result in results],
    }


def _growth_probes(experiment: Experiment, estimate: CapacityEstimate) -> float:
    """Probes that come to one server while another starts, by the user's daily curve."""
    scenario, price = experiment.scenario, experiment.server.price
    carried = viewers_of(scenario, estimate.recommended)
    if carried is None:
        carried = sessions_of(scenario, estimate.recommended)
    more = growth_while_launching(price.daily_sessions, carried, price.launch_s)
    return more * probes_of_session(scenario)


def _sessions_per_core(scenario: Scenario, growth: ScaleOut) -> float | None:
    """Sessions per core at the load that `growth` is based on; of a broadcast its viewers."""
    each = growth.probes_per_core
    return None if each is None else each / probes_of_session(scenario)


def _cost(
    experiment: Experiment,
    estimate: CapacityEstimate,
    held: TrialEvidence | None,
    prices: PriceTable | None,
    limit: LimitedBy,
) -> Cost | None:
    """The cost at the recommended load; throughput is that of the passed trial, in proportion."""
    price, probes = experiment.server.price, estimate.recommended
    if prices is None or price.machine is None or probes is None or not estimate.probes:
        return None
    scenario = experiment.scenario
    ways = known((_throughput(held)["throughput_bps"] or {}).values())
    moved = sum(ways) if len(ways) == len(("in", "out")) else None
    viewers = viewers_of(scenario, probes)
    carried = Carried(
        unit="viewer" if viewers is not None else NOUNS[scenario.kind],
        sessions=(viewers if viewers is not None else sessions_of(scenario, probes)) or 0,
        users=probes,
        throughput_bps=None if moved is None or held is None else moved * probes / held.plan.load,
        limited_by=limit.resource,
    )
    return cost_of(prices, price.machine, price.region, carried, price.daily_sessions)


def _drift(
    checks: DriftChecks,
    results: Sequence[TrialResult],
    began_wall_s: Mapping[int, float],
    confidence: float,
) -> dict[str, Any]:
    return {
        "probes": checks.load,
        "looks": len(checks.later(results)),
        "moved": list(checks.drifted(results)),
        "confidence": confidence,
        "figures": to_jsonable(checks.movements(results, began_wall_s, confidence)),
    }


def run_summary(
    experiment: Experiment, results: Sequence[TrialResult], limit: LimitedBy | None = None
) -> dict[str, Any]:
    """The summary of `farm run`: the last of `results` is the trial that was asked for.

    `limit` is what limited the server in it, if it failed.
    """
    asked = results[-1]
    return {
        "format": FORMAT,
        "scenario": experiment.scenario.kind,
        "state": asked.verdict.outcome.value,
        "load": asked.load,
        "sessions": sessions_of(experiment.scenario, asked.load),
        "viewers": viewers_of(experiment.scenario, asked.load),
        "hold_s": None if asked.phases.hold_s is None else experiment.trial.hold_s,
        "cut_after_s": cut_after_s(asked),
        "limited_by": to_jsonable(limit),
        "relaxed_limits": list(relaxed_limits(experiment.invalid)),
        "trials": [trial_summary(result) for result in results],
    }


def cut_after_s(result: TrialResult) -> float | None:
    """How long the hold of a trial was that ended in it, as when the server died; else `None`."""
    phases, reasons = result.phases, result.verdict.reasons
    if phases.hold_s is None or phases.leave_s is not None or phases.done_s is None:
        return None
    died = (each.at_s for each in reasons if each.code == "server_died" and each.at_s is not None)
    return max(0.0, next(died, phases.done_s) - phases.hold_s)


def sessions_of(scenario: Scenario, probes: int | None) -> int | None:
    """The number of sessions of a load; None stays None."""
    if probes is None:
        return None
    match scenario.kind:
        case "one_to_one":
            return probes // 2
        case "group":
            return probes // scenario.members
        case "broadcast":
            return scenario.sessions
        case "custom":
            return probes // smallest_load(scenario)


def probes_of_session(scenario: Scenario) -> int:
    """The number of probes of one more session; in a broadcast one, a viewer."""
    match scenario.kind:
        case "one_to_one":
            return 2
        case "group":
            return scenario.members
        case "broadcast":
            return 1
        case "custom":
            return smallest_load(scenario)


def viewers_of(scenario: Scenario, probes: int | None) -> int | None:
    """The number of viewers of a load; None in scenarios other than broadcasts."""
    if probes is None or scenario.kind != "broadcast":
        return None
    return probes - scenario.sessions * scenario.presenters


def hold_windows(experiment: Experiment) -> int:
    """The number of windows of a hold that is not cut short."""
    trial = experiment.trial
    return len(window_edges(0.0, trial.hold_s, trial.window_s)) - 1


def _throughput(held: TrialEvidence | None) -> dict[str, Any]:
    """What the server received and sent, payload as the probes counted it; None: unknown."""
    if held is None:
        return {"throughput_bps": None, "packets_per_s": None}
    return {
        "throughput_bps": {
            "in": _total(held, "outbound", packets=False),
            "out": _total(held, "inbound", packets=False),
        },
        "packets_per_s": {
            "in": _total(held, "outbound", packets=True),
            "out": _total(held, "inbound", packets=True),
        },
    }


def _total(held: TrialEvidence, direction: Direction, *, packets: bool) -> float | None:
    """The mean over the windows, weighted by their lengths, of the sum over all streams."""
    windows: dict[int, float] = {}
    lengths_s: dict[int, float] = {}
    for interval in held.intervals:
        if interval.direction != direction:
            continue
        value, length_s = interval.bitrate_bps, interval.end_s - interval.start_s
        if packets:
            value = None if interval.packets is None else interval.packets / length_s
        if value is not None:
            windows[interval.window] = windows.get(interval.window, 0.0) + value
            lengths_s[interval.window] = length_s
    return mean_by_length((value, lengths_s[window]) for window, value in windows.items())


def trial_summary(result: TrialResult) -> dict[str, Any]:
    """A trial's entry in `summary.json`."""
    verdict, worst = result.verdict, result.verdict.worst_session
    return {
        "index": result.index,
        "probes": result.load,
        "purpose": result.purpose,
        "verdict": verdict.outcome.value,
        "reasons": to_jsonable(verdict.reasons),
        "notes": list(verdict.notes),
        "units": verdict.units,
        "units_failed": verdict.units_failed,
        "established": verdict.established,
        "windows": verdict.windows,
        "by_last_window": verdict.by_last_window,
        "by_driver": verdict.by_driver,
        "server_cpu_percent": result.server_cpu_percent,
        "host_cpu_percent": result.host_cpu_percent,
        "worst_session": None
        if worst is None
        else {
            "id": worst.session,
            "loss_ratio": worst.residual_loss_ratio,
            "video_bitrate_bps": worst.video_bitrate_bps,
            "frame_rate": worst.frame_rate,
        },
    }
