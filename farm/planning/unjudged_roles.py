"""Roles of `custom` scenarios that are owed nothing, so that their trials can hardly fail. Pure."""

from __future__ import annotations

from farm.model.experiment import Experiment
from farm.model.trial_plan import TrialPlan
from farm.planning.load_steps import smallest_load
from farm.planning.owed_slots import owed_slots
from farm.planning.trial_planning import plan_trial


def owed_nothing(plan: TrialPlan) -> tuple[str, ...]:
    """The roles that are owed neither media nor messages, in the plan's order."""
    if plan.scenario != "custom":
        return ()
    owed = {probe.role for probe in plan.probes if probe.receives or probe.receives_data}
    return tuple(dict.fromkeys(each.role for each in plan.probes if each.role not in owed))


def hardly_judged(plan: TrialPlan) -> tuple[str, ...]:
    """The roles that are owed nothing, and that owe nothing to others either."""
    slots = owed_slots(plan)
    senders = {sender for of in slots.values() for slot in of for sender in slot.senders}
    senders |= {sender for probe in plan.probes for sender in probe.receives_data}
    owing = {probe.role for probe in plan.probes if probe.probe in senders}
    return tuple(role for role in owed_nothing(plan) if role not in owing)


def hardly_judged_text(roles: tuple[str, ...]) -> str:
    """What is said of such roles, at least one."""
    is_owed = "is" if len(roles) == 1 else "are"
    return (
        f"scenario.roles: {' and '.join(roles)} {is_owed} owed nothing, and nobody is owed what "
        "they send: a trial of theirs can hardly fail; receives: says whose streams they get, "
        "{server: [audio, video]} those that the server makes"
    )


def warning(experiment: Experiment) -> str | None:
    """The warning about the experiment's roles that can hardly fail."""
    if experiment.scenario.kind != "custom":
        return None
    load = smallest_load(experiment.scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("any",))
    roles = hardly_judged(plan)
    return hardly_judged_text(roles) if roles else None
