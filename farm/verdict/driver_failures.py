"""Whether a trial failed by steps of its driver alone, which says nothing of the server. Pure."""

from __future__ import annotations

from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import ProbePlan

OF_THE_PAGE = frozenset({"dialog", "login", "navigation", "page_error"})
"""Codes of joins that a page ended by itself, or a step that is wrong."""

NOT_REFUSED = OF_THE_PAGE | {"browser", "partner", "timeout"}
"""Codes of joins that failed without a sign that the server refused them."""


def failed_by_driver(evidence: TrialEvidence) -> bool:
    """Whether no unit got through, each for a step that failed in a page that is not ours.

    It counts where no probe of its role joined and made a connection: where one did, the steps are
    known to work, and a server that refuses the others may be why. A page that made no connection
    counts as one, and so does a step that took too long, but not in a session of which the server
    may have refused another probe: a page that is called makes its connection, and goes on, only
    then.
    """
    plan = evidence.plan
    if plan.own_app:
        return False
    reasons: dict[str, str | None] = {probe.probe: "join" for probe in plan.probes}
    for join in evidence.joins:
        reasons[join.probe] = None if join.joined else join.reason or "join"
    silent = {p.probe for p in plan.probes if p.takes_part and p.probe in evidence.no_connection}
    working = {
        probe.role
        for probe in plan.probes
        if reasons[probe.probe] is None and probe.probe not in silent
    }
    refused = {
        probe.session for probe in plan.probes if reasons[probe.probe] not in NOT_REFUSED | {None}
    }

    def is_failed(probe: ProbePlan) -> bool:
        reason = reasons[probe.probe]
        waited = probe.probe in silent or reason == "timeout"
        is_of_page = reason in OF_THE_PAGE or (waited and probe.session not in refused)
        return is_of_page and probe.role not in working

    if not plan.by_viewer:
        return all(any(map(is_failed, session.probes)) for session in plan.sessions)
    return all(
        is_failed(probe)
        for session in plan.sessions
        if not any(p.role == "presenter" and is_failed(p) for p in session.probes)
        for probe in session.probes
        if probe.role == "viewer"
    )
