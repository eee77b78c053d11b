"""Witnesses: comparisons of the full probes in a load of light ones with these. Pure.

On a host of their own they distinguish a busy generator from a busy server. On any host they check
the light probes: at a load that passes, both must send and receive alike, or light probes are in
doubt.
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

APP_REFUSALS = frozenset({"signalling", "dialog", "login", "recording_missing"})
"""Failures that no busy host explains."""

_LEAST = {"bitrate_bps": 8_000.0, "packets_per_s": 5.0, "repair_ratio": 0.02, "setup_s": 1.0}
"""Differences that are ignored, however large a share of a small figure they are."""

_FIGURE_TEXTS = {
    "bitrate_bps": "payload of {:.0f} bit/s",
    "packets_per_s": "{:.1f} packets/s",
    "repair_ratio": "a NACK / retransmission ratio of {:.3f}",
    "setup_s": "{:.1f} s to its first media",
}


def witness_reasons(evidence: TrialEvidence, findings: Sequence[Finding]) -> tuple[Reason, ...]:
    """The reason that makes a failed trial invalid: no witness on a host of its own failed."""
    witnesses, light = _witnesses(evidence), _light(evidence)
    hosts = {probe.host for probe in witnesses.values()}
    loaded = {probe.host for probe in light.values()}
    failed_probes = {finding.probe.probe for finding in findings}
    refused = [finding for finding in findings if finding.breach.code in APP_REFUSALS]
    alone = bool(witnesses) and not hosts & loaded
    if not alone or refused or not failed_probes or failed_probes & witnesses.keys():
        return ()
    joined = {join.probe for join in evidence.joins if join.joined}
    if not witnesses.keys() <= joined or not evidence.intervals:
        return ()
    failed = counted(len(failed_probes), "light probe")
    message = (
        f"{failed} on {_named('host', loaded)} failed, but no witness "
        f"({', '.join(witnesses)}) on {_named('host', hosts)}, which carried nothing else"
    )
    first_s = min(finding.breach.at_s for finding in findings)
    return (Reason("witness", message, value=len(failed_probes), limit=0, at_s=first_s),)


def light_probe_doubts(evidence: TrialEvidence) -> Iterator[str]:
    """Notes on the network figures in which light and full probes of a passed trial differ."""
    witnesses, light = _witnesses(evidence), _light(evidence)
    if not witnesses or not light:
        return
    for what, of_light, of_full, figure in _figures(evidence, witnesses, light):
        off = abs(of_light - of_full)
        if off > AGREEMENT * max(of_full, 0.0) and off > _LEAST[figure]:
            text = _FIGURE_TEXTS[figure]
            yield (
                f"light probes in doubt: {what}: {text.format(of_light)}, "
                f"of witnesses {text.format(of_full)}"
            )


def stayed_full_notes(evidence: TrialEvidence) -> Iterator[str]:
    """Notes on light probes with a stream that had to be coded in full, by reason."""
    for who, reason in _by_reason(evidence.stayed_full):
        yield f"{who} stayed full: {reason}"


def key_frame_notes(evidence: TrialEvidence) -> Iterator[str]:
    """Notes on light probes whose browsers refused a key frame that was asked for, by reason."""
    for who, reason in _by_reason(evidence.without_key_frame):
        yield f"{who} sent {reason}: pictures that stood still may have waited for it"


def _by_reason(probes: Sequence[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Light probes, counted and named, and the reason that they share."""
    by_reason: dict[str, list[str]] = {}
    for probe, reason in probes:
        by_reason.setdefault(reason, []).append(probe)
    for reason, same in by_reason.items():
        names = ", ".join(same[:3]) + (", ..." if len(same) > 3 else "")
        yield f"{counted(len(same), 'light probe')} ({names})", reason


def unplayed_audio_notes(evidence: TrialEvidence) -> Iterator[str]:
    """A note on how many probes played received audio, and what is unknown of the others'."""
    probes = len(evidence.plan.probes)
    if evidence.unplayed:
        yield (
            f"received audio was played by {probes - len(evidence.unplayed)} of "
            f"{counted(probes, 'probe')}; that of the others is judged by packets and post-repair "
            "loss, its jitter buffer and concealment are unknown"
        )


def _witnesses(evidence: TrialEvidence) -> Mapping[str, ProbePlan]:
    """Full probes, if there are light ones; by name."""
    probes = evidence.plan.probes
    if all(probe.fidelity == "full" for probe in probes):
        return {}
    return {probe.probe: probe for probe in probes if probe.fidelity == "full"}


def _light(evidence: TrialEvidence) -> Mapping[str, ProbePlan]:
    """Light probes of which no stream had to be coded in full, by name."""
    coded_in_full = {probe for probe, _ in evidence.stayed_full}
    return {
        probe.probe: probe
        for probe in evidence.plan.probes
        if probe.fidelity == "light" and probe.probe not in coded_in_full
    }


def _figures(
    evidence: TrialEvidence, witnesses: Mapping[str, ProbePlan], light: Mapping[str, ProbePlan]
) -> Iterator[tuple[str, float, float, str]]:
    """Of like streams: their name, medians of light probes and of witnesses, the figure."""
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
