"""Checks the roles of a `custom` scenario against each other, and against other settings."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from farm.errors import ExperimentError
from farm.model.experiment import Experiment, Receives
from farm.model.session_roles import SERVER, RoleStreams, SessionRole

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_EXAMPLE = "host: {count: 1, sends: [audio, video]}"

MOST_OF_SERVER = 100
"""The most streams of a kind that a server can owe a probe of its own."""


def check_roles(experiment: Experiment) -> None:
    """Raises ExperimentError for the first fault of the roles of a `custom` scenario."""
    scenario = experiment.scenario
    if scenario.roles is None:
        raise ExperimentError(
            f"scenario.roles: null: custom has roles of your own: expected some, such as {_EXAMPLE}"
        )
    if scenario.receives != Receives():
        raise ExperimentError(
            "scenario.receives: custom has receives: in each of its roles: expected it left out"
        )
    if experiment.app.driver is None and experiment.app.run != "whip":
        names = ", ".join(role.name for role in scenario.roles)
        raise ExperimentError(
            f"app.driver: null: custom needs a driver with its roles ({names}): expected the path "
            "of a YAML file"
        )
    if scenario.data:
        raise ExperimentError(
            "scenario.data: true: custom has data in its roles, sends: [audio, data]: expected it "
            "left out"
        )
    if not any(
        role.sends or role.sends_data or role.receives or role.receives_data
        for role in scenario.roles
    ):
        raise ExperimentError(
            "scenario.roles: nobody sends anything: expected a role that does, or one that "
            f"receives from the {SERVER}"
        )
    for role in scenario.roles:
        _check_role(role, scenario.roles)
        if "screen" in role.sends and experiment.probes.fidelity == "light":
            raise ExperimentError(
                f"scenario.roles.{role.name}.sends: screen: light probes have prepared frames of "
                "cameras alone: expected probes.fidelity: full, or no screen"
            )
        if experiment.media.audio == "none" and role.sends == ("audio",) and not role.sends_data:
            raise ExperimentError(
                f"scenario.roles.{role.name}.sends: [audio]: with media.audio: none they would "
                "send nothing: expected video, too, or []"
            )


def _check_role(role: SessionRole, roles: Sequence[SessionRole]) -> None:
    if not _NAME.fullmatch(role.name):
        raise ExperimentError(
            f"scenario.roles.{role.name}: expected a name of letters, digits, dashes and "
            "underscores, a letter first"
        )
    if role.name == SERVER:
        raise ExperimentError(
            f"scenario.roles.{SERVER}: it stands for the media server, in receives: expected "
            "another name"
        )
    for asked in role.receives or ():
        if asked.role == SERVER:
            _check_receives_of_server(role, asked)
        else:
            _check_receives(role, asked, roles)
    for name in role.receives_data:
        at = f"scenario.roles.{role.name}.receives.{name}"
        if name == SERVER:
            continue
        of = next((each for each in roles if each.name == name), None)
        if of is None or not of.sends_data:
            raise ExperimentError(f"{at}: data: expected a role that sends data")
        if of.count == (of is role):
            raise ExperimentError(
                f"{at}: data: a session has no other {name}: expected it left out"
            )
    if role.sends or role.sends_data or role.receives or role.receives_data:
        return
    if role.receives is None:
        return
    raise ExperimentError(
        f"scenario.roles.{role.name}: sends and receives nothing: expected something to measure"
    )


def _check_receives_of_server(role: SessionRole, asked: RoleStreams) -> None:
    at = f"scenario.roles.{role.name}.receives.{SERVER}"
    if asked.media == "screen":
        raise ExperimentError(
            f"{at}: screen: whatever the server shows is a video: expected audio, video or data"
        )
    if asked.most is not None and asked.most > MOST_OF_SERVER:
        raise ExperimentError(
            f"{at}.{asked.media}: {asked.most}: expected {MOST_OF_SERVER} or less"
        )


def _check_receives(role: SessionRole, asked: RoleStreams, roles: Sequence[SessionRole]) -> None:
    at = f"scenario.roles.{role.name}.receives.{asked.role}"
    of = next((each for each in roles if each.name == asked.role), None)
    if of is None:
        names = [*(each.name for each in roles), SERVER]
        near = difflib.get_close_matches(asked.role, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(names)}"
        raise ExperimentError(f"{at}: no such role: {hint}")
    if asked.media not in of.sends:
        sends = " and ".join(of.sends) or "nothing"
        raise ExperimentError(f"{at}: {asked.media}: {of.name} sends {sends}")
    others = of.count - (of is role)
    if others == 0:
        raise ExperimentError(
            f"{at}: {asked.media}: a session has no other {of.name}: expected it left out"
        )
    if asked.most is not None and asked.most > others:
        raise ExperimentError(f"{at}.{asked.media}: {asked.most}: expected {others} or less")
