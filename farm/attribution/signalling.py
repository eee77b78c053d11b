"""Signs of signalling at its end: joins that fail or take long while media is fine. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from farm.analysis.aggregates import median_known
from farm.attribution.bad_period import Watched
from farm.attribution.limit import SaturationSign
from farm.attribution.symptoms import JOIN_CODES
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Reason
from farm.model.wording import counted

HALF = 0.5


def signalling_signs(watched: Watched, held: TrialEvidence | None) -> Iterator[SaturationSign]:
    """By the reasons of the verdict; how long joins took is told beside it."""
    failures = [
        reason
        for reason in watched.reasons
        if reason.code in JOIN_CODES and (reason.stream is None or reason.code == "setup")
    ]
    # Signalling had done its work where media alone did not connect, or one stream did not come.
    joins = [
        reason
        for reason in failures
        if reason.code != "media" and not _is_withheld(reason, failures, watched.evidence)
    ]
    share = watched.symptoms.joins / HALF * len(joins) / max(1, len(failures))
    if not joins:
        usual = _usual_s(watched.evidence)
        if usual is not None:
            yield SaturationSign("signalling", 0.0, f"joins took {usual:.1f} s (median)")
        return
    late = sum(reason.code == "setup" for reason in joins)
    failed = len(joins) - late
    parts = [
        *([f"{counted(failed, 'join')} failed"] if failed else []),
        *([f"{counted(late, 'stream')} began late or never"] if late else []),
    ]
    said = f"{' and '.join(parts)}{_slower(watched.evidence, held)}; {joins[0].message}"
    yield SaturationSign("signalling", share, said)


def _is_withheld(reason: Reason, reasons: Sequence[Reason], evidence: TrialEvidence) -> bool:
    """Whether a stream never came to a probe to which others did: it was signalled."""
    if reason.code != "setup" or reason.value is not None:
        return False
    missing = sum(
        (other.code, other.probe, other.value) == ("setup", reason.probe, None) for other in reasons
    )
    probes = (each for each in evidence.plan.probes if each.probe == reason.probe)
    return any(missing < len(probe.receives) for probe in probes)


def _slower(broken: TrialEvidence, held: TrialEvidence | None) -> str:
    now, then = _usual_s(broken), None if held is None else _usual_s(held)
    if now is None or then is None or now < 2 * then:
        return ""
    return f" (joins took {now:.1f} s, {then:.1f} s in the trial that held)"


def _usual_s(evidence: TrialEvidence) -> float | None:
    return median_known(join.join_s for join in evidence.joins if join.joined)
