"""Whether sessions of a driver without `{session}` meet each other, as far as it shows. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from farm.drivers.steps import TAKEN
from farm.model.experiment import Scenario, ScenarioKind
from farm.model.session_roles import SERVER
from farm.model.wording import counted
from farm.results.driver_check import CheckedProbe, CheckedTrial, DriverText
from farm.verdict.server_messages import others_than_server

_VARIABLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_OF_ONE_SESSION = ("session", "session_number", "partners", "partner", "publishers")
"""Variables that are others in each session, as are a user's own."""

_MAY_BE_OF_ONE = re.compile(r"\b(evaluate|http):(?!//)")
"""Steps that are given all variables, or a value of their own; `http://` begins an address."""


def roles_alike(kind: ScenarioKind, text: DriverText) -> list[str]:
    """The roles whose steps are the same in all sessions; a broadcast has one session."""
    if kind == "broadcast":
        return []
    written: dict[str, list[str]] = {}
    for (role, _part, _number), place in text.places.items():
        written.setdefault(role, []).append(place.text)
    return [role for role, texts in written.items() if not any(map(_is_of_one_session, texts))]


def _is_of_one_session(step: str) -> bool:
    names = _VARIABLE.findall(step)
    return _MAY_BE_OF_ONE.search(step) is not None or any(
        name in _OF_ONE_SESSION or name not in TAKEN for name in names
    )


def meeting_hint(
    alone: CheckedTrial, together: CheckedTrial | None, scenario: Scenario, text: DriverText
) -> Iterator[str]:
    """What is to be said of sessions at the same time; nothing where they do not meet.

    `alone` is a trial that works; `together` one of two sessions, `None` where none was made.
    """
    roles = roles_alike(scenario.kind, text)
    if not roles:
        return
    first = next(place for key, place in text.places.items() if key[0] == roles[0])
    head = f"{text.source}:{first.line}: no step of {' and '.join(roles)} has {{session}}"
    if together is None:
        if len({probe.plan.session for probe in alone.probes}) == 1:
            yield f"{head}: sessions at the same time may meet in one room (--sessions 2 tries it)"
            return
        together = alone
    usual = Counter[str]() if together is alone else _usually_beyond(alone)
    more = {each.plan.probe: _beyond(each) - usual[each.plan.role] for each in together.probes}
    probe, most = max(more.items(), key=lambda each: each[1])
    if most > 0 and together is alone:
        yield (
            f"{head}, and {probe} received {counted(most, 'stream')} more than it is owed: another "
            "session's, or some that it also receives alone, such as the server's own (receives: "
            "{server: ...}); a check without --sessions tells which"
        )
    elif most > 0:
        yield (
            f"{head}, and sessions at the same time meet: {probe} received "
            f"{counted(most, 'stream')} more than those of its session; put "
            "{session} into the address, or into the name of the room or call"
        )
    elif together.unknown is not None:
        yield f"{head}: whether sessions at the same time meet is not known: {together.unknown}"
    elif together.problems:
        why = together.problems[0]
        yield f"{head}, and two sessions at the same time do not work: {why}"
    elif hidden := _hidden(scenario, alone):
        yield f"{head}: whether sessions at the same time meet is not known: {hidden}"


def _beyond(probe: CheckedProbe) -> int:
    """How many streams a probe received beyond those that it is owed."""
    return sum(
        each.state == "extra" and each.stream.direction == "inbound" for each in probe.streams
    )


def _usually_beyond(alone: CheckedTrial) -> Counter[str]:
    """By role how many of these a probe receives where no other session is."""
    most = Counter[str]()
    for probe in alone.probes:
        most |= Counter({probe.plan.role: _beyond(probe)})
    return most


def _hidden(scenario: Scenario, alone: CheckedTrial) -> str | None:
    """Why streams of another session would not show."""
    if scenario.media == "mixed":
        return "a mix does not show whose media are in it"
    received = scenario.receives
    some = scenario.last_n is not None or (received.video, received.audio) != (None, None)
    asked = (each for role in scenario.roles or () for each in role.receives or ())
    if some or any(each.most is not None and each.role != SERVER for each in asked):
        return "the server sends each probe only some of the streams"
    plans = [probe.plan for probe in alone.probes]
    if any(map(others_than_server, plans)) and not any(plan.sends for plan in plans):
        return "nobody sends media, and messages do not show whose they are"
    return None
