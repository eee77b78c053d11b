"""Signs of saturation: signalling, by joins that fail or are late while media are fine. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from farm.analysis.aggregates import median_known
from farm.attribution.bad_period import BadPeriod
from farm.attribution.limit import SaturationSign
from farm.attribution.symptoms import JOIN_CODES
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Reason
from farm.model.wording import counted

HALF = 0.5


def signalling_signs(period: BadPeriod, held: TrialEvidence | None) -> Iterator[SaturationSign]:
    """The sign of signalling, by the reasons of the verdict, with the time that joins took."""
    failures = [
        reason
        for reason in period.reasons
        if reason.code in JOIN_CODES and (reason.stream is None or reason.code == "setup")
    ]
    # Signalling was complete where only media did not connect, or one stream did not come.
    joins = [
        reason
        for reason in failures
        if reason.code != "media" and not _is_withheld(reason, failures, period.evidence)
    ]
    share = period.symptoms.joins / HALF * len(joins) / max(1, len(failures))
    if not joins:
        usual = _usual_s(period.evidence)
        if usual is not None:
            yield SaturationSign("signalling", 0.0, f"joins took {usual:.1f} s (median)")
        return
    late = sum(reason.code == "setup" for reason in joins)
    failed = len(joins) - late
    parts = [
        *([f"{counted(failed, 'join')} failed"] if failed else []),
        *([f"{counted(late, 'stream')} began late or never"] if late else []),
    ]
    text = f"{' and '.join(parts)}{_join_times(period.evidence, held)}; {joins[0].message}"
    yield SaturationSign("signalling", share, text)


def _is_withheld(reason: Reason, reasons: Sequence[Reason], evidence: TrialEvidence) -> bool:
    """Whether a stream never came to a probe that received others, so signalling was complete."""
    if reason.code != "setup" or reason.value is not None:
        return False
    missing = sum(
        (other.code, other.probe, other.value) == ("setup", reason.probe, None) for other in reasons
    )
    probes = (each for each in evidence.plan.probes if each.probe == reason.probe)
    return any(missing < len(probe.receives) for probe in probes)


def _join_times(broken: TrialEvidence, held: TrialEvidence | None) -> str:
    now, then = _usual_s(broken), None if held is None else _usual_s(held)
    if now is None or then is None or now < 2 * then:
        return ""
    return f" (joins took {now:.1f} s, {then:.1f} s in the trial that passed)"


def _usual_s(evidence: TrialEvidence) -> float | None:
    return median_known(join.join_s for join in evidence.joins if join.joined)
