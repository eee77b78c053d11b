"""What the witnesses say: the full probes in a load of light ones. Pure.

On a host of their own they tell a busy generator from a busy server. Anywhere they calibrate: at a
load that passes, light and full must look alike on the wire, or the light method is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

import polars as pl

from farm.analysis.intervals import Intervals
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import ProbePlan
from farm.model.verdict import Reason
from farm.model.wording import counted
from farm.verdict.causes import Finding

AGREEMENT = 0.25
"""The largest share by which a figure of light probes may differ from that of full ones."""

APP_SAID_NO = frozenset({"signalling", "dialog", "recording_missing"})
"""Failures that no busy host explains."""

_LEAST = {"bitrate_bps": 8_000.0, "packets_per_s": 5.0, "repair_ratio": 0.02, "setup_s": 1.0}
"""Differences that are none, however large a share of a small figure they are."""

_SAID = {
    "bitrate_bps": "payload of {:.0f} bit/s",
    "packets_per_s": "{:.1f} packets/s",
    "repair_ratio": "{:.3f} of its packets repaired",
    "setup_s": "{:.1f} s to its first media",
}


def unwitnessed(evidence: TrialEvidence, findings: Sequence[Finding]) -> tuple[Reason, ...]:
    """Why a failed trial is the generator's fault: no witness on its own, idle host saw it."""
    witnesses, light = _witnesses(evidence), _light(evidence)
    hosts = {probe.host for probe in witnesses.values()}
    loaded = {probe.host for probe in light.values()}
    spoilt = {finding.probe.probe for finding in findings}
    told = [finding for finding in findings if finding.breach.code in APP_SAID_NO]
    alone = bool(witnesses) and not hosts & loaded
    if not alone or told or not spoilt or spoilt & witnesses.keys():
        return ()
    joined = {join.probe for join in evidence.joins if join.joined}
    if not witnesses.keys() <= joined or not evidence.intervals:
        return ()
    failed = counted(len(spoilt), "light probe")
    message = (
        f"{failed} on {_named('host', loaded)} failed, but no witness "
        f"({', '.join(witnesses)}) on {_named('host', hosts)}, which carried nothing else"
    )
    first_s = min(finding.breach.at_s for finding in findings)
    return (Reason("witness", message, value=len(spoilt), limit=0, at_s=first_s),)


def doubts(evidence: TrialEvidence) -> Iterator[str]:
    """In which figures of the wire light and full probes of a trial that passed disagree."""
    witnesses, light = _witnesses(evidence), _light(evidence)
    if not witnesses or not light:
        return
    for what, of_light, of_full, figure in _figures(evidence, witnesses, light):
        off = abs(of_light - of_full)
        if off > AGREEMENT * max(of_full, 0.0) and off > _LEAST[figure]:
            said = _SAID[figure]
            yield (
                f"light probes in doubt: {what}: {said.format(of_light)}, "
                f"of witnesses {said.format(of_full)}"
            )


def stayed_full(evidence: TrialEvidence) -> Iterator[str]:
    """Light probes with a stream that had to be coded in full, by reason."""
    by_reason: dict[str, list[str]] = {}
    for probe, reason in evidence.stayed_full:
        by_reason.setdefault(reason, []).append(probe)
    for reason, probes in by_reason.items():
        names = ", ".join(probes[:3]) + (", ..." if len(probes) > 3 else "")
        yield f"{counted(len(probes), 'light probe')} ({names}) stayed full: {reason}"


def unplayed(evidence: TrialEvidence) -> Iterator[str]:
    """By how many received audio was played, and what is unknown of the others'."""
    probes = len(evidence.plan.probes)
    if evidence.unplayed:
        yield (
            f"received audio was played by {probes - len(evidence.unplayed)} of {probes} probes;"
            " that of the others is judged by packets and residual loss,"
            " its jitter buffer and concealment are unknown"
        )


def _witnesses(evidence: TrialEvidence) -> Mapping[str, ProbePlan]:
    """Full probes, where there are light ones."""
    probes = evidence.plan.probes
    if all(probe.fidelity == "full" for probe in probes):
        return {}
    return {probe.probe: probe for probe in probes if probe.fidelity == "full"}


def _light(evidence: TrialEvidence) -> Mapping[str, ProbePlan]:
    """Those that were light to the end."""
    heavy = {probe for probe, _ in evidence.stayed_full}
    return {
        probe.probe: probe
        for probe in evidence.plan.probes
        if probe.fidelity == "light" and probe.probe not in heavy
    }


def _figures(
    evidence: TrialEvidence, witnesses: Mapping[str, ProbePlan], light: Mapping[str, ProbePlan]
) -> Iterator[tuple[str, float, float, str]]:
    """What, the median of light probes, that of witnesses, the figure; of like streams."""
    kinds = {
        **{name: ("full", str(probe.line)) for name, probe in witnesses.items()},
        **{name: ("light", str(probe.line)) for name, probe in light.items()},
    }
    known = pl.DataFrame(
        {
            "probe": list(kinds),
            "fidelity": [fidelity for fidelity, _ in kinds.values()],
            "line": [line for _, line in kinds.values()],
        }
    )
    names = ("bitrate_bps", "packets_per_s", "repair_ratio")
    medians = (
        Intervals.of(evidence.intervals)
        .frame.with_columns(
            pl.col("probe", "role").cast(pl.String),
            packets_per_s=pl.col("packets") / (pl.col("end_s") - pl.col("start_s")),
        )
        .join(known, on="probe")
        .group_by("role", "direction", "kind", "line", maintain_order=True)
        .agg(
            pl.col(name).filter(fidelity=fidelity).median().alias(f"{fidelity}_{name}")
            for name in names
            for fidelity in ("light", "full")
        )
    )
    for row in medians.iter_rows(named=True):
        for name in names:
            of_light, of_full = row[f"light_{name}"], row[f"full_{name}"]
            if of_light is not None and of_full is not None:
                what = f"{row['role']} {row['direction']} {row['kind']}"
                yield what, of_light, of_full, name
    took: dict[tuple[str, str, str], dict[str, list[float]]] = {}
    for setup in evidence.setups:
        if setup.setup_s is not None and setup.probe in kinds:
            fidelity, line = kinds[setup.probe]
            group = took.setdefault((setup.role, setup.kind, line), {})
            group.setdefault(fidelity, []).append(setup.setup_s)
    for (role, kind, _), group in took.items():
        if len(group) > 1:
            yield f"{role} {kind}", median(group["light"]), median(group["full"]), "setup_s"


def _named(noun: str, names: set[str]) -> str:
    return f"{noun}{'' if len(names) == 1 else 's'} {', '.join(sorted(names))}"
