"""An inventory, and what an experiment takes from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from farm.errors import ExperimentError
from farm.experiment_file import load_experiment, load_inventory, parse_experiment
from farm.model.experiment import AppSettings, Experiment, HostSettings

INVENTORY = """\
format: 1
run: calls-3f9a2c
server:
  kurento: ws://203.0.113.10:8888/kurento
  ssh: {to: ubuntu@203.0.113.10, key: keys/id, known_hosts: known_hosts}
  reset: sudo -n reset-server
hosts:
  - {here: true, place: office, cores: [0, 1]}
  - {name: host-1, place: oregon, ssh: {to: ubuntu@203.0.113.11}, ray: head}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "aws").mkdir()
    (tmp_path / "aws/inventory.yaml").write_text(INVENTORY)
    return tmp_path


def loaded(folder: Path, more: str = "") -> Experiment:
    file = folder / "calls.yaml"
    file.write_text(f"format: 1\nscenario: one_to_one\ninventory: aws/inventory.yaml\n{more}")
    return load_experiment(file)


def test_server_and_hosts_come_from_it_and_paths_are_looked_up_beside_it(folder: Path) -> None:
    experiment = loaded(folder)
    server = experiment.server
    assert server.kurento == "ws://203.0.113.10:8888/kurento"
    assert server.ssh is not None
    assert server.ssh.to == "ubuntu@203.0.113.10"
    assert server.ssh.key == folder / "aws/keys/id"
    assert server.ssh.known_hosts == folder / "aws/known_hosts"
    assert server.reset.command == "sudo -n reset-server"
    assert experiment.hosts == (
        HostSettings(here=True, place="office", cores=(0, 1)),
        HostSettings(here=False, ray="ray://203.0.113.11:10001", machines=1, place="oregon"),
    )
    assert experiment.inventory == folder / "aws/inventory.yaml"


def test_what_the_experiment_writes_itself_is_stronger(folder: Path) -> None:
    experiment = loaded(
        folder,
        "server:\n  kurento: ws://198.51.100.1:8888/kurento\n  reset: {command: mine}\n"
        "hosts: [{place: home}]\n",
    )
    assert experiment.server.kurento == "ws://198.51.100.1:8888/kurento"
    assert experiment.server.reset.command == "mine"
    assert experiment.server.ssh is not None
    assert [host.place for host in experiment.hosts] == ["home"]


def test_a_reset_of_the_machine_needs_no_command_of_it(folder: Path) -> None:
    reset = loaded(folder, "server: {reset: {by: reboot, ready_within: 5m}}\n").server.reset
    assert (reset.by, reset.command) == ("reboot", None)


@pytest.mark.parametrize(
    ("reset", "says"),
    [
        ("{by: reboot}", "calls.yaml:4: server.reset.ready_within: 30s: expected 2m or more"),
        ("{by: reboot, command: x, ready_within: 5m}", "server.reset.command: x: expected null"),
        ("{by: fresh_instance, ready_within: 9m}", "expected aws.server.elastic_ip: true"),
    ],
)
def test_resets_that_cannot_be_are_told(folder: Path, reset: str, says: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        loaded(folder, f"server: {{reset: {reset}}}\n")
    assert says in str(caught.value)


def test_a_reset_of_the_machine_needs_an_inventory() -> None:
    text = "format: 1\nscenario: group\nserver: {reset: {by: reboot, ready_within: 5m}}\n"
    with pytest.raises(ExperimentError, match=r"server\.reset\.by: reboot: expected command, or"):
        parse_experiment(text, "calls.yaml")


def test_one_that_is_not_there_is_told_with_the_command_that_writes_it(folder: Path) -> None:
    (folder / "aws/inventory.yaml").unlink()
    with pytest.raises(ExperimentError, match=r"calls\.yaml:3: inventory: .*: `farm provision"):
        loaded(folder)
    assert load_experiment(folder / "calls.yaml", inventory_to_come=True).inventory is not None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("kurento:", "kurrento:"), r"inventory\.yaml:4: server\.kurrento: unknown key: did you"),
        (("ray: head", "ray: chief"), r"inventory\.yaml:9: hosts\[1\]\.ray: chief: expected head"),
        (("format: 1", "format: 2"), r"inventory\.yaml:1: format: 2: expected"),
        (("  kurento: ws://203.0.113.10:8888/kurento\n", ""), r"kurento: nothing: expected ws://"),
    ],
)
def test_what_is_wrong_in_it_is_told_with_its_own_line(
    folder: Path, change: tuple[str, str], says: str
) -> None:
    path = folder / "aws/inventory.yaml"
    path.write_text(INVENTORY.replace(*change))
    with pytest.raises(ExperimentError, match=says):
        load_inventory(path)


CLUSTERS = """\
format: 1
server: {kurento: 'ws://203.0.113.10:8888/kurento', app: 'http://203.0.113.10:8443/'}
hosts:
  - {name: e1, place: east, region: us-east-1, ssh: {to: 'ubuntu@203.0.113.11:22'}, ray: head}
  - {name: e2, place: east, region: us-east-1, ssh: {to: ubuntu@203.0.113.12}, ray: worker}
  - {name: w1, place: west, region: us-west-2, ssh: {to: ubuntu@203.0.113.21}, ray: head}
  - {name: x1, place: east, region: eu-west-1, ssh: {to: ubuntu@203.0.113.31}, ray: head}
"""


def test_each_place_in_a_region_is_a_cluster_of_its_own(folder: Path) -> None:
    (folder / "aws/inventory.yaml").write_text(CLUSTERS)
    assert loaded(folder).hosts == (
        HostSettings(here=False, ray="ray://203.0.113.11:10001", machines=2, place="east"),
        HostSettings(here=False, ray="ray://203.0.113.21:10001", machines=1, place="west"),
        HostSettings(here=False, ray="ray://203.0.113.31:10001", machines=1, place="east"),
    )


def test_where_no_probe_is_here_the_page_is_the_one_beside_the_server(folder: Path) -> None:
    (folder / "aws/inventory.yaml").write_text(CLUSTERS)
    assert loaded(folder).app == AppSettings(run=None, url="http://203.0.113.10:8443/")
    assert loaded(folder, "hosts: [{here: true}, {ray: auto}]\n").app == AppSettings()
    own = loaded(folder, "app: {url: 'https://mine/', driver: demo_one_to_one}\n").app
    assert own.url == "https://mine/"


@pytest.mark.parametrize(
    ("to", "head"),
    [
        ("ubuntu@[2001:db8::20]", "[2001:db8::20]"),
        ("ubuntu@[2001:db8::20]:2222", "[2001:db8::20]"),
        ("2001:db8::20", "[2001:db8::20]"),
        ("me@fe80::1%eth0", "[fe80::1%eth0]"),
        ("me@corp@host-1.example.net:22", "host-1.example.net"),
    ],
)
def test_a_ray_head_is_reached_where_its_machine_is(folder: Path, to: str, head: str) -> None:
    (folder / "aws/inventory.yaml").write_text(
        f"hosts: [{{name: host-1, ssh: {{to: '{to}'}}, ray: head}}]\n"
    )
    assert loaded(folder).hosts[0].ray == f"ray://{head}:10001"


def test_an_unknown_key_is_not_said_to_mean_itself(folder: Path) -> None:
    (folder / "aws/inventory.yaml").write_text("scenario: group\n")
    with pytest.raises(
        ExperimentError, match=r":1: scenario: unknown key: expected one of format, "
    ):
        loaded(folder)


def test_an_address_that_is_none_has_its_place(folder: Path) -> None:
    inventory = folder / "aws/inventory.yaml"
    inventory.write_text("hosts:\n- {here: true}\n- {name: a, ray: head, ssh: {to: 'a b'}}\n")
    place = f"{inventory}:3: hosts[1].ssh.to: 'a b' is not user@host"
    with pytest.raises(ExperimentError, match=f"^{re.escape(place)}"):
        loaded(folder)
