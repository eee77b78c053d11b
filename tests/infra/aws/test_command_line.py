"""`farm provision` and `farm teardown` as a user types them."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from farm.bench.aws_run import files_of, held
from farm.cli.__main__ import main
from farm.cli.options import confirmed
from farm.errors import BadInput
from farm.experiment_file import load_experiment, load_inventory
from infra.aws.cloud import Cloud
from infra.aws.look import observe
from infra.aws.marked_folder import MARKER
from tests.infra.aws.cloud_runs import EAST

EXPERIMENT = """\
format: 1
scenario: one_to_one
inventory: calls.aws/inventory.yaml
aws:
  operator: 198.51.100.7/32
  server: {elastic_ip: true}
  hosts: [{type: c6i.2xlarge, place: east}]
"""


@pytest.fixture
def calls(aws: str, tmp_path: Path) -> Path:
    file = tmp_path / "calls.yaml"
    file.write_text(EXPERIMENT)
    return file


def farm(*words: object) -> int:
    return main([str(word) for word in words])


def told(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What `--json` said; moto's server in this process may have said something before."""
    text = capsys.readouterr().out
    return dict(json.loads(text[text.index("{") :]))


@pytest.mark.slow
def test_the_plan_says_what_is_made_what_it_costs_and_how_it_ends_and_makes_nothing(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert farm("provision", calls, "--plan") == 0
    said = capsys.readouterr().out
    assert "server: c4.2xlarge (8 vCPUs, 15 GiB) in us-east-1" in said
    assert "0.398 USD an hour [new]" in said
    assert "host-east-1: c6i.2xlarge" in said
    assert "UDP 40000-65535 (media) for you and the hosts" in said
    assert "It costs 0.75 USD an hour, 2.26 USD for 3 hours" in said
    assert "AWS's price list could not be read" in said
    assert "To end it: `farm teardown calls-" in said
    assert "By itself it ends on " in said
    assert said.endswith("nothing was made. Without --plan you are asked first.\n")
    assert not (calls.parent / "calls.aws").exists()
    assert not observe(Cloud(), [EAST]).anything


def test_a_run_that_another_farm_makes_is_neither_made_again_nor_ended(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with held(files_of(load_experiment(calls, inventory_to_come=True), calls)):
        assert farm("provision", calls, "--yes") == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{calls.parent / 'calls.aws'}: another farm writes it: pid {os.getpid()} " in line
    assert not (calls.parent / "calls.aws").exists()
    assert not observe(Cloud(), [EAST]).anything


@pytest.mark.slow
def test_from_provision_to_teardown(calls: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert farm("provision", calls, "--yes", "--no-wait", "--json") == 0
    made = told(capsys)
    inventory = load_inventory(Path(made["inventory"]))
    assert inventory.run == made["run"]
    assert [(host.name, host.place, host.ray) for host in inventory.hosts or ()] == [
        ("host-east-1", "east", "head")
    ]
    folder = calls.parent / "calls.aws"
    assert (folder / "id_ed25519").stat().st_mode & 0o077 == 0

    experiment = load_experiment(calls)
    (address,) = observe(Cloud(), [EAST], made["run"]).addresses
    assert experiment.server.kurento == f"ws://{address.ip}:8888/kurento"
    assert experiment.server.ssh is not None
    assert experiment.server.ssh.to == f"ubuntu@{address.ip}"
    assert experiment.server.ssh.key == folder / "id_ed25519"
    assert experiment.server.reset.command == "sudo -n /usr/local/sbin/reset-server"
    known = (folder / "known_hosts").read_text()
    assert f"{address.ip} ssh-ed25519 " in known

    assert farm("provision", calls, "--no-wait") == 0  # nobody is asked
    assert "Nothing to do: everything exists." in capsys.readouterr().out
    assert farm("provision", "--list", "--region", EAST) == 0
    listed = capsys.readouterr().out
    assert f"{made['run']}: 2 machines live, ends " in listed
    assert "cost so far" in listed

    assert farm("teardown", calls) == 2  # nobody is there to be asked
    assert len(observe(Cloud(), [EAST]).living) == 2
    assert farm("teardown", calls, "--yes") == 0
    ended = capsys.readouterr().out
    assert "It has cost " in ended
    assert f"{made['run']}: nothing is left." in ended
    assert not folder.exists()
    assert not observe(Cloud(), [EAST]).anything
    assert farm("run", calls) == 2
    assert "`farm provision" in capsys.readouterr().err


@pytest.mark.slow
def test_an_inventory_among_a_users_own_keys_leaves_them_alone(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    login = calls.parent / ".ssh"
    login.mkdir(mode=0o700)
    theirs = {name: f"my own {name}\n" for name in ("id_ed25519", "id_ed25519.pub", "known_hosts")}
    for name, text in theirs.items():
        (login / name).write_text(text)
    calls.write_text(EXPERIMENT.replace("calls.aws/inventory.yaml", ".ssh/farm.yaml"))
    assert farm("provision", calls, "--yes", "--no-wait") == 0
    assert {name: (login / name).read_text() for name in theirs} == theirs
    experiment = load_experiment(calls)
    assert experiment.server.ssh is not None
    assert experiment.server.ssh.key == login / "farm.aws" / "id_ed25519"
    assert experiment.server.ssh.known_hosts == login / "farm.aws" / "known_hosts"
    assert farm("provision", calls, "--yes", "--no-wait") == 0
    assert "Nothing to do: everything exists." in capsys.readouterr().out
    (login / "farm.aws" / "notes.txt").write_text("mine")
    assert farm("teardown", calls, "--yes") == 0
    notes = login / "farm.aws" / "notes.txt"
    assert f"the farm did not make it: {notes}\n" in capsys.readouterr().out
    assert {path.name for path in login.iterdir()} == {*theirs, "farm.aws"}
    assert list((login / "farm.aws").iterdir()) == [notes]
    assert {name: (login / name).read_text() for name in theirs} == theirs
    assert not observe(Cloud(), [EAST]).anything


@pytest.mark.slow
@pytest.mark.parametrize("option", ["--plan", "--yes"])
def test_a_folder_or_an_inventory_of_somebody_else_is_refused_before_anything_is_made(
    option: str, calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = calls.parent / "calls.aws"
    folder.mkdir()
    (folder / "id_ed25519").write_text("my own\n")
    assert farm("provision", calls, option, "--no-wait") == 2
    complaint = capsys.readouterr().err
    assert f"{folder}: not empty, and not made by `farm provision`" in complaint
    assert complaint.count("\n") == 1
    by_hand = calls.parent / "mine.yaml"
    by_hand.write_text("format: 1\nserver: {kurento: 'ws://192.0.2.1:8888/kurento'}\n")
    calls.write_text(EXPERIMENT.replace("calls.aws/inventory.yaml", "mine.yaml"))
    assert farm("provision", calls, option, "--no-wait") == 2
    complaint = capsys.readouterr().err
    assert f"{by_hand}: not written by `farm provision`" in complaint
    assert complaint.count("\n") == 1
    assert farm("teardown", calls, "--yes") == 2
    assert "has no run.json" in capsys.readouterr().err
    assert (folder / "id_ed25519").read_text() == "my own\n"
    assert by_hand.read_text().startswith("format: 1\nserver:")
    assert not observe(Cloud(), [EAST]).anything


@pytest.mark.slow
def test_a_run_of_an_older_farm_is_ended_and_its_keys_are_left(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert farm("provision", calls, "--yes", "--no-wait") == 0
    folder = calls.parent / "calls.aws"
    (folder / MARKER).unlink()  # as it was before there was one
    assert farm("provision", calls, "--yes", "--no-wait") == 2
    assert "is an older farm's" in capsys.readouterr().err
    assert farm("teardown", calls, "--yes") == 0
    assert f"{folder / 'id_ed25519'}, {folder / 'id_ed25519.pub'}" in capsys.readouterr().out
    assert not observe(Cloud(), [EAST]).anything
    kept = {path.name for path in folder.iterdir()}
    assert kept == {"id_ed25519", "id_ed25519.pub", "known_hosts", "host_keys"}


@pytest.mark.slow
def test_a_run_is_ended_by_its_name_from_a_machine_that_has_no_file_of_it(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert farm("provision", calls, "--yes", "--no-wait", "--json") == 0
    run = told(capsys)["run"]
    assert farm("teardown", "another-run", "--region", EAST, "--yes") == 0
    assert len(observe(Cloud(), [EAST]).living) == 2
    assert farm("teardown", run, "--region", EAST, "--yes") == 0
    assert not observe(Cloud(), [EAST]).anything


@pytest.mark.slow
def test_a_run_whose_time_is_over_is_cleared_away_for_a_new_one(
    calls: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert farm("provision", calls, "--yes", "--no-wait") == 0
    record = calls.parent / "calls.aws/run.json"
    was = json.loads(record.read_text())
    record.write_text(json.dumps({**was, "expires": "2020-01-01T00:00:00+00:00"}))
    assert farm("provision", calls, "--yes", "--no-wait") == 0
    there = observe(Cloud(), [EAST])
    assert was["run"] not in {machine.run for machine in there.living}
    assert len(there.living) == len(there.groups) == 2


def signalled(calls: Path, number: signal.Signals) -> tuple[int, str]:
    """How `farm provision` ends, and what it says, if it is signalled as it makes the server."""
    command = [sys.executable, "-m", "farm.cli", "provision", str(calls), "--yes", "--no-wait"]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ),
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line == f"{EAST}: machine server\n":
                break
        process.send_signal(number)
        said = process.stdout.read()
    return process.returncode, said


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_it_takes_back_what_it_made(calls: Path, number: signal.Signals) -> None:
    status, said = signalled(calls, number)
    assert status == 130, said
    assert "that failed (KeyboardInterrupt); removing what was created" in said
    there = observe(Cloud(), [EAST])
    assert there.living == ()
    assert there.groups == ()


@pytest.mark.slow
def test_killed_outright_it_is_found_again_and_ended(calls: Path) -> None:
    signalled(calls, signal.SIGKILL)
    run = json.loads((calls.parent / "calls.aws/run.json").read_text())["run"]
    assert len(observe(Cloud(), [EAST], run).groups) == 2
    assert farm("teardown", calls, "--yes") == 0
    deadline = time.monotonic() + 60
    while observe(Cloud(), [EAST]).anything:  # the call that was on its way may have come later
        assert time.monotonic() < deadline
        assert farm("teardown", run, "--region", EAST, "--yes") == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("c6i.2xlarge", "c99.huge"), "c99.huge"),
        (("place: east", "region: us-esat-1"), "us-esat-1: AWS has no such region: did you mean"),
        (
            ("{elastic_ip: true}", "{type: c7g.2xlarge}"),
            "it is an arm64, and kurento/",
        ),
        (("198.51.100.7/32", "0.0.0.0/0"), "expected auto, or an address"),
        (("place: east", "place: ../../../east"), "../../../east: expected letters, digits, dots"),
        (("place: east", f"place: {'e' * 64}"), "expected letters, digits, dots"),
    ],
)
def test_what_cannot_be_had_is_one_line(
    calls: Path, change: tuple[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    calls.write_text(EXPERIMENT.replace(*change))
    assert farm("provision", calls, "--yes") == 2
    complaint = capsys.readouterr().err
    assert says in complaint
    assert complaint.count("\n") == 1
    assert not observe(Cloud(), [EAST]).anything


@pytest.mark.slow
def test_without_credentials_it_is_said(
    calls: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    assert farm("provision", calls) == 2
    assert capsys.readouterr().err.startswith("farm: no AWS credentials here: aws configure")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "meant"), [("y\n", True), ("yes\n", True), ("\n", False)])
def test_who_is_asked_answers(typed: str, meant: bool) -> None:
    assert confirmed("Make it?", yes=False, keyboard=Terminal(typed)) is meant


def test_nobody_is_there_to_be_asked() -> None:
    pipe = io.StringIO("y\n")
    with pytest.raises(
        BadInput, match=r"Make it\? There is no terminal to ask at: --yes goes ahead"
    ):
        confirmed("Make it?", yes=False, keyboard=pipe)
    assert confirmed("Make it?", yes=True, keyboard=pipe)
