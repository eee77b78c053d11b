"""`farm doctor`: the machine, and all that an experiment names."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import numpy as np
import pytest

from farm.cli.__main__ import main
from farm.cli.examination import host_line
from farm.cli.findings import Check, each_once, show
from farm.model.host_samples import HostLook
from tests.farm.media.made_films import wav
from tests.sshd import running_sshd
from tests.stand_in_kurento import stand_in_kurento

READY, LACKING = 0, 2

ROLE = """
    join: [goto: "{app_url}call?calls=1"]
    joined: [wait_for: {function: "document.body.dataset.state === 'in call'"}]
"""
DRIVER = f"format: 1\nroles:\n  callee:{ROLE}  caller:{ROLE}"
"""Each page calls itself."""


def test_the_machine_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == READY
    findings = {each["what"]: each for each in json.loads(capsys.readouterr().out)}
    assert findings["cores"]["found"] == str(len(os.sched_getaffinity(0)))
    assert Path(findings["Chromium"]["found"]).is_file()


def test_what_is_missing_is_marked_and_has_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(
        "server:\n"
        "  kurento: ws://127.0.0.1:1/kurento\n"
        "  ssh: {to: 'me@127.0.0.1:1'}\n"
        "app: {url: 'http://127.0.0.1:1/'}\n"
        "hosts: [{cores: [99]}]\n"
        "probes: {chromium: /gone}\n"
        "media: {size: 641x480}\n"
    )
    assert main(["doctor", str(file)]) == LACKING
    lines = capsys.readouterr().out.splitlines()
    missing = [line.removeprefix("MISSING ") for line in lines if line.startswith("MISSING")]
    for what, place in (
        ("cores", "5: hosts[0].cores: [99]: there is no core 99 here"),
        ("Chromium", "6: probes.chromium: /gone: not a program"),
        ("clips", "7: media.size: 641x480: "),
        ("media server", "2: server.kurento: ws://127.0.0.1:1/kurento: nothing answers there"),
        ("server's machine", "3: server.ssh.to: me@127.0.0.1:1: 127.0.0.1 port 1 cannot be"),
        ("app", "4: app.url: http://127.0.0.1:1/: nothing answers there"),
    ):
        assert missing.pop(0).startswith(f"{what}: {file}:{place}")
    assert missing == []
    assert lines[-1].startswith("This installs it:")


def test_what_a_run_goes_without_is_not_said_to_be_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def last(*findings: Check) -> list[str]:
        assert show(findings, as_json=False, next_step="farm run c.yaml") in (READY, LACKING)
        return capsys.readouterr().out.partition("\n\n")[2].splitlines()

    there = Check("cores", "4")
    process = Check("media server's process", None, "not seen there", required=False)
    page = Check("app", None, "nothing answers there")
    assert last(there) == ["Nothing is missing. Try: farm run c.yaml"]
    assert last(there, process) == [
        "A run can start: farm run c.yaml; what it then goes without, or leaves unknown: "
        "media server's process."
    ]
    assert last(there, process, page) == ["No run can start: missing app."]


def test_a_clip_is_refused_by_doctor_and_run_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a file tells, not its beginning: of this one there is nothing after its header."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    wav(tmp_path / "none.wav", np.zeros((1, 0)))
    file = tmp_path / "calls.yaml"
    file.write_text("media:\n  audio: none.wav\n")
    assert main(["doctor", str(file)]) == LACKING
    (line,) = [
        line for line in capsys.readouterr().out.splitlines() if line.startswith("MISSING clips")
    ]
    assert main(["run", str(file), "--out", str(tmp_path / "runs")]) == LACKING
    assert capsys.readouterr().err == f"farm: {line.removeprefix('MISSING clips: ')}\n"
    assert line.endswith(f"2: media.audio: {tmp_path}/none.wav: no sound in it")
    assert not (tmp_path / "runs").exists()


def test_a_media_server_beside_a_page_of_the_users_is_only_embedded_where_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calls.yaml"
    for server, line in (
        ("{}", "ok      media server: not a Kurento (server.kurento: null"),
        ("{kurento: null, local: true}", "lacks   media server's process: none is named: its own"),
        ("{kurento: embedded}", "lacks   media server: embedded, beside app.url: only a page that"),
    ):
        file.write_text(f"app: {{url: 'http://127.0.0.1:1/'}}\nserver: {server}\n")
        assert main(["doctor", str(file)]) == LACKING
        said = capsys.readouterr().out
        assert line in said, said


@pytest.mark.parametrize(("media", "is_said"), [("mixed", True), ("forwarded", False)])
def test_a_driver_that_says_otherwise_of_rooms_is_named(
    media: str, is_said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rooms.yaml"
    file.write_text(
        f"scenario: {{kind: group, media: {media}}}\n"
        "app: {url: 'http://127.0.0.1:1/', driver: kurento_group_call}\n"
    )
    assert main(["doctor", str(file)]) == LACKING
    line = "rooms: scenario.media: mixed is used, though driver kurento_group_call has forwarded"
    assert (line in capsys.readouterr().out) is is_said


@pytest.mark.parametrize("step", ["clik: '#a'", "fill: {'#key': 'env:NO_SUCH_KEY'}"])
def test_a_fault_of_the_driver_that_stops_several_checks_is_told_once(
    tmp_path: Path, step: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "mine.yaml").write_text(
        f"format: 1\nroles:\n  member:\n    join:\n      - goto: '{{app_url}}'\n      - {step}\n"
    )
    file = tmp_path / "rooms.yaml"
    file.write_text("scenario: group\napp: {url: 'http://127.0.0.1:1/', driver: mine.yaml}\n")
    assert main(["doctor", str(file)]) == LACKING
    lines = capsys.readouterr().out.splitlines()
    (missing,) = [line for line in lines if line.startswith("MISSING")]
    assert f"{tmp_path}/mine.yaml:6: roles.member.join[1]." in missing


def test_what_all_experiments_of_a_matrix_lack_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "matrix.yaml"
    file.write_text(
        "server: {kurento: null, local: true}\n"
        "app: {url: 'http://127.0.0.1:1/'}\n"
        "matrix:\n  media.size: [320x240, 641x480, 643x480]\n"
    )
    assert main(["doctor", str(file)]) == LACKING
    missing = [line for line in capsys.readouterr().out.splitlines() if line.startswith("MISSING")]
    assert [line.partition(": ")[0] for line in missing] == [
        "MISSING app",
        "MISSING clips (media.size 641x480)",
        "MISSING clips (media.size 643x480)",
    ]


@pytest.mark.parametrize(
    ("receives", "is_said"), [("all_others", True), ("{server: [audio]}", False)]
)
def test_a_role_whose_trials_can_hardly_fail_is_named(
    receives: str, is_said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "page.yaml").write_text(f"format: 1\nroles:\n  user:{ROLE}")
    file = tmp_path / "alone.yaml"
    file.write_text(
        f"scenario: {{kind: custom, roles: {{user: {{sends: [audio], receives: {receives}}}}}}}\n"
        f"app: {{url: 'http://127.0.0.1:1/', driver: {tmp_path / 'page.yaml'}}}\n"
    )
    assert main(["doctor", str(file)]) == LACKING
    line = "lacks   roles: scenario.roles: user is owed nothing, and nobody is owed what they send"
    assert (line in capsys.readouterr().out) is is_said


@pytest.mark.live
@pytest.mark.parametrize("record", [True, False])
async def test_an_experiment_that_could_start(
    tmp_path: Path, call_app: str, record: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    async with running_sshd(tmp_path / "sshd") as sshd, stand_in_kurento() as kurento:
        file = tmp_path / "calls.yaml"
        (tmp_path / "calls_itself.yaml").write_text(DRIVER)
        file.write_text(
            f"scenario: {{kind: one_to_one, record: {str(record).lower()}}}\n"
            f"server:\n  kurento: {kurento}\n"
            f"  ssh: {{to: '{sshd.ssh.to}', key: '{sshd.ssh.key}', "
            f"known_hosts: '{sshd.ssh.known_hosts}'}}\n"
            f"  process: {{port: {sshd.port}}}\n"
            f"app: {{url: '{call_app}', driver: calls_itself.yaml}}\n"
        )
        code = await asyncio.to_thread(main, ["doctor", str(file)])
    said = capsys.readouterr().out
    assert code == READY, said
    for line in (
        f"driver: {tmp_path}/calls_itself.yaml, for callee and caller",
        f"media server: KMS 7.3.0 answers at {kurento}",
        f"way to the server: SSH to {sshd.ssh.to}; ssh's configuration read by ssh -G",
        f"reached by SSH to {sshd.ssh.to}, host key verified; media interface lo",
        f"media server's process: the process that listens on TCP port {sshd.port}, pid ",
        f"app: {call_app}call?calls=1 answers",
    ):
        assert line in said, said
    assert ("ffprobe on the server" in said) is record


@pytest.mark.live
async def test_a_login_that_runs_no_commands_is_missing_in_its_own_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        running_sshd(tmp_path / "sshd", forced="exec /usr/sbin/nologin") as sshd,
        stand_in_kurento() as kurento,
    ):
        file = tmp_path / "calls.yaml"
        file.write_text(
            f"server:\n  kurento: {kurento}\n"
            f"  ssh: {{to: '{sshd.ssh.to}', key: '{sshd.ssh.key}', "
            f"known_hosts: '{sshd.ssh.known_hosts}'}}\n"
        )
        code = await asyncio.to_thread(main, ["doctor", str(file)])
    said = capsys.readouterr().out.splitlines()
    (line,) = [each for each in said if each.startswith("MISSING server's machine: ")]
    assert line.endswith(
        f"{sshd.ssh.to}: the login is accepted, but runs no commands: it says"
        " This account is currently not available."
    )
    assert code == LACKING


def test_hosts_are_looked_at_and_a_cluster_that_is_not_there_has_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text("scenario: one_to_one\nhosts: [{here: true}, {ray: 'ray://127.0.0.1:1'}]\n")
    assert main(["doctor", str(file)]) == LACKING
    said = capsys.readouterr().out.splitlines()
    (line,) = [each for each in said if each.startswith("MISSING hosts")]
    assert line == (
        f"MISSING hosts: {file}:2: hosts[1].ray: ray://127.0.0.1:1: "
        "no head of a Ray cluster answers there (connection refused)"
    )


def test_a_host_says_what_it_is_and_has() -> None:
    look = HostLook("b", 8, 2**34, "6.8", "0.1.0 (12345678)", "Chromium 1", None, 300, 10**11, None)
    assert host_line(look) == (
        "b, 6.8, 8 cores, 17 GB, Chromium 1, farm 0.1.0 (12345678), 300 free UDP ports, "
        "100 GB of disk free"
    )


def test_a_fault_that_is_told_once_keeps_what_any_of_its_checks_needs() -> None:
    findings = [
        Check("disk", None, "no such tool", required=False),
        Check("driver", "mine.yaml"),
        Check("browser", None, "no such tool", setup="chromium"),
    ]
    assert each_once(findings) == [
        Check("disk", None, "no such tool", required=True, setup="chromium"),
        Check("driver", "mine.yaml"),
    ]
