"""Settings of WHIP that do not fit: one line, with place, value and what is expected."""

from __future__ import annotations

import re

import pytest

from farm.errors import ExperimentError
from farm.experiment_file import parse_experiment
from farm.model.experiment import Experiment

URLS = "publish: 'https://h/{probe}/whip', play: 'https://h/{probe}/whep'"


def read(text: str) -> object:
    return parse_experiment(f"format: 1\nscenario: broadcast\n{text}\n", "e.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("app: {publish: 'https://h/'}", "app.publish: expected null, or app.run: whip"),
        ("app: {token: env:T}", "app.token: expected null, or app.run: whip"),
        ("app: {trickle: false}", "app.trickle: false: expected true, or app.run: whip"),
        (
            "app: {run: whip, publish: 'https://h/'}",
            "app.play: null: expected https://host:8889/{session}/whep beside app.publish;.*",
        ),
        (
            "app: {run: whip, publish: 'h/x', play: 'https://h/'}",
            "app.publish: h/x: expected https://host:8889/{session}/whip",
        ),
        (
            "app: {run: whip, publish: 'https://h/{room}', play: 'https://h/'}",
            "app.publish: https://h/{room}: {room}: expected {session} or {probe}",
        ),
        (f"app: {{run: whip, {URLS}, token: abc}}", "app.token: expected env:NAME, .*"),
        (
            f"app: {{run: whip, {URLS}}}\nserver: {{kurento: embedded}}",
            "server.kurento: embedded: nothing would use it beside app.publish: expected null",
        ),
        (
            "app: {run: whip}\nserver: {kurento: 'ws://h:8888/kurento'}",
            "server.kurento: ws://h:8888/kurento: without app.publish the embedded server is .*",
        ),
        (
            f"app: {{run: whip, {URLS}}}\nserver: {{janus: here}}",
            "server.janus: here: only our demo app is given its address: expected ws://host:8188"
            " beside app.run: whip",
        ),
        (
            "app: {run: whip}\nserver: {kurento: null}",
            "server.kurento: null: without app.publish the embedded server is .*",
        ),
    ],
)
def test_what_does_not_fit_is_refused(text: str, message: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        read(text)
    place, _, said = str(refused.value).partition(": ")
    assert place.startswith("e.yaml:")
    assert re.fullmatch(message.replace("{", r"\{"), said), said
    assert "abc" not in said


@pytest.mark.parametrize(
    ("scenario", "urls", "message"),
    [
        (
            "one_to_one",
            "publish: 'https://h/{session}/whip', play: 'https://h/{probe}/whep'",
            "app.publish: https://h/{session}/whip: every probe of one_to_one publishes: ",
        ),
        (
            "{kind: group, members: 3}",
            "publish: 'https://h/{probe}/whip', play: 'https://h/{session}/whep'",
            "app.play: https://h/{session}/whep: the probes of group play each other: ",
        ),
        (
            "{kind: broadcast, sessions: 2}",
            "publish: 'https://h/live/whip', play: 'https://h/live/whep'",
            "app.publish: https://h/live/whip: 2 broadcasts at once have a stream each: expected ",
        ),
        (
            "{kind: broadcast, presenters: 2, presenters_receive: nothing}",
            "publish: 'https://h/{session}/whip', play: 'https://h/{probe}/whep'",
            "app.publish: https://h/{session}/whip: 2 presenters publish a stream each: expected ",
        ),
        (
            "{kind: broadcast, presenters: 2}",
            URLS,
            "scenario.presenters_receive: each_other: the presenters of driver whip play nothing: ",
        ),
        (
            "{kind: group, members: 3, media: forwarded, audio_only: 1}",
            URLS,
            "scenario.audio_only: 1: every member of driver whip publishes its camera: expected 0,",
        ),
        ("{kind: one_to_one, record: true}", URLS, "scenario.record: true: WHIP cannot ask "),
    ],
)
def test_streams_have_to_be_told_apart(scenario: str, urls: str, message: str) -> None:
    with pytest.raises(ExperimentError) as refused:
        parse_experiment(f"format: 1\nscenario: {scenario}\napp: {{run: whip, {urls}}}\n", "e.yaml")
    assert message in str(refused.value)


def test_several_presenters_are_told_apart_and_a_driver_of_a_user_s_may_do_more() -> None:
    for scenario, driver in (
        ("{kind: broadcast, presenters: 2, presenters_receive: nothing}", "whip"),
        ("{kind: broadcast, presenters: 2}", "own.yaml"),
        ("{kind: group, members: 3, media: forwarded, audio_only: 1}", "own.yaml"),
    ):
        text = f"scenario: {scenario}\napp: {{run: whip, driver: {driver}, {URLS}}}\n"
        assert parse_experiment(f"format: 1\n{text}", "e.yaml").app.publish is not None


def test_messages_alone_are_nothing_to_publish() -> None:
    def read_roles(sends: str) -> Experiment:
        scenario = f"{{kind: custom, roles: {{all: {{count: 2, sends: [{sends}]}}}}}}"
        app = f"app: {{run: whip, driver: own.yaml, {URLS}}}"
        return parse_experiment(f"format: 1\nscenario: {scenario}\n{app}\n", "e.yaml")

    with pytest.raises(
        ExperimentError, match=r"e\.yaml:2: scenario\.roles: nobody sends audio, video"
    ):
        read_roles("data")
    assert read_roles("data, audio").scenario.roles is not None


@pytest.mark.parametrize(
    "receives", ["{server: [audio, video]}", "{server: [data]}", "{user: [video], server: [audio]}"]
)
def test_media_of_the_server_s_own_are_played_by_a_driver_of_a_user_s_alone(receives: str) -> None:
    def read_roles(driver: str) -> Experiment:
        lines = (
            "format: 1",
            "scenario:",
            "  kind: custom",
            "  roles:",
            "    user: {count: 2, sends: [audio, video], receives: {user: [audio, video]}}",
            f"    bystander: {{sends: [], receives: {receives}}}",
            f"app: {{run: whip, driver: {driver}, {URLS}}}",
        )
        return parse_experiment("\n".join(lines), "e.yaml")

    with pytest.raises(ExperimentError) as refused:
        read_roles("whip")
    assert str(refused.value) == (
        "e.yaml:6: scenario.roles.bystander.receives.server: the page of driver whip plays only "
        "what probes publish: expected it left out, or app.driver, one of your own"
    )
    assert read_roles("own.yaml").scenario.roles is not None


@pytest.mark.parametrize(
    ("roles", "message"),
    [
        (
            "member: {count: 2, sends: [audio]}",
            "member.sends: [audio]: member of driver whip publishes its camera and microphone:"
            " expected [audio, video]",
        ),
        ("member: {count: 2, sends: [screen]}", "member.sends: [screen]: member of driver whip "),
        ("viewer: {count: 2, sends: [audio, video]}", "viewer.sends: [audio, video]: viewer of "),
        (
            "presenter: {sends: [audio, video], receives: none}, viewer: {sends: [data]}",
            "viewer: data: the page of driver whip has no data channels: expected it left out",
        ),
        (
            "presenter: {count: 2, sends: [audio, video]}",
            "presenter.receives: presenter of driver whip plays nothing: expected none",
        ),
        (
            "member: {sends: [audio, video]}, viewer: {sends: []}",
            "member.receives: member of driver whip plays what others publish: expected some to",
        ),
        (
            "presenter: {sends: [audio, video]},"
            " viewer: {sends: [], receives: {presenter: [audio]}}",
            "viewer.receives.presenter: viewer of driver whip plays all that each of them ",
        ),
        (
            "presenter: {count: 2, sends: [audio, video], receives: none},"
            " viewer: {sends: [], receives: {presenter: {audio: 2, video: 1}}}",
            "viewer.receives.presenter: viewer of driver whip plays all that each of them ",
        ),
    ],
)
def test_roles_of_a_user_s_do_what_those_of_the_driver_can(roles: str, message: str) -> None:
    def read_roles(driver: str) -> Experiment:
        app = f"app: {{run: whip, driver: {driver}, {URLS}}}"
        scenario = f"scenario: {{kind: custom, roles: {{{roles}}}}}"
        return parse_experiment(f"format: 1\n{scenario}\n{app}\n", "e.yaml")

    with pytest.raises(ExperimentError) as refused:
        read_roles("whip")
    assert str(refused.value).startswith(f"e.yaml:2: scenario.roles.{message}")
    assert str(refused.value).endswith(", or app.driver, one of your own")
    assert read_roles("own.yaml").scenario.roles is not None


@pytest.mark.parametrize(
    ("roles", "audio"),
    [
        ("presenter: {sends: [audio, video]}, viewer: {count: 2, sends: []}", "speech"),
        ("member: {count: 2, sends: [audio, video]}, viewer: {sends: []}", "speech"),
        (
            "member: {count: 3, sends: [audio, video], receives: {member: [audio, video]}}",
            "speech",
        ),
        ("presenter: {sends: [video]}, viewer: {sends: [], receives: all_others}", "none"),
    ],
)
def test_roles_of_a_user_s_may_be_those_of_the_driver(roles: str, audio: str) -> None:
    scenario = f"scenario: {{kind: custom, roles: {{{roles}}}}}\nmedia: {{audio: {audio}}}"
    for driver in ("", "driver: whip, "):
        text = f"format: 1\n{scenario}\napp: {{run: whip, {driver}{URLS}}}\n"
        assert parse_experiment(text, "e.yaml").scenario.roles is not None


def test_without_microphones_a_role_may_send_its_video_alone() -> None:
    roles = "presenter: {sends: [audio]}, viewer: {sends: []}"
    scenario = f"scenario: {{kind: custom, roles: {{{roles}}}}}\nmedia: {{audio: none}}"
    with pytest.raises(ExperimentError, match=r"expected \[audio, video\] or \[video\], or "):
        parse_experiment(f"format: 1\n{scenario}\napp: {{run: whip, {URLS}}}\n", "e.yaml")


def test_a_mix_is_played_by_one_address() -> None:
    urls = "publish: 'https://h/{probe}/whip', play: 'https://h/{session}/whep'"
    text = f"format: 1\nscenario: {{kind: group, media: mixed}}\napp: {{run: whip, {urls}}}\n"
    assert parse_experiment(text, "e.yaml").server.kurento is None


def test_with_an_end_point_of_a_user_there_is_no_kurento_and_without_one_the_embedded() -> None:
    experiment = parse_experiment(
        f"format: 1\nscenario: broadcast\napp: {{run: whip, {URLS}}}\n", "e.yaml"
    )
    assert (experiment.server.kurento, experiment.server.process.name) == (None, None)
    own = parse_experiment("format: 1\nscenario: broadcast\napp: {run: whip}\n", "e.yaml")
    assert own.server.kurento == "embedded"
