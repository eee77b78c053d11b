"""The other probes of a probe's session, for the steps of its driver. Pure."""

from __future__ import annotations

from dataclasses import replace

from farm.model.trial_plan import ProbePlan, SessionPlan

PARTNERS = "partners"
"""The variable of a driver's steps: the names of the others, `p001 p002`."""


def with_partners(probe: ProbePlan, session: SessionPlan) -> ProbePlan:
    """The plan of `probe` with its partners' names among its variables.

    Plans are recorded without it: in a broadcast of hundreds it is the longest part by far.
    """
    partners = " ".join(each.probe for each in session.probes if each.probe != probe.probe)
    return replace(probe, variables={**probe.variables, PARTNERS: partners})
