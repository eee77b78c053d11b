"""Checks the settings of `app.run: whip` against each other and the scenario."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from farm.errors import ExperimentError
from farm.model.experiment import AppSettings, Experiment, Scenario
from farm.model.server_settings import EMBEDDED
from farm.model.session_roles import SERVER, SessionRole
from farm.model.template_text import environment_name
from farm.planning.trial_planning import WHIP_DRIVER, driver_name

FILLED = ("session", "probe")
"""What the page fills in: the session, and who publishes the stream."""

PUBLISH = ("presenter", "callee", "caller", "member")
PLAY = ("viewer", "callee", "caller", "member")
"""The roles of driver whip (browser_scripts/drivers/whip.yaml) that publish, and that play."""

EXAMPLES = {
    "publish": "https://host:8889/{session}/whip",
    "play": "https://host:8889/{session}/whep",
}

_NAME = re.compile(r"\{([^{}]*)\}")


def check_whip(experiment: Experiment) -> None:
    """Raises ExperimentError for the first setting of WHIP that does not fit the others."""
    app = experiment.app
    if app.run != "whip":
        _nothing_of_whip(app)
        return
    roles = experiment.scenario.roles
    if roles is not None and not any(role.sends for role in roles):
        raise ExperimentError(
            "scenario.roles: nobody sends audio, video or a screen, which app.run: whip publishes:"
            " expected a role that does"
        )
    if (app.publish is None) != (app.play is None):
        missing, given = ("publish", "play") if app.publish is None else ("play", "publish")
        raise ExperimentError(
            f"app.{missing}: null: expected {EXAMPLES[missing]} beside app.{given}; or neither, for"
            " the embedded server's"
        )
    if app.publish is not None and app.play is not None:
        _address("app.publish", app.publish, EXAMPLES["publish"])
        _address("app.play", app.play, EXAMPLES["play"])
        _one_stream_a_publisher(experiment, app.publish, app.play)
    if driver_name(experiment) == WHIP_DRIVER:
        _members_of_our_driver(experiment.scenario, experiment.media.audio == "none")
    if app.token is not None and environment_name(app.token) is None:
        raise ExperimentError(
            "app.token: expected env:NAME, the name of a variable of the environment that holds the"
            " token (tokens in files are recorded with the run)"
        )
    _server(experiment)
    if experiment.scenario.record:
        raise ExperimentError(
            "scenario.record: true: WHIP cannot ask a server to record: expected false with "
            "app.run: whip"
        )


def _members_of_our_driver(scenario: Scenario, silent: bool) -> None:
    """Its presenters only publish, and each other publisher sends its camera."""
    if scenario.presenters > 1 and scenario.presenters_receive != "nothing":
        raise ExperimentError(
            f"scenario.presenters_receive: {scenario.presenters_receive}: the presenters of driver"
            f" {WHIP_DRIVER} play nothing: expected nothing, or app.driver, one of your own"
        )
    if scenario.audio_only > 0:
        raise ExperimentError(
            f"scenario.audio_only: {scenario.audio_only}: every member of driver {WHIP_DRIVER}"
            " publishes its camera: expected 0, or app.driver, one of your own"
        )
    for role in scenario.roles or ():
        others = sum(each.count for each in scenario.roles or () if each.sends)
        _role_of_our_driver(role, others - bool(role.sends), silent)


def _role_of_our_driver(role: SessionRole, others: int, silent: bool) -> None:
    """Its page publishes a camera and a microphone, and plays all that others publish, if the
    role's steps do so. `others` are the session's other probes that send; `silent`: none has a
    microphone."""
    at, or_own = f"scenario.roles.{role.name}", "or app.driver, one of your own"
    of_server = any(asked.role == SERVER for asked in role.receives or ())
    if of_server or SERVER in role.receives_data:
        raise ExperimentError(
            f"{at}.receives.{SERVER}: the page of driver {WHIP_DRIVER} plays only what probes"
            f" publish: expected it left out, {or_own}"
        )
    if role.sends_data or role.receives_data:
        raise ExperimentError(
            f"{at}: data: the page of driver {WHIP_DRIVER} has no data channels: expected it left"
            f" out, {or_own}"
        )
    if role.name not in PUBLISH + PLAY:
        return  # the driver itself has no such role
    of_camera = [{"audio", "video"}, {"video"}] if silent else [{"audio", "video"}]
    expected = "[audio, video] or [video]" if silent else "[audio, video]"
    if role.name in PUBLISH and set(role.sends) not in of_camera:
        raise ExperimentError(
            f"{at}.sends: [{', '.join(role.sends)}]: {role.name} of driver {WHIP_DRIVER} publishes"
            f" its camera and microphone: expected {expected}, {or_own}"
        )
    if role.name not in PUBLISH and role.sends:
        raise ExperimentError(
            f"{at}.sends: [{', '.join(role.sends)}]: {role.name} of driver {WHIP_DRIVER} publishes"
            f" nothing: expected [], {or_own}"
        )
    plays = others > 0 if role.receives is None else bool(role.receives)
    if role.name in PLAY and not plays:
        raise ExperimentError(
            f"{at}.receives: {role.name} of driver {WHIP_DRIVER} plays what others publish:"
            f" expected some to receive, {or_own}"
        )
    if role.name not in PLAY and plays:
        raise ExperimentError(
            f"{at}.receives: {role.name} of driver {WHIP_DRIVER} plays nothing: expected none,"
            f" {or_own}"
        )
    asked_of: dict[str, set[str]] = {}
    for asked in role.receives or ():
        asked_of.setdefault(asked.role, set()).add("" if asked.most is not None else asked.media)
    for name, media in asked_of.items():
        if media not in of_camera:
            raise ExperimentError(
                f"{at}.receives.{name}: {role.name} of driver {WHIP_DRIVER} plays all that each of"
                f" them publishes: expected {expected}, {or_own}"
            )


def _nothing_of_whip(app: AppSettings) -> None:
    for key in ("publish", "play", "token"):
        if getattr(app, key) is not None:
            raise ExperimentError(f"app.{key}: expected null, or app.run: whip")
    if not app.trickle:
        raise ExperimentError("app.trickle: false: expected true, or app.run: whip")


def _server(experiment: Experiment) -> None:
    kurento, publish = experiment.server.kurento, experiment.app.publish
    if publish is None and kurento != EMBEDDED:
        raise ExperimentError(
            f"server.kurento: {kurento or 'null'}: without app.publish the embedded server is the"
            " end point: expected embedded, or app.publish and app.play"
        )
    if publish is not None and kurento == EMBEDDED:
        raise ExperimentError(
            "server.kurento: embedded: nothing would use it beside app.publish: expected null"
        )


def _address(key: str, value: str, example: str) -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ExperimentError(f"{key}: {value}: expected {example}")
    for name in _NAME.findall(value):
        if name not in FILLED:
            raise ExperimentError(f"{key}: {value}: {{{name}}}: expected {{session}} or {{probe}}")


def _one_stream_a_publisher(experiment: Experiment, publish: str, play: str) -> None:
    """Where several publish, each needs a stream of its own, and players have to name it."""
    scenario = experiment.scenario
    if scenario.kind == "broadcast":
        for key, value in (("publish", publish), ("play", play)):
            if scenario.presenters > 1 and "{probe}" not in value:
                raise ExperimentError(
                    f"app.{key}: {value}: {scenario.presenters} presenters publish a stream each: "
                    "expected {probe} in it, who publishes"
                )
            if scenario.sessions > 1 and not _NAME.search(value):
                raise ExperimentError(
                    f"app.{key}: {value}: {scenario.sessions} broadcasts at once have a stream "
                    "each: expected {session} or {probe} in it"
                )
        return
    if "{probe}" not in publish:
        raise ExperimentError(
            f"app.publish: {publish}: every probe of {scenario.kind} publishes: expected {{probe}}"
            " in it"
        )
    mixed = scenario.kind == "group" and scenario.media == "mixed"
    if not mixed and "{probe}" not in play:
        raise ExperimentError(
            f"app.play: {play}: the probes of {scenario.kind} play each other: expected {{probe}}"
            " in it, who publishes"
        )
