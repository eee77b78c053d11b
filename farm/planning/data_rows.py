"""Gives each probe of a plan its row of a data file. Pure.

Probes get rows in the order of both. With a column `role` those of a role get the rows of that
role; with a column `session` the first session gets the rows of the file's first session, whatever
that is called there, and so on.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from farm.errors import ExperimentError
from farm.model.data_file import DataFile, DataRow
from farm.model.trial_plan import ProbePlan, TrialPlan
from farm.model.wording import counted


def rows_of_probes(data: DataFile, plan: TrialPlan) -> Mapping[str, DataRow]:
    """The row of each probe. Raises ExperimentError for too few, or a role that is none."""
    _check_roles(data, plan)
    if not data.has_sessions:
        return _given(data, data.rows, plan.probes, f"a load of {plan.load}")
    groups: dict[str | None, list[DataRow]] = {}
    for row in data.rows:
        groups.setdefault(row.session, []).append(row)
    if len(groups) < len(plan.sessions):
        raise _wrong(
            data,
            f"rows of {counted(len(groups), 'session')}: a load of {plan.load} has "
            f"{len(plan.sessions)}",
        )
    rows: dict[str, DataRow] = {}
    for session, (name, own) in zip(plan.sessions, groups.items(), strict=False):
        whom = f"session {name} (line {own[0].line})"
        rows.update(_given(data, own, session.probes, whom))
    return rows


def _given(
    data: DataFile, rows: Iterable[DataRow], probes: Iterable[ProbePlan], whom: str
) -> Mapping[str, DataRow]:
    queues: dict[str | None, deque[DataRow]] = {}
    for row in rows:
        queues.setdefault(row.role, deque()).append(row)
    there = {role: len(queue) for role, queue in queues.items()}
    probes = tuple(probes)
    needed = Counter(probe.role if data.has_roles else None for probe in probes)
    for role, count in needed.items():
        if there.get(role, 0) < count:
            kind = "" if role is None else f" of role {role}"
            what = counted(there.get(role, 0), "row")
            raise _wrong(data, f"{what}{kind}: {whom} needs {count}, one for each probe")
    return {
        probe.probe: queues[probe.role if data.has_roles else None].popleft() for probe in probes
    }


def _check_roles(data: DataFile, plan: TrialPlan) -> None:
    roles = tuple(dict.fromkeys(probe.role for probe in plan.probes))
    for row in data.rows:
        if row.role is not None and row.role not in roles:
            near = get_close_matches(row.role, roles, 1)
            hint = f"did you mean {near[0]}?" if near else f"expected {' or '.join(roles)}"
            raise ExperimentError(f"app.data: {data.path}:{row.line}: role {row.role}: {hint}")


def _wrong(data: DataFile, complaint: str) -> ExperimentError:
    return ExperimentError(f"app.data: {data.path}: {complaint}")
