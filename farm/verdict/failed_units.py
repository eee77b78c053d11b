"""The units of a trial, sessions or viewers: which failed, how many may. Pure."""

from __future__ import annotations

import math

from farm.model.criteria import Criteria
from farm.model.trial_evidence import TrialEvidence
from farm.verdict.causes import Finding

SESSIONS_ALL_GOOD, SESSIONS_BAD_SHARE = 20, 0.02
VIEWERS_ALL_GOOD, VIEWERS_BAD_SHARE = 49, 0.01
"""Up to so many units all must pass; above, this share may fail (`bad_share: auto`)."""


def units(evidence: TrialEvidence) -> list[str]:
    """The names of the units: sessions, or the viewers of broadcasts."""
    if evidence.plan.by_viewer:
        return [probe.probe for probe in evidence.plan.probes if probe.role == "viewer"]
    return [session.session for session in evidence.plan.sessions]


def bad_units(evidence: TrialEvidence, findings: list[Finding]) -> set[str]:
    """A presenter that fails fails all viewers of its broadcast."""
    if not evidence.plan.by_viewer:
        return {finding.probe.session for finding in findings}
    presenters = {
        finding.probe.session
        for finding in findings
        if finding.role == "presenter" or finding.of_session
    }
    bad = {finding.probe.probe for finding in findings if finding.role == "viewer"}
    return bad | {
        probe.probe
        for probe in evidence.plan.probes
        if probe.role == "viewer" and probe.session in presenters
    }


def fails(evidence: TrialEvidence, findings: list[Finding], allowed: int) -> bool:
    """Whether more units fail than may, or a presenter of broadcasts does."""
    presenter_bad = evidence.plan.by_viewer and any(
        finding.role == "presenter" for finding in findings
    )
    return presenter_bad or len(bad_units(evidence, findings)) > allowed


def bad_units_allowed(evidence: TrialEvidence, criteria: Criteria) -> int:
    """How many units may fail."""
    share, count = criteria.bad_share, len(units(evidence))
    if share is None:
        by_viewer = evidence.plan.by_viewer
        all_good = VIEWERS_ALL_GOOD if by_viewer else SESSIONS_ALL_GOOD
        auto = VIEWERS_BAD_SHARE if by_viewer else SESSIONS_BAD_SHARE
        share = 0.0 if count <= all_good else auto
    # 2 % of 50 is 1; its binary fraction is slightly less.
    return math.floor(share * count + 1e-9)
