"""Checks the settings of `scenario` that say how many of a session send and receive what."""

from __future__ import annotations

from farm.errors import ExperimentError
from farm.experiment_file.role_checks import check_roles
from farm.model.experiment import Experiment, Scenario, ScenarioKind
from farm.planning.trial_planning import is_demo_driver

_OF_KIND: dict[str, tuple[ScenarioKind, str]] = {
    "audio_only": ("group", "members of rooms"),
    "last_n": ("group", "members of rooms"),
    "presenters": ("broadcast", "broadcasts"),
    "presenters_receive": ("broadcast", "broadcasts"),
    "sessions": ("broadcast", "broadcasts"),
    "roles": ("custom", "sessions of your own roles"),
}
"""Settings that only one kind of scenario has, and of what."""

_USUAL = Scenario()


def check_shape(experiment: Experiment) -> None:
    """Raises ExperimentError for the first that the scenario, or its other settings, do not fit."""
    scenario = experiment.scenario
    for key, (kind, of) in _OF_KIND.items():
        value, usual = getattr(scenario, key), getattr(_USUAL, key)
        if scenario.kind != kind and value != usual:
            shown = f"{value}: " if isinstance(value, int | str) else ""
            raise ExperimentError(
                f"scenario.{key}: {shown}it is of {of}: expected {_plain(usual)} with "
                f"{scenario.kind}"
            )
    _room(scenario)
    if scenario.audio_only > 0 and experiment.media.audio == "none":
        raise ExperimentError(
            f"scenario.audio_only: {scenario.audio_only}: with media.audio: none these members "
            "would send nothing: expected 0, or audio"
        )
    if scenario.kind == "custom":
        check_roles(experiment)
    is_demo = experiment.app.url is None and is_demo_driver(experiment)
    if scenario.presenters_receive != _USUAL.presenters_receive and scenario.presenters == 1:
        raise ExperimentError(
            f"scenario.presenters_receive: {scenario.presenters_receive}: one presenter has nobody "
            "to receive from: expected it left out, or scenario.presenters: 2 or more"
        )
    if is_demo and scenario.audio_only > 0 and experiment.server.janus is None:
        raise ExperimentError(
            f"scenario.audio_only: {scenario.audio_only}: our demo app has no such page in front "
            "of a Kurento: expected 0, server.janus, or app.url and app.driver, a page of your own"
        )
    if is_demo and scenario.presenters > 1:
        raise ExperimentError(
            f"scenario.presenters: {scenario.presenters}: our demo app has no such page: expected "
            "1, or app.url and app.driver, a page of your own"
        )


def _room(scenario: Scenario) -> None:
    if scenario.audio_only > scenario.members:
        raise ExperimentError(
            f"scenario.audio_only: {scenario.audio_only}: expected {scenario.members} or less, as "
            "scenario.members"
        )
    if scenario.last_n is None:
        return
    if scenario.media == "mixed":
        raise ExperimentError(
            f"scenario.last_n: {scenario.last_n}: a mixed room has one video for all: expected "
            "null, or media: forwarded"
        )
    if scenario.receives.video is not None:
        raise ExperimentError(
            f"scenario.last_n: {scenario.last_n}: expected null beside scenario.receives.video, "
            f"{scenario.receives.video}"
        )


def _plain(value: object) -> str:
    return "null" if value is None else str(value)
