"""Whether a trial failed by steps of its driver alone, which says nothing of the server. Pure."""

from __future__ import annotations

from farm.model.trial_evidence import TrialEvidence

OF_THE_PAGE = frozenset({"dialog", "login", "navigation", "page_error", "request"})
"""Codes of joins that a page ended by itself, or a step that is wrong."""


def failed_by_driver(evidence: TrialEvidence) -> bool:
    """Whether no unit got through, each for a step that failed in a page that is not ours.

    A page that made no connection counts as one. A step that took too long does where no probe of
    its role joined: where one did, it is known to work, and a slow server may be why.
    """
    plan, joins = evidence.plan, evidence.joins
    if plan.own_app:
        return False
    roles = {probe.probe: probe.role for probe in plan.probes}
    silent = evidence.no_connection.keys()
    working = {roles[join.probe] for join in joins if join.joined and join.probe not in silent}
    failed = silent | {
        join.probe
        for join in joins
        if not join.joined
        if join.reason in OF_THE_PAGE
        or (join.reason == "timeout" and roles[join.probe] not in working)
    }
    if not plan.by_viewer:
        return all(any(p.probe in failed for p in session.probes) for session in plan.sessions)
    return all(
        probe.probe in failed
        for session in plan.sessions
        if not any(p.role == "presenter" and p.probe in failed for p in session.probes)
        for probe in session.probes
        if probe.role == "viewer"
    )
