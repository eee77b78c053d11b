"""Faults of the roles of a `custom` scenario: one line with its place."""

from __future__ import annotations

import pytest

from farm.errors import ExperimentError
from farm.experiment_file import parse_experiment

APP = 'app: {url: "https://media.example.org/", driver: panel.yaml}\n'


def refused(text: str) -> str:
    with pytest.raises(ExperimentError) as caught:
        parse_experiment(text, "panel.yaml")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        ("{}", ": {}: expected roles by name, such as host: {count: 1, sends: [audio, video]}"),
        (
            "{host: {count: 1}}",
            '.host: {"count": 1}: expected a mapping with sends, and with count and receives if '
            "not 1 and all_others",
        ),
        ("{host: {sends: [vid]}}", ".host.sends[0]: vid: expected audio, video, screen or data"),
        (
            "{host: {sends: [audio]}, guest: {sends: [audio], receives: {host: [data]}}}",
            ".guest.receives.host: data: expected a role that sends data",
        ),
        (
            "{host: {sends: [audio, data], receives: {host: [data]}}}",
            ".host.receives.host: data: a session has no other host: expected it left out",
        ),
        (
            "{host: {sends: [audio], receives: some}}",
            ".host.receives: some: expected all_others, none, or by role, such as "
            "{host: [audio, video]}",
        ),
        (
            "{hosts: {sends: [audio]}, guest: {sends: [], receives: {host: [audio]}}}",
            ".guest.receives.host: no such role: did you mean hosts?",
        ),
        (
            "{host: {sends: [audio]}, guest: {sends: [], receives: {host: [video]}}}",
            ".guest.receives.host: video: host sends audio",
        ),
        (
            "{host: {sends: [audio], receives: {host: [audio]}}}",
            ".host.receives.host: audio: a session has no other host: expected it left out",
        ),
        (
            "{host: {count: 3, sends: [audio], receives: {host: {audio: 3}}}}",
            ".host.receives.host.audio: 3: expected 2 or less",
        ),
        (
            "{server: {sends: [audio]}}",
            ".server: it stands for the media server, in receives: expected another name",
        ),
        (
            "{user: {sends: [audio], receives: {serves: [audio]}}}",
            ".user.receives.serves: no such role: did you mean server?",
        ),
        (
            "{user: {sends: [audio], receives: {server: [screen]}}}",
            ".user.receives.server: screen: whatever the server shows is a video: expected audio, "
            "video or data",
        ),
        (
            "{user: {sends: [audio], receives: {server: {video: 101}}}}",
            ".user.receives.server.video: 101: expected 100 or less",
        ),
        (
            "{user: {sends: [], receives: {server: []}}}",
            ": nobody sends anything: expected a role that does, or one that receives from the "
            "server",
        ),
        ("{host: {sends: []}}", ": nobody sends anything: expected a role that does"),
        (
            "{host: {sends: [audio]}, guest: {sends: [], receives: none}}",
            ".guest: sends and receives nothing: expected something to measure",
        ),
        (
            "{a host: {sends: [audio]}}",
            ".a host: expected a name of letters, digits, dashes and underscores, a letter first",
        ),
    ],
)
def test_roles_that_cannot_be_are_refused(roles: str, message: str) -> None:
    told = refused(f"{APP}scenario: {{kind: custom, roles: {roles}}}")
    assert told.removeprefix("panel.yaml:2: scenario.roles").startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            f"{APP}scenario: custom",
            "panel.yaml:2: scenario.roles: null: custom has roles of your own: expected some, such "
            "as host: {count: 1, sends: [audio, video]}",
        ),
        (
            f"{APP}scenario: {{roles: {{host: {{sends: [audio]}}}}}}",
            "panel.yaml:2: scenario.roles: it is of sessions of your own roles: expected null with "
            "one_to_one",
        ),
        (
            f"{APP}scenario: {{kind: custom, last_n: 1, roles: {{host: {{sends: [audio]}}}}}}",
            "panel.yaml:2: scenario.last_n: 1: it is of members of rooms: expected null with "
            "custom",
        ),
        (
            f"{APP}scenario:\n  kind: custom\n  receives: {{video: 1}}\n"
            "  roles: {host: {sends: [audio]}}",
            "panel.yaml:4: scenario.receives: custom has receives: in each of its roles: expected "
            "it left out",
        ),
        (
            f"{APP}scenario: {{kind: custom, roles: {{host: {{sends: [audio]}}}}}}\n"
            "media: {audio: none}",
            "panel.yaml:2: scenario.roles.host.sends: [audio]: with media.audio: none they would "
            "send nothing: expected video, too, or []",
        ),
        (
            f"{APP}scenario: {{kind: custom, roles: {{host: {{sends: [screen]}}}}}}\n"
            "probes: {fidelity: light}",
            "panel.yaml:2: scenario.roles.host.sends: screen: light probes have prepared frames of "
            "cameras alone: expected probes.fidelity: full, or no screen",
        ),
        (
            "scenario: {kind: custom, roles: {host: {sends: [audio]}}}",
            "panel.yaml:1: app.driver: null: custom needs a driver with its roles (host): expected "
            "the path of a YAML file",
        ),
    ],
)
def test_what_does_not_fit_roles_is_refused(text: str, message: str) -> None:
    assert refused(text) == message
