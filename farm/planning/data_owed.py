"""Who owes messages of data channels in a session, and to whom. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from farm.model.session_roles import SERVER
from farm.model.trial_plan import ProbePlan
from farm.planning.roles import Cast


def with_data_of_roles(probes: Sequence[ProbePlan], cast: Cast) -> list[ProbePlan]:
    """The probes of a session of these roles, each with the messages that its role says.

    Those of the server's own are of `SERVER`.
    """
    sending = [
        (probe.probe, role.name)
        for probe, role in zip(probes, cast, strict=True)
        if role.sends_data
    ]
    return [
        replace(
            probe,
            sends_data=role.sends_data,
            receives_data=(
                *(
                    name
                    for name, of in sending
                    if name != probe.probe and (role.receives is None or of in role.receives_data)
                ),
                *([SERVER] if SERVER in role.receives_data else []),
            ),
        )
        for probe, role in zip(probes, cast, strict=True)
    ]


def with_data(probes: Sequence[ProbePlan]) -> list[ProbePlan]:
    """The probes of a session: who sends media sends messages, who receives media is owed them.

    That is all others' who send.
    """
    return owing_data(
        probes,
        [probe.probe for probe in probes if probe.sends],
        [probe.probe for probe in probes if probe.receives],
    )


def owing_data(
    probes: Sequence[ProbePlan], senders: Iterable[str], receivers: Iterable[str]
) -> list[ProbePlan]:
    """The probes of a session, of which `receivers` are owed the messages of all `senders`."""
    sending, receiving = tuple(senders), frozenset(receivers)
    return [
        replace(
            probe,
            sends_data=probe.probe in sending,
            receives_data=tuple(each for each in sending if each != probe.probe)
            if probe.probe in receiving
            else (),
        )
        for probe in probes
    ]
