import re

import pytest

from farm.experiment_file import parse_experiment
from farm.experiment_file.template import EXAMPLE_ROLES, template
from farm.model.experiment import Experiment, Scenario, ScenarioKind
from farm.model.server_settings import ProcessSettings

KINDS: list[ScenarioKind] = ["one_to_one", "group", "broadcast"]


@pytest.mark.parametrize("kind", KINDS)
def test_what_init_prints_reads_back_as_the_defaults(kind: ScenarioKind) -> None:
    assert parse_experiment(template(kind), "new.yaml") == Experiment(scenario=Scenario(kind=kind))


def test_a_page_with_roles_of_its_own_begins_with_two_for_example() -> None:
    text = template("custom")

    experiment = parse_experiment(text, "new.yaml")

    assert experiment.scenario == Scenario(kind="custom", roles=EXAMPLE_ROLES)
    assert "    guest: {count: 3, sends: [audio], receives: {host: [audio, video]}}" in text
    assert experiment.server.kurento is None
    assert experiment.server.process == ProcessSettings(name=None)
    (process,) = re.findall(r"^  process:.*\n((?:    .*\n)+)", text, re.MULTILINE)
    assert [line.split()[:2] for line in process.splitlines()] == [
        [f"{key}:", "null"] for key in ("name", "pid", "port", "container")
    ]


def test_every_setting_has_a_comment() -> None:
    lines = [line for line in template("group").splitlines() if re.match(r" *[\w-]+:", line)]

    assert len(lines) > 60
    assert [line for line in lines if "  # " not in line] == []


def test_the_ssh_section_can_be_uncommented() -> None:
    text = template("one_to_one").replace("  ssh: null", "  #")
    text = re.sub(r"^  # (ssh:|  (?:to|key|known_hosts|jump):)", r"  \1", text, flags=re.MULTILINE)
    text = text.replace('to: ""', "to: ubuntu@203.0.113.10")

    ssh = parse_experiment(text, "new.yaml").server.ssh

    assert ssh is not None
    assert ssh.to == "ubuntu@203.0.113.10"
