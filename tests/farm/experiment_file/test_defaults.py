"""Which media server a file means that leaves it open."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from farm.errors import ExperimentError
from farm.experiment_file import effective, load_experiment, parse_experiment
from farm.model.server_settings import EMBEDDED, ProcessSettings

PAGE = "app: {url: 'https://meet.example.org/', driver: mine.yaml}\n"


def test_the_server_behind_a_page_of_the_users_is_no_kurento_unless_it_is_named() -> None:
    server = parse_experiment(PAGE, "calls.yaml").server
    assert (server.kurento, server.process) == (None, ProcessSettings(name=None))

    kurento = "ws://203.0.113.10:8888/kurento"
    for named in (EMBEDDED, kurento):
        server = parse_experiment(f"{PAGE}server: {{kurento: '{named}'}}", "calls.yaml").server
        assert (server.kurento, server.process) == (named, ProcessSettings())


def test_without_a_page_of_ones_own_the_embedded_server_is_meant() -> None:
    assert parse_experiment("scenario: one_to_one", "calls.yaml").server.kurento == EMBEDDED


def test_our_demo_app_has_a_kurento() -> None:
    with pytest.raises(
        ExperimentError, match=r"^calls.yaml:2: server\.kurento: null: our demo app"
    ):
        parse_experiment("server:\n  kurento: null\n", "calls.yaml")


@pytest.mark.parametrize(
    ("written", "process"),
    [
        ("name: janus", ProcessSettings(name="janus")),
        ("port: 4443", ProcessSettings(name=None, port=4443)),
        ("container: sfu", ProcessSettings(name=None, container="sfu")),
        ("name: kurento-media-server", ProcessSettings(name="kurento-media-server")),
        ("name: null", ProcessSettings(name=None)),
    ],
)
def test_its_process_is_the_one_that_is_named(written: str, process: ProcessSettings) -> None:
    text = f"{PAGE}server: {{kurento: null, local: true, process: {{{written}}}}}"
    assert parse_experiment(text, "calls.yaml").server.process == process


def test_effective_settings_read_back_as_they_are() -> None:
    experiment = parse_experiment(f"{PAGE}server: {{local: true}}", "calls.yaml")
    assert parse_experiment(yaml.safe_dump(effective(experiment)), "again.yaml") == experiment


@pytest.mark.parametrize(
    ("inventory", "kurento", "process"),
    [
        (
            "server: {kurento: 'ws://203.0.113.10:8888/kurento'}",
            "ws://203.0.113.10:8888/kurento",
            ProcessSettings(),
        ),
        ("hosts: [{here: true}]", None, ProcessSettings(name=None)),
    ],
)
def test_an_inventory_may_name_the_kurento(
    tmp_path: Path, inventory: str, kurento: str | None, process: ProcessSettings
) -> None:
    (tmp_path / "inventory.yaml").write_text(f"format: 1\n{inventory}\n")
    (tmp_path / "mine.yaml").touch()
    (tmp_path / "calls.yaml").write_text(f"inventory: inventory.yaml\n{PAGE}")
    server = load_experiment(tmp_path / "calls.yaml").server
    assert (server.kurento, server.process) == (kurento, process)


def test_a_janus_is_no_kurento_and_its_process_and_recordings_are_where_debian_has_them() -> None:
    server = parse_experiment("server: {janus: 'ws://203.0.113.10:8188'}", "calls.yaml").server
    assert (server.kurento, server.process) == (None, ProcessSettings(name="janus"))
    assert server.recordings.directory == "/tmp/farm"
    text = "server: {janus: here, recordings: {directory: /srv/calls}}"
    experiment = parse_experiment(text, "calls.yaml")
    assert experiment.server.recordings.directory == "/srv/calls"
    assert parse_experiment(yaml.safe_dump(effective(experiment)), "again.yaml") == experiment
